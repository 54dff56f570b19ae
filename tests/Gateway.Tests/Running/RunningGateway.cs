using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using AppHost.Embedded.Processes;
using Gateway.Secrets;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Running;

/// <summary>
/// API and Worker as processes of their own, on a database of their own: what a user runs, and what can be killed.
/// </summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    private readonly TestFolder folder;
    private readonly RunFolder run;
    private readonly Dictionary<string, string?> environment;
    private readonly List<HostProcess> hosts = [];

    private RunningGateway(
        TestLedger ledger,
        TestFolder folder,
        string redis,
        IReadOnlyDictionary<string, string?>? settings
    )
    {
        (Ledger, this.folder) = (ledger, folder);
        run = new RunFolder(Path.Combine(folder.Path, "run"));
        environment = new()
        {
            ["ConnectionStrings__ledger"] = ledger.ConnectionString,
            ["ConnectionStrings__redis"] = redis,
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Gateway__MasterKeyFile"] = Path.Combine(folder.Path, "master.key"),
            ["Gateway__KeyRingFile"] = Path.Combine(folder.Path, "keyring.json"),
            ["DOTNET_gcServer"] = "0",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            environment[key] = value;
        }
    }

    public TestLedger Ledger { get; }

    /// <summary>All output of all hosts so far.</summary>
    public string Output => string.Join('\n', hosts.Select(h => h.Output));

    public static async Task<RunningGateway> StartAsync(
        TestCluster cluster,
        int apis = 1,
        int workers = 1,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var gateway = new RunningGateway(
            ledger,
            await TestFolder.CreateAsync(),
            await cluster.RedisConnectionStringAsync(),
            settings
        );
        PrivateFile.Write(gateway.environment["Gateway__MasterKeyFile"]!, TestKeys.Master.ToBase64());
        TestKeys.Ring.Save(gateway.environment["Gateway__KeyRingFile"]!, TestKeys.Master);
        try
        {
            await Task.WhenAll([
                .. Enumerable.Range(0, apis).Select(_ => gateway.StartApiAsync()),
                .. Enumerable.Range(0, workers).Select(_ => gateway.StartWorkerAsync()),
            ]);
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    public Task<HostProcess> StartApiAsync(int port = 0) => StartAsync("Gateway.Api", port);

    public Task<HostProcess> StartWorkerAsync(IReadOnlyDictionary<string, string?>? settings = null) =>
        StartAsync("Gateway.Worker", 0, settings);

    public Task<HostProcess> StartWebhooksAsync(IReadOnlyDictionary<string, string?>? settings = null) =>
        StartAsync("Gateway.Webhooks", 0, settings);

    public IEnumerable<HostProcess> Apis =>
        hosts.Where(h => h.Name.StartsWith("Gateway.Api", StringComparison.Ordinal));

    public IEnumerable<HostProcess> Workers =>
        hosts.Where(h => h.Name.StartsWith("Gateway.Worker", StringComparison.Ordinal));

    /// <summary>A client with a tenant's key, towards the newest API host.</summary>
    public HttpClient Client(TestTenant? tenant)
    {
        var client = new HttpClient { BaseAddress = Apis.Last(a => !a.HasEnded).Address };
        if (tenant is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(hosts.Select(h => h.DisposeAsync().AsTask()));
        await Ledger.DisposeAsync();
        await folder.DisposeAsync();
    }

    private async Task<HostProcess> StartAsync(
        string host,
        int port,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var address = new Uri($"http://127.0.0.1:{port}");
        var variables = new Dictionary<string, string?>(environment) { ["ASPNETCORE_URLS"] = address.ToString() };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            variables[key] = value;
        }

        var process = await HostProcess.StartAsync(
            $"{host}-{Guid.NewGuid():N}",
            Assembly(host),
            address,
            variables,
            run
        );
        lock (hosts)
        {
            hosts.Add(process);
        }

        await process.UntilHealthyAsync(StartsWithin);
        return process;
    }

    /// <summary>The host's own output folder, beside the tests' in the tree: bin/CONFIGURATION/FRAMEWORK.</summary>
    private static string Assembly(string host)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (output.Name, output.Parent!.Name);
        var root = output.Parent.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, host, "bin", configuration, framework, host + ".dll");
    }
}
