using AppHost.Embedded.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Embedded.Running;

/// <summary>Turns the model into a host that runs it on this machine, without containers.</summary>
internal sealed class EmbeddedBuilder : IDistributedApplicationBuilder
{
    // Services 30 s, Redis 10 s, PostgreSQL 60 s at the worst, each with a last kill.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(150);

    private readonly HostApplicationBuilder host;
    private readonly List<Resource> resources = [];

    public EmbeddedBuilder(string[] args)
    {
        host = new HostApplicationBuilder(
            new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppHostDirectory }
        );
        host.Logging.ClearProviders();
        host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopLimit);
    }

    public string AppHostDirectory => DistributedApplication.ProjectFolder;

    public ConfigurationManager Configuration => host.Configuration;

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        resources.Add(resource as Resource ?? throw new DistributedApplicationException(resource.Name));
        return new ResourceBuilder<T>(this, resource);
    }

    public DistributedApplication Build()
    {
        var folder = GatewayFolder.PathOf(AppHostDirectory, Configuration);
        var run = new RunFolder(Path.Combine(folder, "run"));
        var console = PrefixedConsole.OfProcess();
        var wanted = Only.Of(Configuration["Only"], resources);
        host.Services.AddSingleton(new ResourceNotificationService(resources));
        host.Services.AddSingleton(new RunContext(folder, run, console.For));
        host.Services.AddSingleton<IHostedService>(services => new Orchestrator(
            resources,
            wanted,
            services.GetRequiredService<RunContext>()
        ));
        host.Services.AddHostedService<ParentWatch>();
        return new DistributedApplication(host.Build());
    }
}
