using AppHost.Embedded.Running;
using AppHost.Embedded.Servers;

namespace Aspire.Hosting.ApplicationModel;

internal sealed class RedisResource(string name, int? port) : Resource(name), IResourceWithConnectionString
{
    private EmbeddedRedis? server;

    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(server?.ConnectionString);

    public override async Task StartAsync(RunContext context, CancellationToken cancel)
    {
        server = await EmbeddedRedis.StartAsync(
            new()
            {
                Folder = context.Folder,
                Port = port ?? 0,
                Log = context.Log(Name),
            },
            cancel
        );
        Progress.Watch(server.Exited);
    }

    public override async Task StopAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
