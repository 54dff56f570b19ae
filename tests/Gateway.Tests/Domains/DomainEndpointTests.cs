using System.Text.Json.Nodes;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;

namespace Gateway.Tests.Domains;

/// <summary>A domain from claim to signature, as its tenant goes through it.</summary>
public sealed class DomainEndpointTests(TestCluster cluster)
{
    private static readonly Dictionary<string, string?> Platform = new()
    {
        ["Gateway:Domains:SpfInclude"] = "_spf.gateway.example",
        ["Gateway:Domains:ReturnPathHost"] = "bounces.gateway.example",
        ["Gateway:Domains:DkimZone"] = "dkim.gateway.example",
        ["Gateway:Paths:esp:Dns:SpfInclude"] = "spf.esp.example",
        ["Gateway:Paths:esp:Dns:Records:0:Type"] = "CNAME",
        ["Gateway:Paths:esp:Dns:Records:0:Name"] = "esp1._domainkey.{domain}",
        ["Gateway:Paths:esp:Dns:Records:0:Value"] = "esp1.{domain}.esp.example",
    };

    [Fact]
    public async Task Records_of_operators_paths_are_asked_for_too_and_those_of_anothers_own_path_are_not()
    {
        await using var host = await DomainHost.StartAsync(cluster, Platform);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO paths (path, tenant_id, provider, origin, settings) VALUES
                ('second', NULL, 'smtp', 'operator', '{"Host": "relay.example", "Dns:SpfInclude": "spf.second.example"}'),
                ('own', @Id, 'smtp', 'operator', '{"Host": "own.example", "Dns:Records:0:Type": "TXT",
                    "Dns:Records:0:Name": "_own.{domain}", "Dns:Records:0:Value": "of {domain}"}')
            """,
            new { tenant.Id }
        );

        var mine = await host.Client(tenant).ClaimAsync("mine.example");
        var theirs = await host.Client(other).ClaimAsync("theirs.example");

        Assert.All(
            [mine, theirs],
            claim =>
                Assert.Equal(
                    "v=spf1 include:_spf.gateway.example include:spf.esp.example include:spf.second.example ~all",
                    Record(claim, "spf").Text("value")
                )
        );
        Assert.Contains(mine.Items("records"), r => r.Text("value") == "of mine.example");
        Assert.DoesNotContain(
            theirs.Items("records"),
            r => r.Text("name").StartsWith("_own.", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_domain_goes_from_claim_to_ready_and_tells_what_is_missing_on_the_way()
    {
        await using var host = await DomainHost.StartAsync(cluster, Platform);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        const string name = "shop.example";

        var claim = await client.ClaimAsync(name);
        Assert.Equal(("pending", name), (claim.Text("state"), claim.Text("domain")));
        Assert.Equal(
            ["ownership", "dkim", "spf", "dmarc", "return_path", "path"],
            claim.Items("records").Select(r => r.Text("purpose"))
        );
        Assert.All(claim.Items("records"), r => Assert.EndsWith(name, r.Text("name"), StringComparison.Ordinal));
        Assert.Equal(
            "v=spf1 include:_spf.gateway.example include:spf.esp.example ~all",
            Record(claim, "spf").Text("value")
        );
        Assert.Equal("esp1.shop.example.esp.example", Record(claim, "path").Text("value"));
        Assert.EndsWith(".dkim.gateway.example", Record(claim, "dkim").Text("or_cname"), StringComparison.Ordinal);
        Assert.Equal(claim.Id(), (await client.ClaimAsync("SHOP.example.", 200)).Id());

        var missing = await client.VerifyAsync(claim);
        Assert.Equal(("pending", "record_missing"), (missing.Text("state"), missing["problem"].Text("code")));
        Assert.Contains(
            Record(claim, "ownership").Text("value"),
            missing["problem"].Text("detail"),
            StringComparison.Ordinal
        );
        var before = await client.JsonAsync($"/v1/domains/{claim.Id()}/dns");
        Assert.All(before.Items("records"), r => Assert.Equal("missing", r.Text("status")));
        Assert.False(before["ready"]!.GetValue<bool>());

        host.Publish(claim);
        host.Zone.Txt(
            name,
            "unrelated",
            "v=spf1 ip4:192.0.2.1 include:spf.esp.example ?include:_spf.gateway.example -all"
        );
        host.Zone.Txt("_dmarc." + name, "v=DMARC1; p=reject");
        var verified = await client.VerifyAsync(claim);
        Assert.Equal("verified", verified.Text("state"));
        Assert.Null(verified["problem"]);
        var dns = await client.JsonAsync($"/v1/domains/{claim.Id()}/dns");
        Assert.All(dns.Items("records"), r => Assert.Equal("ok", r.Text("status")));
        Assert.True(dns["ready"]!.GetValue<bool>());

        await host.UpkeepAsync();
        var done = await client.JsonAsync($"/v1/domains/{claim.Id()}");
        Assert.Equal("active", Assert.Single(done.Items("dkim")).Text("state"));
        Assert.Equal(["domain.verified", "domain.dkim_active"], await host.EventsAsync(tenant));
        // An event is shown once no older transaction of the cluster is under way.
        await Eventually.EqualAsync(
            name,
            async () =>
                (await client.JsonAsync("/v1/events?type=domain.verified"))
                    .Items()
                    .SingleOrDefault()
                    ?["data"].Text("domain"),
            "the event that the tenant reads"
        );
    }

    [Fact]
    public async Task What_stands_in_DNS_is_shown_beside_what_is_wanted()
    {
        await using var host = await DomainHost.StartAsync(cluster, Platform);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        var claim = await client.ClaimAsync("other.example");
        host.Publish(claim);
        host.Zone.Txt("other.example", "v=spf1 include:spf.esp.example ~all");
        host.Zone.Txt(Record(claim, "dkim").Text("name"), "v=DKIM1; p=AAAA");
        host.Zone.Txt("_dmarc.other.example", "v=DMARC1; p=none", "v=DMARC1; p=reject");
        host.Zone.Broken["gw-bounce.other.example"] = true;
        var dns = await client.JsonAsync($"/v1/domains/{claim.Id()}/dns");
        Assert.Equal("different", Record(dns, "spf").Text("status"));
        Assert.Equal("different", Record(dns, "dkim").Text("status"));
        Assert.Equal(["v=DKIM1; p=AAAA"], Record(dns, "dkim")["seen"]!.AsArray().Select(s => s!.ToString()));
        Assert.Equal("different", Record(dns, "dmarc").Text("status"));
        Assert.Equal("unknown", Record(dns, "return_path").Text("status"));
        Assert.Equal("ok", Record(dns, "ownership").Text("status"));
    }

    [Fact]
    public async Task A_list_has_pages_and_what_is_removed_is_in_none()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        foreach (var n in (string[])["a", "b", "c"])
        {
            await client.ClaimAsync($"{n}.example");
        }

        var first = await client.JsonAsync("/v1/domains?limit=2");
        Assert.Equal(["c.example", "b.example"], first.Items().Select(d => d.Text("domain")));
        var second = await client.JsonAsync($"/v1/domains?limit=2&cursor={first.Text("next")}");
        Assert.Equal(["a.example", tenant.Domain], second.Items().Select(d => d.Text("domain")));
        await client.SendAsync(HttpMethod.Delete, $"/v1/domains/{first.Items()[0].Id()}", 204);
        await client.SendAsync(HttpMethod.Delete, $"/v1/domains/{first.Items()[0].Id()}", 404);
        await client.SendAsync(HttpMethod.Get, $"/v1/domains/{first.Items()[0].Id()}", 404);
        Assert.Equal(3, (await client.JsonAsync("/v1/domains")).Items().Count);
        Assert.Contains("domain.removed", await host.EventsAsync(tenant));
    }

    [Fact]
    public async Task Each_refusal_names_field_value_and_what_would_be_accepted()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        foreach (var (domain, code) in new[] { ("a b.example", "domain_invalid"), ("co.uk", "public_suffix") })
        {
            var refused = await client.ClaimAsync(domain, 422);
            Assert.Equal(
                (code, "domain", domain),
                (refused.Text("code"), refused.Text("field"), refused.Text("value"))
            );
            Assert.NotEmpty(refused.Text("accepted"));
        }

        await client.SendAsync(HttpMethod.Post, "/v1/domains", 422, """{"domain":"a.example","owner":"me"}""");
        await client.SendAsync(HttpMethod.Post, "/v1/domains", 400, "null");
        await client.SendAsync(HttpMethod.Post, "/v1/domains", 415);
        var own = (await client.JsonAsync("/v1/domains")).Items().Single();
        await client.SendAsync(HttpMethod.Post, $"/v1/domains/{own.Id()}/dkim/rotate?algorithm=md5", 422);
    }

    [Fact]
    public async Task A_key_reaches_as_far_as_its_scope_and_its_domains()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var (reader, narrow) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        await host.Ledger.ExecuteAsync(
            "UPDATE api_keys SET scopes = '{read}' WHERE key_id = @Id",
            new { reader.Key.Id }
        );
        using var reading = host.Client(reader);
        Assert.Single((await reading.JsonAsync("/v1/domains")).Items());
        await reading.ClaimAsync("new.example", 403);
        await host.Ledger.ExecuteAsync(
            "UPDATE api_keys SET domains = '{only.example}' WHERE key_id = @Id",
            new { narrow.Key.Id }
        );
        using var narrowed = host.Client(narrow);
        Assert.Empty((await narrowed.JsonAsync("/v1/domains")).Items());
        Assert.Equal("key_narrowed", (await narrowed.ClaimAsync("new.example", 403)).Text("code"));
        await narrowed.ClaimAsync("only.example");
    }

    private static JsonNode Record(JsonNode domain, string purpose) =>
        domain.Items("records").Single(r => r.Text("purpose") == purpose);
}
