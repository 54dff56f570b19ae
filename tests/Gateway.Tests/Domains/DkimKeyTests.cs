using Gateway.Mail.Dkim;
using Gateway.Secrets;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Worker.Signing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Domains;

/// <summary>Keys from their making to the end of their record (D14, D18; RELIABILITY A22).</summary>
public sealed class DkimKeyTests(TestCluster cluster)
{
    [Fact]
    public async Task A_rotation_overlaps_and_the_old_record_stays_for_its_TTL_and_a_week()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var claim = await client.ClaimAsync("keys.example");
        host.Publish(claim);
        await client.VerifyAsync(claim);
        await host.UpkeepAsync();
        var signing = Signing(host);
        var first = Assert.Single(await signing.FindAsync(tenant.Id, "keys.example", default)).Selector;

        var rotated = await client.SendAsync(HttpMethod.Post, $"/v1/domains/{claim.Id()}/dkim/rotate", 200);
        await client.SendAsync(HttpMethod.Post, $"/v1/domains/{claim.Id()}/dkim/rotate", 200);
        Assert.Equal(["active", "pending"], rotated.Items("dkim").Select(k => k.Text("state")));
        await host.UpkeepAsync();
        Assert.Equal(first, Assert.Single(await Signing(host).FindAsync(tenant.Id, "keys.example", default)).Selector);

        host.Publish(rotated, "dkim");
        await client.VerifyAsync(claim);
        await host.UpkeepAsync();
        var after = await client.JsonAsync($"/v1/domains/{claim.Id()}");
        Assert.Equal(["retired", "active"], after.Items("dkim").Select(k => k.Text("state")));
        Assert.NotEqual(
            first,
            Assert.Single(await Signing(host).FindAsync(tenant.Id, "keys.example", default)).Selector
        );
        Assert.Equal(2, after.Items("records").Count(r => r.Text("purpose") == "dkim"));
        var until = after.Items("dkim")[0]["publish_until"]!.GetValue<DateTimeOffset>();
        var expected = host.Clock.GetUtcNow() + TimeSpan.FromDays(7) + TimeSpan.FromSeconds(host.Zone.Ttl);
        Assert.InRange(until, expected - TimeSpan.FromMinutes(1), expected);
        Assert.Equal(
            ["domain.dkim_active", "domain.dkim_active", "domain.dkim_retired"],
            (await host.EventsAsync(tenant)).Where(e => e.Contains("dkim", StringComparison.Ordinal)).Order()
        );
        host.Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromMinutes(6));
        Assert.Single((await client.JsonAsync($"/v1/domains/{claim.Id()}")).Items("dkim"));
    }

    [Fact]
    public async Task A_key_whose_record_changes_stops_within_the_hour_and_signs_again_when_it_is_back()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var claim = await client.ClaimAsync("stop.example");
        host.Publish(claim);
        await client.VerifyAsync(claim);
        await host.UpkeepAsync();
        var record = claim.Items("records").Single(r => r.Text("purpose") == "dkim");
        using var other = DkimKey.Generate(DkimAlgorithm.RsaSha256);
        host.Zone.Txt(record.Text("name"), other.PublicRecord);
        host.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        await host.UpkeepAsync();
        var stopped = (await client.JsonAsync($"/v1/domains/{claim.Id()}")).Items("dkim").Single();
        Assert.Equal("stopped", stopped.Text("state"));
        Assert.Contains("another key", stopped.Text("problem"), StringComparison.Ordinal);
        Assert.Empty(await Signing(host).FindAsync(tenant.Id, "stop.example", default));

        host.Zone.Txt(record.Text("name"), record.Text("value"));
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        await host.UpkeepAsync();
        Assert.Single(await Signing(host).FindAsync(tenant.Id, "stop.example", default));
        Assert.Equal(
            ["domain.dkim_active", "domain.dkim_stopped", "domain.dkim_active"],
            (await host.EventsAsync(tenant)).Where(e => e.Contains("dkim", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("TXT in two strings of any spacing")]
    [InlineData("CNAME to our zone")]
    public async Task A_record_may_be_published_in_any_form_that_receivers_read(string form)
    {
        await using var host = await DomainHost.StartAsync(
            cluster,
            new Dictionary<string, string?> { ["Gateway:Domains:DkimZone"] = "dkim.gateway.example" }
        );
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var claim = await client.ClaimAsync("form.example");
        var record = claim.Items("records").Single(r => r.Text("purpose") == "dkim");
        var (name, value) = (record.Text("name"), record.Text("value"));
        if (form.StartsWith("CNAME", StringComparison.Ordinal))
        {
            host.Zone.Alias(name, record.Text("or_cname"));
            host.Zone.Txt(record.Text("or_cname"), value);
        }
        else
        {
            host.Zone.Txt(name, value.Replace("; ", " ;  ", StringComparison.Ordinal) + ";");
        }

        await host.UpkeepAsync();
        var keys = (await client.JsonAsync($"/v1/domains/{claim.Id()}")).Items("dkim");
        Assert.Equal("active", Assert.Single(keys).Text("state"));
        var dns = await client.JsonAsync($"/v1/domains/{claim.Id()}/dns");
        Assert.Equal("ok", dns.Items("records").Single(r => r.Text("purpose") == "dkim").Text("status"));
    }

    [Fact]
    public async Task Both_algorithms_sign_side_by_side_and_their_private_parts_lie_sealed()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var claim = await client.SendAsync(
            HttpMethod.Post,
            "/v1/domains",
            201,
            """{"domain":"both.example","ed25519":true}"""
        );
        host.Publish(claim);
        await client.VerifyAsync(claim);
        await host.UpkeepAsync();
        var signing = await Signing(host).FindAsync(tenant.Id, "both.example", default);
        Assert.Equal(
            [DkimAlgorithm.RsaSha256, DkimAlgorithm.Ed25519Sha256],
            signing.Select(k => k.Key.Algorithm).Order()
        );
        var rows = await host.Ledger.QueryAsync<(string Selector, byte[] Sealed)>(
            "SELECT selector, private_sealed FROM dkim_keys WHERE tenant_id = @Id",
            new { tenant.Id }
        );
        foreach (var (selector, secret) in rows)
        {
            var place = DkimSecret.Place(tenant.Id, "both.example", selector);
            using var opened = DkimKey.ImportPkcs8(TestKeys.Master.Open(secret, place));
            Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() =>
                TestKeys.Master.Open(secret, place with { Tenant = Guid.NewGuid() })
            );
        }

        await using var door = await host.Ledger.Door.OpenConnectionAsync();
        await using var read = new Npgsql.NpgsqlCommand("SELECT private_sealed FROM dkim_keys", door);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => read.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A22_nothing_that_a_removed_tenant_was_given_is_given_to_the_next()
    {
        await using var host = await DomainHost.StartAsync(
            cluster,
            new Dictionary<string, string?> { ["Gateway:Domains:DkimZone"] = "dkim.gateway.example" }
        );
        using var gone = host.Client(await host.Ledger.CreateTenantAsync());
        var next = await host.Ledger.CreateTenantAsync();
        using var heir = host.Client(next);
        var first = await gone.ClaimAsync("heritage.example");
        host.Publish(first);
        await gone.VerifyAsync(first);
        await host.UpkeepAsync();
        await gone.SendAsync(HttpMethod.Delete, $"/v1/domains/{first.Id()}", 204);

        // Every record of the first owner still stands in the zone, as in a takeover.
        // The heir's own retired keys may stand beside its new ones.
        string[] Given(System.Text.Json.Nodes.JsonNode d)
        {
            var records = d.Items("records").Where(r => r["required"]!.GetValue<bool>()).ToArray();
            return
            [
                .. records.Select(r => r.Text("value")),
                .. records.Where(r => r["or_cname"] is not null).Select(r => r.Text("or_cname")),
                .. d.Items("dkim").Where(k => k.Text("state") != "retired").Select(k => k.Text("selector")),
            ];
        }

        var before = Given(first);
        for (var i = 0; i < 3; i++)
        {
            var second = await heir.ClaimAsync("heritage.example");
            Assert.Empty(before.Intersect(Given(second)));
            Assert.Equal("pending", (await heir.VerifyAsync(second)).Text("state"));
            await host.UpkeepAsync();
            var view = await heir.JsonAsync($"/v1/domains/{second.Id()}");
            Assert.DoesNotContain(view.Items("dkim"), k => k.Text("state") == "active");
            await heir.SendAsync(HttpMethod.Delete, $"/v1/domains/{second.Id()}", 204);
            before = [.. before, .. Given(second)];
        }

        // The rows stay as tombstones, and a target is one of a kind.
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() =>
            host.Ledger.ExecuteAsync(
                """
                INSERT INTO dkim_keys (tenant_id, domain, selector, algorithm, private_sealed, public_record, target)
                SELECT @Id, 'x.example', 'x', algorithm, '', '', target FROM dkim_keys WHERE target IS NOT NULL LIMIT 1
                """,
                new { next.Id }
            )
        );
    }

    [Fact]
    public async Task Mail_under_a_domain_that_changed_hands_does_not_leave()
    {
        await using var host = await DomainHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync("hands.example");
        Assert.Empty(await Signing(host).FindAsync(tenant.Id, "hands.example", default));
        await host.Ledger.ExecuteAsync("UPDATE sending_domains SET state = 'failed' WHERE domain = 'hands.example'");
        await host.Ledger.CreateTenantAsync("hands.example");
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
            await Signing(host).FindAsync(tenant.Id, "hands.example", default)
        );
    }

    private static SigningKeys Signing(DomainHost host) =>
        new(
            host.Ledger.Worker,
            TestKeys.Master,
            new ResolvedKeys(host.Dns, new Gateway.Domains.DomainOptions()),
            host.Clock,
            NullLogger<SigningKeys>.Instance
        );
}
