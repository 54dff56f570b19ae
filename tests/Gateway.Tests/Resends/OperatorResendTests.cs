using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Resends;

/// <summary>What the operator sends again, of one tenant or of all.</summary>
public sealed class OperatorResendTests(TestCluster cluster)
{
    [Fact]
    public async Task A_cohort_of_several_tenants_is_previewed_by_tenant_and_resent_over_another_path()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var (one, two) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        await host.Mail.AcceptAsync(one, new() { To = ["a@example.com", "b@example.com"] });
        await host.Mail.AcceptAsync(two, new() { To = ["a@example.com"] });
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        await host.Mail.AcceptAsync(two, new() { To = ["well@example.com"] });
        await host.Mail.ServeAsync(LedgerMail.Bounced, "other");
        await host.Ledger.ExecuteAsync(
            "INSERT INTO paths (path, provider, origin) VALUES ('good', 'sandbox', 'operator')"
        );

        using var ops = host.Operator();
        var filter = new
        {
            state = "bounced",
            path = "bad",
            over = "good",
            rate = 1000,
            reason = "ticket 4711",
        };
        var tried = await ops.PostJsonAsync("/ops/v1/resends?dry_run=true", filter).Expect(200);
        Assert.Equal("3", tried.Body["preview"]!["would_act"]!.ToString());
        Assert.Equal(
            [(one.Id.ToString(), "2"), (two.Id.ToString(), "1")],
            tried.Body["preview"]!["groups"]!.AsArray().Select(g => (g!["tenant"]!.ToString(), g["count"]!.ToString()))
        );
        Assert.Equal(0L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM audit"));

        var made = await ops.PostJsonAsync("/ops/v1/resends", filter).Expect(200);
        var id = made.Body["job"]!["id"]!.ToString();
        Assert.Equal(3, await host.RunAsync());
        Assert.Equal(
            ["good", "good", "good"],
            await host.Ledger.QueryAsync<string>("SELECT pinned_path FROM deliveries WHERE state = 'queued'")
        );
        var job = await ops.GetJsonAsync($"/ops/v1/resends/{id}").Expect(200);
        Assert.Equal(("done", "3"), (job["state"], job.Body["outcomes"]!["resent"]!.ToString()));
        Assert.Equal(3, (await ops.GetJsonAsync($"/ops/v1/resends/{id}/deliveries")).Items.Count);
        Assert.Equal(
            [("resend.create", id, "ticket 4711")],
            await host.Ledger.QueryAsync<(string, string, string)>("SELECT action, target, reason FROM audit")
        );

        // The operator's jobs are nobody else's to see.
        using var tenant = host.Client(one);
        await tenant.GetJsonAsync($"/v1/resends/{id}").Expect(404);
        Assert.Empty((await tenant.GetJsonAsync("/v1/resends")).Items);
    }

    [Fact]
    public async Task A_path_that_cannot_carry_it_is_refused()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO paths (path, provider, origin, tenant_id) VALUES
                ('off', 'sandbox', 'operator', NULL), ('theirs', 'sandbox', 'operator', @Id), ('ejected', 'sandbox', 'operator', NULL);
            INSERT INTO path_modes (path, mode, reason) VALUES ('off', 'off', 'x');
            INSERT INTO path_probations (path, step) VALUES ('ejected', 'ejected')
            """,
            new { tenant.Id }
        );
        using var ops = host.Operator();
        foreach (var over in (string[])["nowhere", "off", "theirs", "ejected"])
        {
            var body = new
            {
                state = "bounced",
                over,
                reason = "try",
            };
            var refused = await ops.PostJsonAsync("/ops/v1/resends", body).Expect(422);
            Assert.Equal(("over", over), (refused["field"], refused["value"]));
        }

        await ops.PostJsonAsync(
                "/ops/v1/resends",
                new
                {
                    state = "bounced",
                    over = "theirs",
                    tenant = tenant.Id,
                    reason = "try",
                }
            )
            .Expect(200);
        Assert.Equal(
            "reason",
            (await ops.PostJsonAsync("/ops/v1/resends", new { state = "bounced" }).Expect(422))["field"]
        );
    }

    [Fact]
    public async Task A_worker_that_dies_in_the_middle_of_a_step_has_done_nothing()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Mail.AcceptAsync(
            tenant,
            new() { To = [.. Enumerable.Range(0, 10).Select(i => $"r{i}@example.com")] }
        );
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        using var ops = host.Operator();
        await ops.PostJsonAsync(
                "/ops/v1/resends",
                new
                {
                    state = "bounced",
                    rate = 1000,
                    reason = "try",
                }
            )
            .Expect(200);
        // Its last statement cannot be made; all before it were.
        await host.Ledger.ExecuteAsync(
            "ALTER TABLE cohorts ADD CONSTRAINT broken CHECK (paced_at < created_at) NOT VALID"
        );
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => host.Runner.RunOnceAsync(CancellationToken.None));
        Assert.Equal(10L, (await host.StatesAsync())["bounced"]);
        Assert.Equal(10L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries"));
        await host.Ledger.ExecuteAsync("ALTER TABLE cohorts DROP CONSTRAINT broken");
        using var next = host.NewRunner();
        while (await next.RunOnceAsync(CancellationToken.None) > 0)
        {
            // Until its turn is over.
        }

        await host.RunAsync();
        Assert.Equal(new Dictionary<string, long> { ["bounced"] = 10, ["queued"] = 10 }, await host.StatesAsync());
        Assert.Equal(10L, await host.Ledger.ScalarAsync<long>("SELECT count(DISTINCT resend_of) FROM deliveries"));
    }
}
