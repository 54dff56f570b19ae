using Gateway.Api.Reading;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Api.Subscriptions;

/// <summary>Asks the sender for one test event, and waits a little for what came of it.</summary>
internal sealed class TestSends(TenantLedger ledger, TryLog log, TimeProvider clock)
{
    /// <summary>Tests of one subscription that wait at once.</summary>
    public const int MostWaiting = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEach = TimeSpan.FromMilliseconds(100);

    private const string Count = """
        SELECT count(*)::int FROM webhook_waiting WHERE tenant_id = $1 AND subscription_id = $2 AND kind = 'test'
        """;

    private const string Queue = """
        INSERT INTO webhook_waiting (tenant_id, subscription_id, event_id, bucket, kind, due_at)
        VALUES ($1, $2, $3, $3, 'test', now())
        """;

    private const string Ring = "SELECT pg_notify('gw_subscriptions', '')";

    /// <summary>Null where too many wait already.</summary>
    public async Task<TestView?> SendAsync(Guid tenant, Guid subscription, CancellationToken cancel)
    {
        var id = LedgerId.New(clock.GetUtcNow());
        var waiting = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(Count, tenant).With(subscription)],
            async reader =>
            {
                await reader.ReadAsync(cancel);
                return new Waiting(reader.GetInt32(0));
            },
            w =>
                w.Count >= MostWaiting
                    ? []
                    : [Statement.Of(Queue, tenant).With(subscription).With(id), new NpgsqlBatchCommand(Ring)],
            cancel
        );
        if (waiting!.Count >= MostWaiting)
        {
            return null;
        }

        var began = clock.GetTimestamp();
        var query = new TryQuery(LedgerIds.Highest, 1, null, id);
        while (clock.GetElapsedTime(began) < Patience)
        {
            await Task.Delay(LookEach, clock, cancel);
            if ((await log.ListAsync(tenant, subscription, query, cancel)).Items is [var made])
            {
                return new TestView(id, "done", made);
            }
        }

        return new TestView(id, "waiting", null);
    }

    private sealed record Waiting(int Count);
}
