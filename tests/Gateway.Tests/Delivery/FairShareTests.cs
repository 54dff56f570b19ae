using System.Text.Json;
using Gateway.Tests.Cluster;
using Gateway.Worker.Delivery;
using Npgsql;

namespace Gateway.Tests.Delivery;

/// <summary>Fair share as the ledger sees it: plans, pauses, restarts, several workers, and what a claim reads.</summary>
public sealed class FairShareTests(TestCluster cluster)
{
    [Fact]
    public async Task A_plan_weighs_as_much_as_it_says()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (free, scale) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await ledger.ExecuteAsync("UPDATE tenants SET plan = 'free' WHERE tenant_id = @Id", free);
        await ledger.ExecuteAsync("UPDATE tenants SET plan = 'scale' WHERE tenant_id = @Id", scale);
        await FillAsync(ledger, free, 500);
        await FillAsync(ledger, scale, 500);
        var queue = Queue(ledger);

        var claims = await ClaimAsync(queue, 12, 17);

        Assert.Equal(204, claims.Count);
        Assert.InRange(claims.Count(c => c.TenantId == free.Id), 10, 14);
    }

    [Fact]
    public async Task A_lanes_own_weight_stands_above_its_plans()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (one, other) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await ledger.ExecuteAsync("INSERT INTO lanes (tenant_id, stream, weight) VALUES (@Id, 'broadcast', 12)", other);
        await FillAsync(ledger, one, 100);
        await FillAsync(ledger, other, 100);

        var claims = await ClaimAsync(Queue(ledger), 1, 32);

        Assert.Equal(8, claims.Count(c => c.TenantId == one.Id));
    }

    [Theory]
    [InlineData("active = false, paused_at = now(), paused_reason = 'complaints'")]
    [InlineData("not_before = now() + interval '1 hour'")]
    public async Task A_lane_that_waits_is_passed_over_whole_and_comes_back(string wait)
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (waits, flows) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await FillAsync(ledger, waits, 50);
        await FillAsync(ledger, flows, 5);
        await ledger.ExecuteAsync("INSERT INTO lanes (tenant_id, stream) VALUES (@Id, 'broadcast')", waits);
        await ledger.ExecuteAsync($"UPDATE lanes SET {wait} WHERE tenant_id = @Id", waits);
        var queue = Queue(ledger);

        Assert.All(await ClaimAsync(queue, 3, 20), c => Assert.Equal(flows.Id, c.TenantId));

        await ledger.ExecuteAsync("UPDATE lanes SET active = true, not_before = NULL WHERE tenant_id = @Id", waits);
        queue.Forget();
        Assert.Equal(50, (await ClaimAsync(queue, 6, 20)).Count(c => c.TenantId == waits.Id));
    }

    [Fact]
    public async Task Neither_a_restart_nor_a_second_worker_gives_an_idle_lane_what_it_did_not_use()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (busy, idle) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await FillAsync(ledger, busy, 3_000);
        DeliveryQueue[] workers = [Queue(ledger), Queue(ledger)];
        for (var round = 0; round < 8; round++)
        {
            foreach (var worker in workers)
            {
                await ClaimAsync(worker, 1, 100);
                worker.Forget();
            }
        }

        await FillAsync(ledger, idle, 500);
        var first = await ClaimAsync(Queue(ledger), 4, 40);

        // Standard plans weigh 4: the lane was passed by 400, and may be behind by what one look at the lanes missed.
        Assert.InRange(first.Count(c => c.TenantId == idle.Id), 60, 100);
        var clock = await ledger.ScalarAsync<double>("SELECT vtime FROM lane_clocks WHERE stream = 'broadcast'");
        Assert.InRange(clock, 300, 410);
        Assert.True(await ledger.ScalarAsync<bool>("SELECT bool_and(vtime >= 300) FROM lanes"));
    }

    [Fact]
    public async Task A_claim_reads_no_more_than_four_rows_for_each_that_it_leases()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenants = new List<TestTenant>();
        for (var i = 0; i < 8; i++)
        {
            tenants.Add(await ledger.CreateTenantAsync());
            await FillAsync(ledger, tenants[^1], i == 0 ? 5_000 : 300);
        }

        // A worker's usual moment: many rows are leased, and its bound has passed them.
        await ledger.ExecuteAsync(
            """
            UPDATE deliveries_due d SET lease_until = now() + interval '1 minute'
            WHERE due_at < (SELECT min(due_at) FROM deliveries_due x WHERE x.tenant_id = d.tenant_id) + interval '0.1 seconds';
            ANALYZE deliveries_due
            """
        );
        var bounds = (
            await ledger.QueryAsync<(Guid Tenant, DateTime At)>(
                "SELECT tenant_id, max(due_at) FROM deliveries_due WHERE lease_until IS NOT NULL GROUP BY tenant_id"
            )
        ).ToDictionary(b => b.Tenant, b => b.At);
        LaneQuota[] quotas = [.. tenants.Select(t => new LaneQuota(new Lane(t.Id, "broadcast", 0, 4), 16))];

        var (read, claimed) = await ReadByClaimAsync(ledger, quotas, bounds);

        TestContext.Current.TestOutputHelper?.WriteLine($"{read} rows read for {claimed} claimed");
        Assert.Equal(128, claimed);
        Assert.True(read <= 4 * claimed, $"{read} rows were read to claim {claimed}");
    }

    /// <summary>Rows that all scans of the queue's table returned or threw away, by EXPLAIN (ANALYZE).</summary>
    private static async Task<(long Read, long Claimed)> ReadByClaimAsync(
        TestLedger ledger,
        LaneQuota[] quotas,
        Dictionary<Guid, DateTime> bounds
    )
    {
        await using var connection = await ledger.Worker.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        var claim = ClaimStatement.Build(quotas, lane => bounds[lane.TenantId], _ => 0, TimeSpan.FromMinutes(1));
        claim.CommandText = "EXPLAIN (ANALYZE, FORMAT JSON) " + claim.CommandText;
        batch.BatchCommands.Add(claim);
        var plan = JsonDocument.Parse((string)(await batch.ExecuteScalarAsync())!).RootElement[0].GetProperty("Plan");
        var nodes = Nodes(plan).ToArray();
        var scans = nodes.Where(n =>
            n.GetProperty("Node Type").GetString()!.EndsWith("Scan", StringComparison.Ordinal)
            && n.TryGetProperty("Relation Name", out var table)
            && table.GetString() == "deliveries_due"
        );
        var read = scans.Sum(n =>
            (Number(n, "Actual Rows") + Number(n, "Rows Removed by Filter")) * Number(n, "Actual Loops")
        );
        var claimed = await ledger.ScalarAsync<long>(
            "SELECT count(*) FROM deliveries_due WHERE lease_until IS NOT NULL AND fence > 0"
        );
        return ((long)read, claimed);

        static double Number(JsonElement node, string name) =>
            node.TryGetProperty(name, out var value) ? value.GetDouble() : 0;
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement node)
    {
        yield return node;
        if (node.TryGetProperty("Plans", out var below))
        {
            foreach (var child in below.EnumerateArray().SelectMany(Nodes))
            {
                yield return child;
            }
        }
    }

    private static DeliveryQueue Queue(TestLedger ledger) => new(ledger.Worker, TimeProvider.System);

    private static async Task<List<Claim>> ClaimAsync(DeliveryQueue queue, int times, int atOnce)
    {
        var all = new List<Claim>();
        for (var i = 0; i < times; i++)
        {
            all.AddRange(await queue.ClaimAsync(atOnce, CancellationToken.None));
        }

        return all;
    }

    /// <summary>Broadcasts due since the last hour, in the queue only.</summary>
    private static Task FillAsync(TestLedger ledger, TestTenant tenant, int count) =>
        ledger.ExecuteAsync(
            """
            INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id)
            SELECT @Id, 'broadcast', now() - interval '1 hour' + n * interval '1 millisecond', gen_random_uuid(), gen_random_uuid()
            FROM generate_series(1, @count) n
            """,
            new { tenant.Id, count }
        );
}
