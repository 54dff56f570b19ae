using System.Buffers.Binary;
using Gateway.Api.Acceptance;
using Gateway.Api.Throttling;
using Gateway.Ledger;
using Gateway.Tenants;
using Gateway.Tests.Acceptance;
using Gateway.Tests.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Throttling;

/// <summary>One API replica's acceptance with its throttle, without a door.</summary>
internal sealed class LimitedReplica : IAsyncDisposable
{
    private readonly Replica replica;
    private readonly LimitEvents events;
    private readonly WakeUp wakeUp;

    private LimitedReplica(TestLedger ledger, Replica replica, NpgsqlDataSource? accept)
    {
        this.replica = replica;
        events = new LimitEvents(ledger.Accept, TimeProvider.System, NullLogger<LimitEvents>.Instance);
        wakeUp = new WakeUp(ledger.Accept, NullLogger<WakeUp>.Instance);
        var seeds = new LimitSeeds(ledger.Door, replica.Throttle, TimeProvider.System, NullLogger<LimitSeeds>.Instance);
        Acceptor = new MessageAcceptor(
            accept ?? ledger.Accept,
            wakeUp,
            TimeProvider.System,
            new AcceptanceThrottle(replica.Throttle, seeds, events, TimeProvider.System)
        );
    }

    public MessageAcceptor Acceptor { get; }

    /// <param name="accept">Another ledger than the test's, to fail with.</param>
    public static async Task<LimitedReplica> StartAsync(
        TestCluster cluster,
        TestLedger ledger,
        NpgsqlDataSource? accept = null
    )
    {
        var plain = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limited = new LimitedReplica(ledger, plain, accept);
        await limited.events.StartAsync(CancellationToken.None);
        return limited;
    }

    public Task<AcceptanceResult> AcceptAsync(Submission message) => Acceptor.AcceptAsync(message);

    /// <summary>Forgets a limit, as a Redis does that was restarted.</summary>
    public Task ForgetAsync(ThrottleKey key) => replica.Redis.KeyDeleteAsync(key.Text);

    /// <summary>What Redis counts for a window now, or for a month.</summary>
    public async Task<double> CountedAsync(ThrottleKey key)
    {
        byte[]? raw = await replica.Redis.StringGetAsync(key.Text);
        return raw is null ? 0 : BinaryPrimitives.ReadDoubleLittleEndian(raw.AsSpan(key.IsMonth ? 0 : 8));
    }

    public async ValueTask DisposeAsync()
    {
        await Acceptor.DisposeAsync();
        await events.StopAsync(CancellationToken.None);
        events.Dispose();
        await wakeUp.DisposeAsync();
        await replica.DisposeAsync();
    }
}

/// <summary>The key of the only limit of a message.</summary>
internal sealed record ThrottleKey(string Text, bool IsMonth)
{
    public static ThrottleKey Of(Submission message)
    {
        var limit = MessageCharge.Of(message)!.Limits.Single();
        return new(limit.Throttle.Key, limit.Scope == AppliedLimit.Month);
    }
}

internal static class LimitedSubmissions
{
    public static Limit Limit(
        LimitScope scope,
        long cap,
        OverLimit over = OverLimit.Refuse,
        string subject = "",
        LimitUnit unit = LimitUnit.Messages,
        int seconds = 600
    ) => new(scope, subject, unit, TimeSpan.FromSeconds(seconds), cap, over);

    public static Submission Limited(this TestTenant tenant, Limit limit, params string[] recipients) =>
        TestSubmissions.Make(tenant, recipients) with
        {
            Tenant = Snapshot(tenant) with { Limits = [limit] },
        };

    public static Submission OfMonth(this TestTenant tenant, long quota, params string[] recipients) =>
        TestSubmissions.Make(tenant, recipients) with
        {
            Tenant = Snapshot(tenant) with { MonthQuota = quota },
        };

    private static TenantSnapshot Snapshot(TestTenant tenant) => new(tenant.Id, "test", [tenant.Domain]);
}
