using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Resends;
using Gateway.Tests.Tenancy;
using Gateway.Worker.Delivery;

namespace Gateway.Tests.Holds;

/// <summary>What the operator parks, sees parked, lets go and cancels.</summary>
public sealed class HoldTests(TestCluster cluster)
{
    private static readonly NextStep MassBounce = new(
        DeliveryState.Held,
        "mass_bounce",
        TimeSpan.FromDays(7),
        "release"
    );

    [Fact]
    public async Task Holds_are_counted_by_cause_path_and_tenant_and_listed()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var (one, two) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        await host.Mail.AcceptAsync(one, new() { To = ["a@example.com", "b@example.com"] });
        await host.Mail.AcceptAsync(two);
        await host.Mail.ServeAsync(MassBounce, "bad");
        await host.Mail.AcceptAsync(two);
        await host.Mail.ServeAsync(LedgerMail.Held, "good");
        using var ops = host.Operator();
        var page = await ops.GetJsonAsync("/ops/v1/holds?limit=3").Expect(200);
        Assert.Equal(
            new[] { $"{one.Id} mass_bounce bad 2", $"{two.Id} mass_bounce bad 1", $"{two.Id} ttl_reached good 1" },
            page.Body["counts"]!.AsArray().Select(c => $"{c!["tenant"]} {c["cause"]} {c["path"]} {c["count"]}")
        );
        Assert.Equal(3, page.Items.Count);
        Assert.Single((await ops.GetJsonAsync($"/ops/v1/holds?limit=3&cursor={page["next"]}")).Items);
        Assert.Equal(2, (await ops.GetJsonAsync($"/ops/v1/holds?tenant={one.Id}")).Items.Count);
        Assert.Single((await ops.GetJsonAsync("/ops/v1/holds?cause=ttl_reached&path=good")).Items);
        Assert.Empty((await ops.GetJsonAsync("/ops/v1/holds?until=2020-01-01")).Items);
    }

    [Fact]
    public async Task What_waits_is_parked_and_goes_on_only_when_the_operator_says_so()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        var queued = await host.Mail.AcceptAsync(tenant);
        var untouched = await host.Mail.AcceptAsync(other);
        // One is leased by a worker that has not begun it: it loses it.
        var claims = await host.Mail.Queue.ClaimAsync(10, CancellationToken.None);
        using var ops = host.Operator();
        Assert.Equal(
            "tenant",
            (await ops.PostJsonAsync("/ops/v1/holds", new { reason = "everything" }).Expect(422))["field"]
        );
        var body = new
        {
            tenant = tenant.Id,
            rate = 1000,
            reason = "abuse report",
        };
        var tried = await ops.PostJsonAsync("/ops/v1/holds?dry_run=true", body).Expect(200);
        Assert.Equal("1", tried.Body["preview"]!["would_act"]!.ToString());
        await ops.PostJsonAsync("/ops/v1/holds", body).Expect(200);
        Assert.Equal(1, await host.RunAsync());
        foreach (var claim in claims)
        {
            Assert.Equal(claim.MessageId == untouched, await host.Mail.ServeAsync(claim, LedgerMail.Sent));
        }

        using var client = host.Client(tenant);
        await client.PostJsonAsync($"/v1/messages/{queued}/release", null).Expect(409, "held_by_operator");
        var message = await client.GetJsonAsync($"/v1/messages/{queued}");
        Assert.Equal(("held", "operator"), (message["state"], message.Body["deliveries"]![0]!["cause"]!.ToString()));

        await ops.PostJsonAsync(
                "/ops/v1/holds/release",
                new
                {
                    cause = "operator",
                    rate = 1000,
                    reason = "cleared",
                }
            )
            .Expect(200);
        Assert.Equal(1, await host.RunAsync());
        Assert.Equal(1, await host.Mail.ServeAsync(LedgerMail.Sent));
        Assert.Equal(new Dictionary<string, long> { ["sent"] = 2 }, await host.StatesAsync());
        Assert.Equal(
            ["hold.release", "hold.set"],
            await host.Ledger.QueryAsync<string>(
                "SELECT DISTINCT action FROM audit WHERE data ? 'deliveries' ORDER BY 1"
            )
        );
    }

    [Fact]
    public async Task What_is_held_is_cancelled_with_a_cap_and_its_tenant_reads_why()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var message = await host.Mail.AcceptAsync(tenant, new() { To = ["a@example.com", "b@example.com"] });
        await host.Mail.ServeAsync(MassBounce, "bad");
        using var ops = host.Operator();
        var refused = await ops.PostJsonAsync("/ops/v1/holds/cancel", new { max = 1, reason = "spam" })
            .Expect(409, "cap_exceeded");
        Assert.Equal("max", refused["field"]);
        await ops.PostJsonAsync(
                "/ops/v1/holds/cancel",
                new
                {
                    path = "bad",
                    rate = 1000,
                    reason = "spam",
                }
            )
            .Expect(200);
        Assert.Equal(2, await host.RunAsync());
        Assert.Equal(new Dictionary<string, long> { ["cancelled"] = 2 }, await host.StatesAsync());
        Assert.Equal(0L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
        using var client = host.Client(tenant);
        var view = await client.GetJsonAsync($"/v1/messages/{message}");
        Assert.All(view.Body["deliveries"]!.AsArray(), d => Assert.Equal("by_operator", d!["cause"]!.ToString()));
    }
}
