using Gateway.Api.Acceptance;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using Gateway.Worker.Delivery;
using Gateway.Worker.Throttling;
using Microsoft.Extensions.Logging.Abstractions;
using static Gateway.Tests.Throttling.LimitedSubmissions;

namespace Gateway.Tests.Throttling;

/// <summary>What acceptance and the queue do with limits that let mail wait.</summary>
public sealed class WaitTests(TestCluster cluster)
{
    [Fact]
    public async Task Waits_of_a_narrow_limit_do_not_stop_the_lane()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        var limit = Limit(LimitScope.RecipientDomain, 2, OverLimit.Wait, "slow.example", LimitUnit.Recipients);
        var waits = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            var result = await replica.AcceptAsync(tenant.Limited(limit, "a@slow.example", "b@fast.example"));
            var accepted = Assert.IsType<AcceptanceResult.Accepted>(result);
            Assert.True(accepted.Waits?[1] is null, "the other recipient does not wait");
            if (accepted.Waits?[0] is { } wait)
            {
                Assert.Equal("limit:recipient_domain", wait.For);
                waits.Add(wait.In);
            }
        }

        await Waits(ledger).DrawAsync(CancellationToken.None);
        var claims = await new DeliveryQueue(ledger.Worker, TimeProvider.System).ClaimAsync(
            100,
            CancellationToken.None
        );

        Assert.Equal(3, waits.Count);
        Assert.Equal(waits.Order(), waits);
        // The limit's 2, and all 5 elsewhere.
        Assert.Equal(7, claims.Count);
        Assert.Equal(
            3L,
            await ledger.ScalarAsync<long>(
                """
                SELECT count(*) FROM deliveries d JOIN deliveries_due q USING (delivery_id)
                WHERE d.state = 'queued' AND d.recipient LIKE '%slow.example' AND q.due_at > now() + interval '9 minutes'
                    AND d.due_at = q.due_at AND d.waiting_for = q.waiting_for AND q.waiting_for = 'limit:recipient_domain'
                """
            )
        );
        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM lanes WHERE not_before IS NOT NULL"));
    }

    [Fact]
    public async Task A_wait_as_wide_as_the_lane_closes_it_until_its_first_turn()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        var limit = Limit(LimitScope.Tenant, 2, OverLimit.Wait);
        for (var i = 0; i < 4; i++)
        {
            Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(tenant.Limited(limit)));
        }

        var lanes = Waits(ledger);
        await lanes.DrawAsync(CancellationToken.None);
        Assert.Equal(0L, await ledger.ScalarAsync<long>(Closed));

        // What was within the limit goes; from then on only mail that waits is in the lane.
        var queue = new DeliveryQueue(ledger.Worker, TimeProvider.System);
        Assert.Equal(2, (await queue.ClaimAsync(100, CancellationToken.None)).Count);
        await ledger.ExecuteAsync("DELETE FROM deliveries_due WHERE lease_until IS NOT NULL");
        await lanes.DrawAsync(CancellationToken.None);
        Assert.Equal(1L, await ledger.ScalarAsync<long>(Closed));

        // A turn that comes, or anything else that is due, opens it.
        await ledger.ExecuteAsync(
            "UPDATE deliveries_due SET due_at = now() - interval '1 second' WHERE delivery_id = (SELECT min(delivery_id::text)::uuid FROM deliveries_due)"
        );
        await lanes.DrawAsync(CancellationToken.None);
        Assert.Equal(0L, await ledger.ScalarAsync<long>(Closed));
        queue.Forget();
        Assert.Single(await queue.ClaimAsync(100, CancellationToken.None));
    }

    [Fact]
    public async Task A_lane_that_somebody_closed_stays_as_it_is()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await ledger.ExecuteAsync(
            "INSERT INTO lanes (tenant_id, stream, not_before, waiting_for) VALUES (@Id, 'transactional', now() + interval '1 hour', 'complaints')",
            tenant
        );
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        await replica.AcceptAsync(tenant.Limited(Limit(LimitScope.Tenant, 1, OverLimit.Wait)));
        await replica.AcceptAsync(tenant.Limited(Limit(LimitScope.Tenant, 1, OverLimit.Wait)));
        await ledger.ExecuteAsync("DELETE FROM deliveries_due WHERE waiting_for IS NULL");

        await Waits(ledger).DrawAsync(CancellationToken.None);

        Assert.Equal("complaints", await ledger.ScalarAsync<string>("SELECT waiting_for FROM lanes"));
    }

    [Fact]
    public async Task Mail_for_later_waits_for_the_later_of_its_time_and_its_turn()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        var limit = Limit(LimitScope.Key, 1, OverLimit.Wait);
        await replica.AcceptAsync(tenant.Limited(limit));
        var now = DateTimeOffset.UtcNow;
        var (soon, late) = (
            tenant.Limited(limit) with
            {
                SendAt = now.AddMinutes(1),
            },
            tenant.Limited(limit) with
            {
                SendAt = now.AddHours(5),
            }
        );
        await replica.AcceptAsync(soon);
        await replica.AcceptAsync(late);

        var minutes = await ledger.QueryAsync<int>(
            "SELECT round(extract(epoch FROM due_at - now()) / 60)::int FROM deliveries_due WHERE message_id = ANY (@ids) ORDER BY 1",
            new { ids = new[] { soon.MessageId, late.MessageId } }
        );

        Assert.InRange(minutes[0], 9, 11);
        Assert.InRange(minutes[1], 299, 300);
    }

    private const string Closed =
        "SELECT count(*) FROM lanes WHERE waiting_for = 'limit:tenant' AND not_before = (SELECT min(due_at) FROM deliveries_due)";

    private static LaneWaits Waits(TestLedger ledger) =>
        new(ledger.Worker, TimeProvider.System, NullLogger<LaneWaits>.Instance);
}
