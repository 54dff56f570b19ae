using System.Net;
using Gateway.Api.Acceptance;
using Gateway.Api.Acceptance.Volume;
using Gateway.Ledger;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Acceptance.Volume;

/// <summary>One API replica's acceptance with its watch over volumes, without a door; it writes when it is told to.</summary>
internal sealed class WatchedReplica : IAsyncDisposable
{
    private readonly WakeUp wakeUp;
    private readonly MessageAcceptor acceptor;
    private readonly VolumeWriter writer;

    public WatchedReplica(TestLedger ledger, NpgsqlDataSource? accept = null)
    {
        wakeUp = new WakeUp(ledger.Accept, NullLogger<WakeUp>.Instance);
        var watch = new VolumeWatch(new VolumeOptions());
        acceptor = new(accept ?? ledger.Accept, wakeUp, TimeProvider.System, throttle: null, watch);
        writer = new(watch, ledger.Door, TimeProvider.System, NullLogger<VolumeWriter>.Instance);
    }

    public Task<AcceptanceResult> AcceptAsync(Submission message) => acceptor.AcceptAsync(message);

    public Task WriteAsync() => writer.WriteAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await acceptor.DisposeAsync();
        await wakeUp.DisposeAsync();
        writer.Dispose();
    }
}

internal static class StrangeSubmissions
{
    /// <summary>A message to so many, by a new key from a new network; the tenant is as the ledger has it now.</summary>
    public static Submission Strange(this TestTenant tenant, int recipients, long busiestHour = 0) =>
        TestSubmissions.Make(tenant, [.. Enumerable.Range(0, recipients).Select(i => $"r{i}@example.net")]) with
        {
            Tenant = new TenantSnapshot(tenant.Id, "test", [tenant.Domain])
            {
                History = new([], busiestHour, DateTimeOffset.MinValue, 0, 0),
            },
            Newcomer = new(SourceNetwork.Of(IPAddress.Parse("198.51.100.9"))!.Value),
        };
}
