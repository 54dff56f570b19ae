using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Tests.Acceptance;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Worker.Delivery;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Delivery;

public sealed class QueueTests(TestCluster cluster)
{
    private static readonly SendResult Taken = new(Outcome.Accepted, OutcomeScope.None, "FinalDot", "250 ok");
    private static readonly NextStep Sent = new(DeliveryState.Sent, "final");

    [Fact]
    public async Task Two_workers_never_hold_one_delivery()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await FillAsync(ledger, await ledger.CreateTenantAsync(), 300);
        var queues = Enumerable
            .Range(0, 4)
            .Select(_ => new DeliveryQueue(ledger.Worker, TimeProvider.System))
            .ToArray();

        var claims = (await Task.WhenAll(queues.Select(async q => (await ClaimAllAsync(q)).ToArray())))
            .SelectMany(c => c)
            .ToArray();

        Assert.Equal(300, claims.Length);
        Assert.Equal(300, claims.Select(c => c.DeliveryId).Distinct().Count());
    }

    [Fact]
    public async Task Nothing_that_a_claim_changes_is_indexed()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var indexed = await ledger.QueryAsync<string>(
            """
            SELECT DISTINCT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
                AND (a.attnum = ANY (i.indkey) OR pg_get_expr(i.indpred, i.indrelid) LIKE '%' || a.attname || '%')
            WHERE i.indrelid = 'deliveries_due'::regclass
            """
        );
        Assert.Empty(indexed.Intersect(["lease_until", "fence", "begun"]));
    }

    [Fact]
    public async Task A_large_lane_does_not_keep_a_small_one_waiting()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (big, small) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await FillAsync(ledger, big, 500);
        await FillAsync(ledger, small, 5);
        var queue = new DeliveryQueue(ledger.Worker, TimeProvider.System);

        var first = await queue.ClaimAsync(20, TestContext.Current.CancellationToken);

        Assert.Equal(5, first.Count(c => c.TenantId == small.Id));
    }

    [Fact]
    public async Task Mail_that_is_committed_late_and_due_long_ago_is_claimed_within_seconds()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await FillAsync(ledger, tenant, 10);
        var queue = new DeliveryQueue(ledger.Worker, TimeProvider.System);
        await ClaimAllAsync(queue);

        await FillAsync(ledger, tenant, 1);
        await ledger.ExecuteAsync(
            "UPDATE deliveries_due SET due_at = now() - interval '1 day' WHERE lease_until IS NULL"
        );

        await Eventually.TrueAsync(
            async () => (await queue.ClaimAsync(10, CancellationToken.None)).Count == 1,
            "the old row is claimed",
            TimeSpan.FromSeconds(10)
        );
    }

    [Fact]
    public async Task Only_the_holder_of_the_fence_begins_and_records()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await FillAsync(ledger, await ledger.CreateTenantAsync(), 1);
        var old = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).Single();
        await ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = NULL");
        var now = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).Single();
        await using var journal = Journal(ledger);

        Assert.Equal(BeginVerdict.Lost, (await journal.BeginAsync(new BeginItem(old, "p", false))).Verdict);
        Assert.Equal(new Begun(BeginVerdict.Send, 1), await journal.BeginAsync(new BeginItem(now, "p", false)));
        Assert.Equal(BeginVerdict.Lost, (await journal.BeginAsync(new BeginItem(now, "p", false))).Verdict);
        Assert.True(await journal.RecordAsync(new RecordItem(now, 1, "p", Taken, Sent)));
        Assert.False(await journal.RecordAsync(new RecordItem(now, 1, "p", Taken, Sent)));
        Assert.Equal("sent", await StateAsync(ledger));
        await AssertFoldAsync(ledger);
    }

    [Fact]
    public async Task A_begin_whose_lease_ran_out_sends_nothing()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await FillAsync(ledger, await ledger.CreateTenantAsync(), 1);
        var claim = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).Single();
        await ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = now() - interval '1 second'");
        await using var journal = Journal(ledger);

        Assert.Equal(BeginVerdict.Lost, (await journal.BeginAsync(new BeginItem(claim, "p", false))).Verdict);
        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM attempts"));
    }

    [Fact]
    public async Task A_recipient_suppressed_after_acceptance_is_not_sent_to()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await FillAsync(ledger, tenant, 1);
        var claim = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).Single();
        await ledger.ExecuteAsync(
            "INSERT INTO suppressions (tenant_id, address, stream, reason) VALUES (@Id, 'ann@example.net', 'transactional', 'complaint')",
            tenant
        );
        await using var journal = Journal(ledger);

        Assert.Equal(BeginVerdict.Suppressed, (await journal.BeginAsync(new BeginItem(claim, "p", false))).Verdict);
        Assert.Equal("suppressed", await StateAsync(ledger));
        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
        await AssertFoldAsync(ledger);
    }

    [Fact]
    public async Task Leases_of_a_worker_that_went_away_are_due_again_or_unknown()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await FillAsync(ledger, await ledger.CreateTenantAsync(), 2);
        var claims = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).ToArray();
        await using var journal = Journal(ledger);
        await journal.BeginAsync(new BeginItem(claims[0], "p", false));
        await ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = now() - interval '1 second'");

        await Keeper(ledger).SweepAsync(TestContext.Current.CancellationToken);

        var states = await ledger.QueryAsync<(Guid Id, string State, long Events)>(
            "SELECT delivery_id, state, (SELECT count(*) FROM events e WHERE e.delivery_id = d.delivery_id) FROM deliveries d"
        );
        Assert.Equal("unknown", states.Single(s => s.Id == claims[0].DeliveryId).State);
        Assert.Equal(
            ("queued", 1L),
            states.Where(s => s.Id == claims[1].DeliveryId).Select(s => (s.State, s.Events)).Single()
        );
        var again = await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System));
        Assert.Equal([claims[1].DeliveryId], again.Select(c => c.DeliveryId));
        await AssertFoldAsync(ledger);
    }

    [Fact]
    public async Task A_late_result_says_what_was_unknown()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (claim, journal) = await LoseLeaseAfterBeginAsync(ledger);
        await using var held = journal;

        Assert.False(await journal.RecordAsync(new RecordItem(claim, 1, "p", Taken, Sent)));

        Assert.Equal("sent", await StateAsync(ledger));
        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
        Assert.True(await ledger.ScalarAsync<bool>("SELECT late AND outcome = 'Accepted' FROM attempts"));
        await AssertFoldAsync(ledger);
    }

    [Fact]
    public async Task A_late_result_of_a_delivery_that_goes_on_changes_neither_lease_nor_queue()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (old, journal) = await LoseLeaseAfterBeginAsync(ledger);
        await using var held = journal;
        await ledger.ExecuteAsync("UPDATE deliveries_due SET due_at = now() - interval '1 second'");
        var again = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).Single();
        Assert.Equal(2, (await journal.BeginAsync(new BeginItem(again, "p", MayDuplicate: true))).Attempt);

        Assert.False(await journal.RecordAsync(new RecordItem(old, 1, "p", Taken, Sent)));
        Assert.Equal("sending", await StateAsync(ledger));
        Assert.True(await journal.RecordAsync(new RecordItem(again, 2, "p", Taken, Sent)));

        Assert.Equal("sent", await StateAsync(ledger));
        Assert.Equal(
            ["accepted", "sending", "unknown", "possible_duplicate", "sending", "possible_duplicate", "sent"],
            await ledger.QueryAsync<string>("SELECT type FROM events ORDER BY sequence")
        );
        await AssertFoldAsync(ledger);
    }

    private async Task<(Claim, AttemptJournal)> LoseLeaseAfterBeginAsync(TestLedger ledger)
    {
        await FillAsync(ledger, await ledger.CreateTenantAsync(), 1);
        var claim = (await ClaimAllAsync(new DeliveryQueue(ledger.Worker, TimeProvider.System))).Single();
        var journal = Journal(ledger);
        await journal.BeginAsync(new BeginItem(claim, "p", false));
        await ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = now() - interval '1 second'");
        await Keeper(ledger).SweepAsync(CancellationToken.None);
        Assert.Equal("unknown", await StateAsync(ledger));
        return (claim, journal);
    }

    /// <summary>The materialised state is the state of the last event that has one, and each step is one of the table.</summary>
    private static async Task AssertFoldAsync(TestLedger ledger)
    {
        var deliveries = await ledger.QueryAsync<(Guid Id, string State, int Sequence)>(
            "SELECT delivery_id, state, sequence FROM deliveries"
        );
        foreach (var delivery in deliveries)
        {
            var events = await ledger.QueryAsync<(int Sequence, string? State)>(
                "SELECT sequence, state FROM events WHERE delivery_id = @Id ORDER BY sequence",
                new { delivery.Id }
            );
            string? folded = null;
            foreach (var state in events.Select(e => e.State).Where(s => s is not null))
            {
                Assert.True(DeliveryState.MayFollow(folded, state!), $"{folded} → {state} is not in the table");
                folded = state;
            }

            Assert.Equal(delivery.State, folded);
            Assert.Equal(Enumerable.Range(1, delivery.Sequence), events.Select(e => e.Sequence));
        }
    }

    private static async Task FillAsync(TestLedger ledger, TestTenant tenant, int count)
    {
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => acceptor.AcceptAsync(TestSubmissions.Make(tenant))));
    }

    private static async Task<List<Claim>> ClaimAllAsync(DeliveryQueue queue)
    {
        var all = new List<Claim>();
        // A round may find only rows that another worker is just taking: two empty rounds are an empty queue.
        for (var empty = 0; empty < 2; )
        {
            var claims = await queue.ClaimAsync(64, CancellationToken.None);
            all.AddRange(claims);
            empty = claims.Count == 0 ? empty + 1 : 0;
        }

        return all;
    }

    private static AttemptJournal Journal(TestLedger ledger) =>
        new(ledger.Worker, new WorkerSignals(), TimeProvider.System, NullLogger<AttemptJournal>.Instance);

    private static LeaseKeeper Keeper(TestLedger ledger) =>
        new(
            ledger.Worker,
            new HeldLeases(),
            new WorkerSignals(),
            TimeProvider.System,
            NullLogger<LeaseKeeper>.Instance
        );

    private static Task<string> StateAsync(TestLedger ledger) =>
        ledger.ScalarAsync<string>("SELECT state FROM deliveries");
}
