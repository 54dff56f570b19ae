using Gateway.Tests.Cluster;
using Gateway.Tests.Peers;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>The tests of one collection share one gateway, whose mail goes to a server of another maker.</summary>
[CollectionDefinition(Name)]
public sealed class DoorCollection : ICollectionFixture<DoorGateway>
{
    public const string Name = "doors";
}

/// <summary>One API and one worker for all tests of the doors, and two tenants that must not see each other.</summary>
public sealed class DoorGateway(TestCluster cluster) : IAsyncLifetime
{
    private MailRecorder? recorder;
    private RunningGateway? gateway;
    private TestTenant? tenant;
    private TestTenant? stranger;
    private HttpClient? client;

    internal RunningGateway Gateway => gateway!;

    internal TestLedger Ledger => gateway!.Ledger;

    /// <summary>Nothing of this tenant is ever accepted: its ledger stays empty.</summary>
    internal TestTenant Tenant => tenant!;

    internal TestTenant Stranger => stranger!;

    /// <summary>Without a key: each request brings its own.</summary>
    internal HttpClient Http => client!;

    /// <summary>Where all mail arrives; the test is skipped where the peer is not installed.</summary>
    internal MailRecorder Recorder
    {
        get
        {
            MailRecorder.Require();
            return recorder!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        recorder = MailRecorder.IsInstalled ? await MailRecorder.StartAsync() : null;
        gateway = await RunningGateway.StartAsync(cluster, settings: Settings(recorder?.Port));
        tenant = await Ledger.CreateTenantAsync();
        stranger = await Ledger.CreateTenantAsync();
        client = gateway.Client(null);
        client.Timeout = TimeSpan.FromSeconds(120);
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
        }

        if (recorder is not null)
        {
            await recorder.DisposeAsync();
        }
    }

    /// <summary>Rows of the tenant in every table that a message would touch.</summary>
    internal async Task<string> RowsAsync(TestTenant of) =>
        await Ledger.ScalarAsync<string>(
            """
            SELECT concat_ws(' ',
                (SELECT count(*) FROM messages WHERE tenant_id = @Id), (SELECT count(*) FROM bodies WHERE tenant_id = @Id),
                (SELECT count(*) FROM deliveries WHERE tenant_id = @Id),
                (SELECT count(*) FROM deliveries_due WHERE tenant_id = @Id),
                (SELECT count(*) FROM events WHERE tenant_id = @Id), (SELECT count(*) FROM attempts WHERE tenant_id = @Id),
                (SELECT count(*) FROM idempotency WHERE tenant_id = @Id))
            """,
            new { of.Id }
        );

    private static Dictionary<string, string?> Settings(int? relay)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Gateway__Smtp__Port"] = "0",
            ["Gateway__Smtp__ImplicitTlsPort"] = "0",
            ["Gateway__Smtp__Name"] = "door.example",
        };
        if (relay is { } port)
        {
            settings["Gateway__Paths__relay__Provider"] = "smtp";
            settings["Gateway__Paths__relay__Host"] = "127.0.0.1";
            settings["Gateway__Paths__relay__Port"] = $"{port}";
            settings["Gateway__Paths__relay__Tls"] = "None";
            settings["Gateway__Route__0"] = "relay";
        }

        return settings;
    }
}
