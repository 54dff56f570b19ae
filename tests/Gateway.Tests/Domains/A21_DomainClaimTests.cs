using Dapper;
using Gateway.Domains;
using Gateway.Ledger;
using Gateway.Mail.Dns;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;

namespace Gateway.Tests.Domains;

/// <summary>Who may call a domain his own (RELIABILITY A21).</summary>
public sealed class A21_DomainClaimTests(TestCluster cluster)
{
    [Fact]
    public async Task A21_of_1000_who_claim_and_prove_at_once_one_owns()
    {
        const string name = "wanted.example";
        await using var host = await DomainHost.StartAsync(cluster);
        var rows = await ClaimByManyAsync(host, name, 1_000);
        // The zone is everybody's: all texts stand in it, so that only the ledger can decide.
        var dns = new EveryText([.. rows.Select(r => r.ChallengeText!)]);
        var checks = new DomainChecks(new DomainStore(host.Ledger.Door), dns, host.Suffixes, TimeProvider.System);
        await Parallel.ForEachAsync(
            rows,
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (row, cancel) => await checks.CheckAsync(row, cancel)
        );
        var states = await host.Ledger.QueryAsync<(string State, string? Problem, long Count)>(
            "SELECT state, problem, count(*) FROM sending_domains WHERE domain = @name GROUP BY 1, 2 ORDER BY 3",
            new { name }
        );
        Assert.Equal([("verified", null, 1L), ("pending", "owned_by_another", 999L)], states);
        Assert.Equal(
            1,
            await host.Ledger.ScalarAsync<long>(
                "SELECT count(*) FROM events WHERE type = 'domain.verified' AND data ->> 'domain' = @name",
                new { name }
            )
        );
    }

    [Fact]
    public async Task A21_the_text_of_one_tenant_proves_nothing_for_another()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        using var mine = host.Client(await host.Ledger.CreateTenantAsync());
        using var theirs = host.Client(await host.Ledger.CreateTenantAsync());
        host.Publish(await mine.ClaimAsync("one.example"));
        var claim = await theirs.ClaimAsync("ONE.example");
        Assert.Equal("record_different", (await theirs.VerifyAsync(claim))["problem"].Text("code"));
    }

    [Fact]
    public async Task A21_whoever_sold_a_domain_loses_it_and_its_old_text_opens_nothing()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var (seller, buyer) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        using var old = host.Client(seller);
        using var next = host.Client(buyer);
        var sold = await old.ClaimAsync("sold.example");
        host.Publish(sold, "ownership");
        Assert.Equal("verified", (await old.VerifyAsync(sold)).Text("state"));

        var bought = await next.ClaimAsync("sold.example");
        host.Publish(bought, "ownership");
        Assert.Equal("owned_by_another", (await next.VerifyAsync(bought))["problem"].Text("code"));
        // The buyer's proof has the seller looked up at once: the warning of a day begins.
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.UpkeepAsync();
        Assert.Equal("degraded", (await old.JsonAsync($"/v1/domains/{sold.Id()}")).Text("state"));
        for (var hour = 0; hour < 25; hour++)
        {
            host.Clock.Advance(TimeSpan.FromHours(1));
            await host.UpkeepAsync();
        }

        var failed = await old.JsonAsync($"/v1/domains/{sold.Id()}");
        Assert.Equal("failed", failed.Text("state"));
        Assert.Equal(["domain.verified", "domain.degraded", "domain.failed"], await DomainEventsAsync(host, seller));
        Assert.Equal("verified", (await next.VerifyAsync(bought)).Text("state"));

        // Both texts again, as when a zone is restored: the old one was replaced when it failed.
        host.Zone.Txt(Text(sold, "name"), Text(sold, "value"), Text(bought, "value"));
        Assert.NotEqual(Text(sold, "value"), Text(failed, "value"));
        Assert.Equal("failed", (await old.VerifyAsync(sold)).Text("state"));
        await next.SendAsync(HttpMethod.Delete, $"/v1/domains/{bought.Id()}", 204);
        Assert.Equal("failed", (await old.VerifyAsync(sold)).Text("state"));
        var again = await next.ClaimAsync("sold.example");
        Assert.Equal("record_different", (await next.VerifyAsync(again))["problem"].Text("code"));
    }

    [Fact]
    public async Task A21_a_name_below_anothers_domain_needs_that_owners_word()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        using var owner = host.Client(await host.Ledger.CreateTenantAsync("corp.example"));
        var stranger = await host.Ledger.CreateTenantAsync();
        using var below = host.Client(stranger);
        var claim = await below.ClaimAsync("news.mail.corp.example");
        host.Publish(claim);
        var refused = await below.VerifyAsync(claim);
        Assert.Equal(("pending", "parent_approval_needed"), (refused.Text("state"), refused["problem"].Text("code")));

        var parent = (await owner.JsonAsync("/v1/domains")).Items().Single();
        var path = $"/v1/domains/{parent.Id()}/approvals";
        await owner.SendAsync(HttpMethod.Post, path, 422, Approval(claim.Id(), "elsewhere.example"));
        await owner.SendAsync(HttpMethod.Post, path, 422, Approval("x", "news.mail.corp.example"));
        // Neither another claim nor another name profits, nor can the claimant approve itself.
        await owner.SendAsync(HttpMethod.Post, path, 204, Approval(Guid.NewGuid(), "news.mail.corp.example"));
        await owner.SendAsync(HttpMethod.Post, path, 204, Approval(claim.Id(), "other.corp.example"));
        await below.SendAsync(HttpMethod.Post, path, 404, Approval(claim.Id(), "news.mail.corp.example"));
        Assert.Equal("pending", (await below.VerifyAsync(claim)).Text("state"));
        await host.Ledger.ExecuteAsync("DELETE FROM domain_approvals");
        await owner.SendAsync(HttpMethod.Post, path, 204, Approval(claim.Id(), "NEWS.mail.corp.example."));
        Assert.Equal("verified", (await below.VerifyAsync(claim)).Text("state"));

        using var self = host.Client(await host.Ledger.CreateTenantAsync("mine.example"));
        var own = await self.ClaimAsync("a.mine.example");
        host.Publish(own);
        Assert.Equal("verified", (await self.VerifyAsync(own)).Text("state"));
    }

    [Fact]
    public async Task A21_an_outage_of_DNS_takes_no_domain_away()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var claim = await client.ClaimAsync("steady.example");
        host.Publish(claim);
        await client.VerifyAsync(claim);
        await host.UpkeepAsync();
        host.Zone.Broken["example"] = true;
        for (var day = 0; day < 5; day++)
        {
            host.Clock.Advance(TimeSpan.FromDays(1));
            await host.Upkeep.RunOnceAsync(CancellationToken.None);
        }

        var after = await client.JsonAsync($"/v1/domains/{claim.Id()}");
        Assert.Equal(("verified", "dns_unavailable"), (after.Text("state"), after["problem"].Text("code")));
        Assert.Equal("active", after.Items("dkim").Single().Text("state"));
    }

    [Fact]
    public async Task A21_another_tenants_domain_is_as_good_as_none()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        using var mine = host.Client(await host.Ledger.CreateTenantAsync());
        using var theirs = host.Client(await host.Ledger.CreateTenantAsync());
        var claim = await mine.ClaimAsync("mine.example");
        foreach (var (method, path) in Endpoints(claim.Id()))
        {
            var body = path.EndsWith("approvals", StringComparison.Ordinal)
                ? Approval(claim.Id(), "a.mine.example")
                : null;
            await theirs.SendAsync(method, path, 404, body);
        }

        Assert.Equal("pending", (await mine.JsonAsync($"/v1/domains/{claim.Id()}")).Text("state"));
        Assert.Single((await mine.JsonAsync($"/v1/domains/{claim.Id()}")).Items("dkim"));
        Assert.DoesNotContain(
            "mine.example",
            (await theirs.JsonAsync("/v1/domains")).ToJsonString(),
            StringComparison.Ordinal
        );
    }

    private static (HttpMethod, string)[] Endpoints(Guid id) =>
        [
            (HttpMethod.Get, $"/v1/domains/{id}"),
            (HttpMethod.Get, $"/v1/domains/{id}/dns"),
            (HttpMethod.Post, $"/v1/domains/{id}/verify"),
            (HttpMethod.Post, $"/v1/domains/{id}/dkim/rotate"),
            (HttpMethod.Post, $"/v1/domains/{id}/approvals"),
            (HttpMethod.Delete, $"/v1/domains/{id}"),
        ];

    private static string Approval(object claim, string domain) => $$"""{"claim":"{{claim}}","domain":"{{domain}}"}""";

    private static string Text(System.Text.Json.Nodes.JsonNode domain, string field) =>
        domain.Items("records").Single(r => r.Text("purpose") == "ownership").Text(field);

    private static async Task<string[]> DomainEventsAsync(DomainHost host, TestTenant tenant) =>
        [.. (await host.EventsAsync(tenant)).Where(e => !e.StartsWith("domain.dkim", StringComparison.Ordinal))];

    private static async Task<IReadOnlyList<DomainRow>> ClaimByManyAsync(DomainHost host, string name, int count)
    {
        var now = DateTimeOffset.UtcNow;
        await using var owner = await host.Ledger.Owner.OpenConnectionAsync();
        await owner.ExecuteAsync(
            """
            INSERT INTO tenants (tenant_id, name) SELECT t, t::text FROM unnest(@tenants) t;
            INSERT INTO sending_domains (domain_id, tenant_id, domain, state, challenge)
            SELECT d, t, @name, 'pending', c FROM unnest(@ids, @tenants, @challenges) AS x (d, t, c)
            """,
            new
            {
                name,
                tenants = Ids(),
                ids = Ids(),
                challenges = Enumerable.Range(0, count).Select(_ => Challenge.New()).ToArray(),
            }
        );
        return await host.Ledger.QueryAsync<DomainRow>(
            $"SELECT {DomainRow.Columns} FROM sending_domains WHERE domain = @name",
            new { name }
        );

        Guid[] Ids() => [.. Enumerable.Range(0, count).Select(_ => LedgerId.New(now))];
    }

    /// <summary>More texts than a packet of DNS could carry.</summary>
    private sealed class EveryText(string[] texts) : IDnsResolver
    {
        public ValueTask<DnsAnswer> ResolveAsync(
            DnsQuestion question,
            DnsFreshness freshness,
            CancellationToken cancel
        ) =>
            new(
                new DnsAnswer.Found(
                    question.Name,
                    [
                        .. texts.Select(t => new DnsRecord(
                            question.Name,
                            DnsType.Txt,
                            1,
                            TimeSpan.Zero,
                            new DnsData.Text([System.Text.Encoding.ASCII.GetBytes(t)])
                        )),
                    ],
                    TimeSpan.Zero
                )
            );
    }
}
