using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Worker.Telemetry;

namespace Gateway.Tests.Telemetry;

public sealed class QueueCountTests(TestCluster cluster)
{
    [Fact]
    public async Task The_queue_is_counted_by_what_it_waits_for()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (busy, calm) = (Guid.NewGuid(), Guid.NewGuid());
        await AddAsync(ledger, busy, "now() - interval '100 s'", count: 3);
        await AddAsync(ledger, busy, "now() + interval '1 h'", waitingFor: "recipient");
        await AddAsync(ledger, busy, "now() + interval '7 d'", waitingFor: "release", count: 2);
        await AddAsync(ledger, calm, "now() + interval '1 h'", stream: "broadcast");
        await AddAsync(ledger, calm, "now() - interval '50 s'", begun: true, path: "slow");
        await AddAsync(ledger, calm, "now() + interval '1 h'", waitingFor: "reconciliation", path: "dark");

        var figures = await new QueueCount(ledger.Worker).ReadAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                ("broadcast", "time", 1),
                ("transactional", "recipient", 1),
                ("transactional", "reconciliation", 1),
                ("transactional", "release", 2),
                ("transactional", "sending", 1),
                ("transactional", "worker", 3),
            ],
            figures.Depths.Order()
        );
        Assert.InRange(figures.Oldest.Single(o => o.Stream == "transactional").Age, 100, 160);
        Assert.Equal(0, figures.Oldest.Single(o => o.Stream == "broadcast").Age);
        Assert.Equal([(busy, 2L), (calm, 0L)], figures.Tenants.Select(t => (t.Tenant, t.Held)));
        Assert.InRange(figures.Tenants[0].Age, 100, 160);
        Assert.Equal(["dark", "slow"], figures.Unresolved.Select(u => u.Path).Order());
        Assert.All(figures.Unresolved, u => Assert.InRange(u.Age, 300, 360));
    }

    [Fact]
    public async Task Only_the_tenants_with_the_longest_queues_have_series_of_their_own()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var longest = Guid.NewGuid();
        await ledger.ExecuteAsync(
            """
            INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id)
            SELECT gen_random_uuid(), 'transactional', now(), gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 200)
            UNION ALL SELECT @longest, 'transactional', now(), gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 2)
            """,
            new { longest }
        );

        var figures = await new QueueCount(ledger.Worker).ReadAsync(TestContext.Current.CancellationToken);

        Assert.Equal(GatewayTelemetry.TenantsShown, figures.Tenants.Count);
        Assert.Equal(longest, figures.Tenants[0].Tenant);
        Assert.Equal(202, figures.Depths.Single().Depth);
    }

    [Fact]
    public void What_is_not_there_any_more_is_shown_as_nothing_once()
    {
        var before = new QueueFigures
        {
            Depths = [("broadcast", "worker", 5)],
            Oldest = [("broadcast", 9)],
            Tenants = [(Guid.NewGuid(), 1, 2)],
            Unresolved = [("slow", 30)],
        };

        var empty = QueueFigures.None.After(before);

        Assert.Equal(("broadcast", "worker", 0), Assert.Single(empty.Depths));
        Assert.Equal(("broadcast", 0), Assert.Single(empty.Oldest));
        Assert.Equal((0, 0), empty.Tenants.Select(t => (t.Held, t.Age)).Single());
        Assert.Equal(("slow", 0), Assert.Single(empty.Unresolved));
        Assert.Empty(QueueFigures.None.After(empty).Depths);
    }

    private static Task AddAsync(
        TestLedger ledger,
        Guid tenant,
        string due,
        string stream = "transactional",
        string? waitingFor = null,
        bool begun = false,
        string? path = null,
        int count = 1
    ) =>
        ledger.ExecuteAsync(
            $"""
            WITH made AS (
                INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id, waiting_for, begun)
                SELECT @tenant, @stream, {due}, gen_random_uuid(), @message, @waitingFor, @begun FROM generate_series(1, @count)
                RETURNING *
            )
            INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, path, created_at, updated_at)
            SELECT tenant_id, message_id, delivery_id, 'a@example.net', 'a@example.net',
                CASE WHEN begun THEN 'sending' WHEN waiting_for = 'reconciliation' THEN 'unknown' ELSE 'queued' END, @path,
                now(), now() - interval '5 min' FROM made
            """,
            new
            {
                tenant,
                stream,
                waitingFor,
                begun,
                path,
                count,
                message = LedgerId.NewMessage(DateTimeOffset.UtcNow),
            }
        );
}
