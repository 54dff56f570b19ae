using AppHost;
using AppHost.Embedded;

// The system, in the words of Aspire. Where there is no container engine, AppHost/Embedded runs the same model.
var builder = DistributedApplication.CreateBuilder([.. args.Except(["--fresh", Emulators.Argument])]);
GatewayFolder folder;
try
{
    folder = GatewayFolder.Open(builder.AppHostDirectory, builder.Configuration, fresh: args.Contains("--fresh"));
}
catch (SetupException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

using var held = folder;

var postgres = builder.AddPostgres("postgres", port: folder.Port("postgres")).WithDataVolume(folder.Volume("postgres"));

var ledger = postgres.AddDatabase("ledger");

var redis = builder.AddRedis("redis", port: folder.Port("redis"));

var migrate = Host<Projects.Gateway_Worker>("migrate")
    .WithArgs("migrate")
    .WithEnvironment("Gateway__DemoFile", folder.Demo)
    .WaitFor(ledger);

var webhooks = Host<Projects.Gateway_Webhooks>("webhooks")
    .WithHttpEndpoint(port: folder.Port("webhooks"), name: "http")
    .WithEndpoint(port: folder.Port("bounces"), scheme: "tcp", name: "bounces", env: "Gateway__Inbound__Port")
    .WithHttpHealthCheck("/health")
    .WaitForCompletion(migrate)
    .WaitFor(redis);

var worker = Host<Projects.Gateway_Worker>("worker")
    .WithHttpEndpoint(port: folder.Port("worker"), name: "http")
    .WithHttpHealthCheck("/health")
    .WithReference(webhooks)
    .WaitForCompletion(migrate)
    .WaitFor(redis);

Emulators.Add(builder, folder, worker, webhooks, isWanted: args.Contains(Emulators.Argument));

var api = Host<Projects.Gateway_Api>("api")
    .WithEnvironment("Gateway__OperatorTokenFile", folder.OperatorToken)
    .WithHttpEndpoint(port: folder.Port("api"), name: "http")
    .WithEndpoint(port: folder.Port("smtp"), scheme: "tcp", name: "smtp", env: "Gateway__Smtp__Port")
    .WithEndpoint(port: folder.Port("smtps"), scheme: "tcp", name: "smtps", env: "Gateway__Smtp__ImplicitTlsPort")
    .WithEnvironment("Gateway__Smtp__SelfMadeCertificateFile", folder.SmtpCertificate)
    .WithHttpHealthCheck("/health")
    .WithReference(webhooks)
    .WaitForCompletion(migrate)
    .WaitFor(redis);

await using var app = builder.Build();
return await new SystemRun(app, folder).UntilStoppedAsync(
    healthy:
    [
        ledger.Resource.Name,
        redis.Resource.Name,
        webhooks.Resource.Name,
        worker.Resource.Name,
        api.Resource.Name,
    ],
    describe: async cancel => new SystemEndpoints(
        Api: Url(api),
        Portal: null,
        Smtp: Smtp(api),
        Webhooks: Url(webhooks),
        Ops: Announcement.Operator(Url(api), folder.OperatorToken),
        Demo: Announcement.ReadDemo(folder.Demo)?.WithLogin(),
        Postgres: await ConnectionString(ledger.Resource, cancel),
        Redis: await ConnectionString(redis.Resource, cancel)
    )
);

// What every host is given, whichever its task.
IResourceBuilder<ProjectResource> Host<TProject>(string name)
    where TProject : IProjectMetadata, new() =>
    builder
        .AddProject<TProject>(name)
        .WithReference(ledger)
        .WithReference(redis)
        .WithEnvironment("ASPNETCORE_ENVIRONMENT", "Development")
        .WithEnvironment("Gateway__BounceDomain", "bounces.demo.example")
        .WithEnvironment("Gateway__MasterKeyFile", folder.MasterKey)
        .WithEnvironment("Gateway__KeyRingFile", folder.KeyRing);

static string? Url(IResourceBuilder<ProjectResource> host) =>
    host.GetEndpoint("http") is { IsAllocated: true } endpoint ? endpoint.Url : null;

static SmtpEndpoint? Smtp(IResourceBuilder<ProjectResource> host) =>
    host.GetEndpoint("smtp") is { IsAllocated: true } endpoint ? new(endpoint.Host, endpoint.Port) : null;

static async Task<string?> ConnectionString(IResourceWithConnectionString resource, CancellationToken cancel) =>
    await resource.GetConnectionStringAsync(cancel);
