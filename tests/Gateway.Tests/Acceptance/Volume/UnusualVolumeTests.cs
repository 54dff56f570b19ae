using Gateway.Api.Acceptance;
using Gateway.Ledger;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Acceptance.Volume;

/// <summary>A20, its end: a new key, a new network and ten times the usual volume are accepted and held.</summary>
public sealed class UnusualVolumeTests(TestCluster cluster)
{
    [Fact]
    public async Task A20_What_is_over_the_usual_is_accepted_as_held_and_told_once_whichever_replica_took_it()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var first = new WatchedReplica(ledger);
        await using var second = new WatchedReplica(ledger);
        var tenant = await ledger.CreateTenantAsync();

        Assert.Null(Held(await first.AcceptAsync(tenant.Strange(60))));
        Assert.Null(Held(await second.AcceptAsync(tenant.Strange(1))));
        await first.WriteAsync();
        await second.WriteAsync();
        // 61 in the ledger: the second replica has heard of the first one's.
        Assert.Equal("unusual_volume", Held(await second.AcceptAsync(tenant.Strange(40))));
        await second.WriteAsync();
        // A replica hears of the others when it has something to write itself: within a second.
        await first.AcceptAsync(tenant.Strange(1));
        await first.WriteAsync();
        Assert.Equal("unusual_volume", Held(await first.AcceptAsync(tenant.Strange(2))));
        await Task.WhenAll(first.WriteAsync(), second.WriteAsync());

        Assert.Equal("held 42, queued 62", await StatesAsync(ledger, tenant));
        Assert.Equal(
            "104 42",
            await ledger.ScalarAsync<string>(
                "SELECT sum(fresh) || ' ' || sum(held) FROM usage_hours WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );
        var told = await ledger.QueryAsync<string>(
            "SELECT data::text FROM events WHERE tenant_id = @Id AND type = 'tenant.unusual_volume'",
            new { tenant.Id }
        );
        var noted = await ledger.QueryAsync<string>(
            "SELECT actor || ' ' || target FROM audit WHERE tenant_id = @Id AND action = 'tenant.unusual_volume'",
            new { tenant.Id }
        );
        // The hour may have turned in between; never more than one of each an hour.
        Assert.InRange(told.Count, 1, 2);
        Assert.Equal(told.Count, noted.Count);
        Assert.Contains("198.51.100.0/24", told[0], StringComparison.Ordinal);
        Assert.Equal($"gateway {tenant.Key.Id}", noted[0]);
    }

    [Fact]
    public async Task A_held_delivery_waits_for_its_release_and_is_due_only_to_be_announced()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var replica = new WatchedReplica(ledger);
        var tenant = await ledger.CreateTenantAsync();
        await ledger.ExecuteAsync(
            "INSERT INTO suppressions (tenant_id, address, stream, reason) VALUES (@Id, 'r0@example.net', 'transactional', 'hard_bounce')",
            new { tenant.Id }
        );

        var result = Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(tenant.Strange(101)));

        Assert.Equal([1], result.Suppressed);
        Assert.Equal("held 100, suppressed 1", await StatesAsync(ledger, tenant));
        const string asIfHeldLater = """
            SELECT count(*) FROM deliveries d JOIN deliveries_due q USING (delivery_id)
            WHERE d.tenant_id = @Id AND d.cause = 'unusual_volume' AND d.held_at = d.created_at AND d.ended_at IS NULL
                AND q.waiting_for = 'release' AND q.due_at BETWEEN now() + '6 days' AND now() + '7 days'
            """;
        Assert.Equal(100L, await ledger.ScalarAsync<long>(asIfHeldLater, new { tenant.Id }));
        Assert.Equal(
            "held held unusual_volume 100, suppressed suppressed  1",
            await ledger.ScalarAsync<string>(
                """
                SELECT string_agg(e, ', ' ORDER BY e) FROM (
                    SELECT concat_ws(' ', type, state, coalesce(data ->> 'cause', ''), count(*)) AS e FROM events
                    WHERE tenant_id = @Id GROUP BY type, state, data ->> 'cause') x
                """,
                new { tenant.Id }
            )
        );
        Assert.True(DeliveryState.MayFollow(null, DeliveryState.Held));
    }

    [Fact]
    public async Task A_repeated_request_hears_again_that_it_is_held_and_counts_once()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var replica = new WatchedReplica(ledger);
        var tenant = await ledger.CreateTenantAsync();
        await replica.AcceptAsync(tenant.Strange(100).WithKey("usual"));

        // A replay takes nothing of the volume, so ten of them hold nothing.
        for (var i = 0; i < 10; i++)
        {
            var replay = Assert.IsType<AcceptanceResult.Accepted>(
                await replica.AcceptAsync(tenant.Strange(100).WithKey("usual"))
            );
            Assert.True(replay is { Replayed: true, HeldFor: null });
        }

        await Task.WhenAll(
            Enumerable
                .Range(0, 5)
                .Select(async _ =>
                    Assert.Equal("unusual_volume", Held(await replica.AcceptAsync(tenant.Strange(1).WithKey("over"))))
                )
        );
        await replica.WriteAsync();
        Assert.Equal("held 1, queued 100", await StatesAsync(ledger, tenant));
        Assert.Equal(
            101L,
            await ledger.ScalarAsync<long>(
                "SELECT sum(fresh)::bigint FROM usage_hours WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );
    }

    [Fact]
    public async Task Ten_times_the_busiest_hour_is_usual_for_who_sends_much()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var replica = new WatchedReplica(ledger);
        var tenant = await ledger.CreateTenantAsync();
        Assert.Null(Held(await replica.AcceptAsync(tenant.Strange(300, busiestHour: 31))));
        Assert.NotNull(Held(await replica.AcceptAsync(tenant.Strange(11, busiestHour: 31))));
    }

    [Fact]
    public async Task Who_is_no_newcomer_sends_any_volume_and_it_becomes_what_is_usual()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var replica = new WatchedReplica(ledger);
        var tenant = await ledger.CreateTenantAsync();
        Assert.Null(Held(await replica.AcceptAsync(tenant.Strange(900) with { Newcomer = null })));
        Assert.Null(Held(await replica.AcceptAsync(tenant.Strange(900) with { Mode = "test" })));
        await replica.WriteAsync();
        Assert.Equal(
            "900 0",
            await ledger.ScalarAsync<string>(
                "SELECT sum(recipients) || ' ' || sum(fresh) FROM usage_hours WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );
    }

    private static string? Held(AcceptanceResult result) => Assert.IsType<AcceptanceResult.Accepted>(result).HeldFor;

    private static Task<string> StatesAsync(TestLedger ledger, TestTenant tenant) =>
        ledger.ScalarAsync<string>(
            """
            SELECT string_agg(state || ' ' || n, ', ' ORDER BY state)
            FROM (SELECT state, count(*) AS n FROM deliveries WHERE tenant_id = @Id GROUP BY 1) s
            """,
            new { tenant.Id }
        );
}
