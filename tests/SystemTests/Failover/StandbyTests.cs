using System.Globalization;
using SystemTests.Incidents;

namespace SystemTests.Failover;

/// <summary>A standby has less room than the path it stands in for: who goes first, and what the others are told (D25).</summary>
[Collection("incidents")]
public sealed class StandbyTests(SharedStage shared)
{
    [Fact]
    public async Task Transactional_mail_takes_a_standbys_room_first_and_broadcast_mail_waits_with_an_estimate()
    {
        var stage = shared.Stage;
        var tenant = await stage.TenantAsync("gone", "standby");
        await Stage.RulesAsync();
        await stage.SendAsync(tenant, 60, "bulk-", stream: "broadcast");
        await stage.SendAsync(tenant, 60, "urgent-");
        await stage.UntilAsync(
            $"SELECT NOT EXISTS (SELECT FROM deliveries WHERE state <> 'sent' AND {Stage.Of(tenant)})",
            "all is sent over the standby"
        );

        var early = await stage.Ledger.ScalarAsync<long>(
            """
            SELECT count(*) FROM deliveries d JOIN messages m USING (tenant_id, message_id)
            WHERE d.tenant_id = @Id AND m.stream = 'broadcast' AND d.updated_at <= (
                SELECT max(x.updated_at) FROM deliveries x JOIN messages y USING (tenant_id, message_id)
                WHERE x.tenant_id = @Id AND y.stream = 'transactional')
            """,
            new { tenant.Id }
        );
        // Some went before the first urgent one came, and a second's worth before it found no room.
        Assert.InRange(early, 0, 45);
        var busiest = await stage.Ledger.ScalarAsync<long>(
            """
            SELECT max(n) FROM (SELECT (SELECT count(*) FROM attempts b WHERE b.tenant_id = @Id AND b.path = 'standby'
                AND b.begun_at >= a.begun_at AND b.begun_at < a.begun_at + interval '900 milliseconds') AS n
                FROM attempts a WHERE a.tenant_id = @Id AND a.path = 'standby') w
            """,
            new { tenant.Id }
        );
        Assert.InRange(busiest, 1, 25);
        Assert.True(
            await stage.Ledger.ScalarAsync<bool>(
                """
                SELECT count(*) > 0 AND bool_and(data ? 'estimated_at') FROM events
                WHERE tenant_id = @Id AND data ->> 'waiting_for' = 'limit:path'
                """,
                new { tenant.Id }
            )
        );
        Stage.Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"standby of 20/s: 60 transactional before all but {early} of 60 broadcast, at most {busiest} in 0.9 s"
            )
        );
    }

    [Fact]
    public async Task What_a_days_cap_leaves_out_goes_over_the_next_path()
    {
        var stage = shared.Stage;
        var tenant = await stage.TenantAsync("capped", "other");
        await Stage.RulesAsync();
        await stage.SendAsync(tenant, 25, "capped-");
        await stage.UntilAsync(
            $"SELECT NOT EXISTS (SELECT FROM deliveries WHERE state <> 'sent' AND {Stage.Of(tenant)})",
            "all is sent"
        );
        Assert.Equal(
            10L,
            await stage.Ledger.ScalarAsync<long>(
                "SELECT count(*) FROM deliveries WHERE tenant_id = @Id AND path = 'capped'",
                new { tenant.Id }
            )
        );
    }
}
