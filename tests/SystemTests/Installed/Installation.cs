using System.Net.Http.Headers;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Gateway.Database;
using Gateway.Secrets;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace SystemTests.Installed;

/// <summary>How large an installation is, and what differs from the defaults.</summary>
internal sealed record InstallationPlan
{
    public int Apis { get; init; } = 1;
    public int Workers { get; init; } = 1;
    public int Webhooks { get; init; }

    /// <summary>Environment of all hosts, on top of what the AppHost would give them.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Environment of single replicas, by host and place; made once the installation has its folder.</summary>
    public Func<
        string,
        Task<IReadOnlyDictionary<(string Host, int Place), Dictionary<string, string?>>>
    >? Own { get; init; }

    /// <summary>Where PostgreSQL keeps its data; beside the rest unless a test needs a disk of its own.</summary>
    public string? PostgresFolder { get; init; }

    public IReadOnlyDictionary<string, string>? PostgresSettings { get; init; }
}

/// <summary>The product as a user runs it: servers with fsync on and every host a process, all of which can be killed.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private readonly TestFolder folder;
    private readonly Dictionary<string, string?> environment;
    private readonly RunFolder run;

    private Installation(
        TestFolder folder,
        Servers servers,
        MasterKey master,
        KeyRing ring,
        InstallationPlan plan,
        IReadOnlyDictionary<(string Host, int Place), Dictionary<string, string?>> own
    )
    {
        (this.folder, Servers) = (folder, servers);
        run = new RunFolder(Path.Combine(folder.Path, "run"));
        environment = new()
        {
            ["ConnectionStrings__ledger"] = servers.Ledger,
            ["ConnectionStrings__redis"] = servers.Redis,
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Gateway__MasterKeyFile"] = Path.Combine(folder.Path, "master.key"),
            ["Gateway__KeyRingFile"] = Path.Combine(folder.Path, "keyring.json"),
            ["Logging__LogLevel__Default"] = "Warning",
            ["DOTNET_gcServer"] = "0",
        };
        foreach (var (key, value) in plan.Settings)
        {
            environment[key] = value;
        }

        Ledger = new InstalledLedger(servers.Ledger, master, ring);
        Apis = [.. Enumerable.Range(0, plan.Apis).Select(i => Slot("Gateway.Api", i))];
        Workers = [.. Enumerable.Range(0, plan.Workers).Select(i => Slot("Gateway.Worker", i))];
        Webhooks = [.. Enumerable.Range(0, plan.Webhooks).Select(i => Slot("Gateway.Webhooks", i))];
        HostSlot Slot(string host, int place) => this.Slot(host, own.GetValueOrDefault((host, place)));
        PrivateFile.Write(environment["Gateway__MasterKeyFile"]!, master.ToBase64());
        ring.Save(environment["Gateway__KeyRingFile"]!, master);
    }

    public Servers Servers { get; }

    public InstalledLedger Ledger { get; }

    public IReadOnlyList<HostSlot> Apis { get; }

    public IReadOnlyList<HostSlot> Workers { get; }

    public IReadOnlyList<HostSlot> Webhooks { get; }

    public static async Task<Installation> StartAsync(InstallationPlan plan)
    {
        var place = await TestFolder.CreateAsync(onDisk: true);
        var servers = await Servers.StartAsync(place.Path, plan.PostgresFolder, plan.PostgresSettings);
        var (master, ring) = (MasterKey.Generate(), KeyRing.Generate());
        await new Migrator(servers.Ledger, master, TimeProvider.System).MigrateAsync();
        var own = plan.Own is null
            ? new Dictionary<(string, int), Dictionary<string, string?>>()
            : await plan.Own(place.Path);
        var installation = new Installation(place, servers, master, ring, plan, own);
        try
        {
            await Task.WhenAll(installation.Hosts.Select(h => h.StartAsync()));
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    public IEnumerable<HostSlot> Hosts => [.. Apis, .. Workers, .. Webhooks];

    /// <summary>A client of one replica with a tenant's key.</summary>
    public static HttpClient Client(HostSlot api, InstalledTenant tenant) =>
        new()
        {
            BaseAddress = api.Address,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text) },
        };

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Hosts.Select(h => h.DisposeAsync()));
        await Ledger.DisposeAsync();
        await Servers.DisposeAsync();
        await folder.DisposeAsync();
    }

    private HostSlot Slot(string host, Dictionary<string, string?>? own)
    {
        var address = new Uri($"http://127.0.0.1:{LoopbackPort.Choose()}");
        var variables = new Dictionary<string, string?>(environment) { ["ASPNETCORE_URLS"] = address.ToString() };
        foreach (var (key, value) in own ?? [])
        {
            variables[key] = value;
        }

        return new HostSlot(
            host,
            address,
            () => HostProcess.StartAsync($"{host}-{Guid.NewGuid():N}", Assembly(host), address, variables, run)
        );
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
