using AppHost.Embedded.Running;
using AppHost.Embedded.Servers;

namespace Aspire.Hosting.ApplicationModel;

internal sealed class PostgresServerResource(string name, int? port) : Resource(name)
{
    private EmbeddedPostgres? server;

    public EmbeddedPostgres? Server => server;

    public override async Task StartAsync(RunContext context, CancellationToken cancel)
    {
        server = await EmbeddedPostgres.StartAsync(
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

internal sealed class PostgresDatabaseResource : Resource, IResourceWithConnectionString
{
    private readonly string databaseName;

    public PostgresDatabaseResource(string name, string databaseName, PostgresServerResource parent)
        : base(name)
    {
        this.databaseName = databaseName;
        Parent = parent;
        Waits.Add(new ResourceWait(parent, ExitCode: null));
    }

    public PostgresServerResource Parent { get; }

    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Parent.Server?.ConnectionString(databaseName));

    public override Task StartAsync(RunContext context, CancellationToken cancel) =>
        Parent.Server!.EnsureDatabaseAsync(databaseName, cancel);

    public override Task StopAsync() => Task.CompletedTask;
}
