using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Tenancy;

/// <summary>A tenant makes, rotates and revokes its keys; none makes itself greater (D17).</summary>
[Collection(TenancyCollection.Name)]
public sealed class KeyManagementTests(TenancyGateway gateway)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly string[] All = ["send", "read", "manage"];

    [Fact]
    public async Task A_key_is_shown_once_and_does_what_its_scopes_say()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var manager = gateway.Client(tenant);
        var made = await manager
            .PostJsonAsync("/v1/keys", new { name = "reports", scopes = new[] { "read" } })
            .Expect(201);
        using var reader = gateway.Client(made["key"]!, replica: 1);
        await reader.GetJsonAsync("/v1/messages").Expect(200);
        await reader.SendAsync(tenant.Address).Expect(403, "scope_missing");
        await reader.GetJsonAsync("/v1/keys").Expect(403, "scope_missing");

        var list = await manager.GetJsonAsync("/v1/keys?limit=1").Expect(200);
        Assert.Equal(made["id"], Assert.Single(list.Items)["id"]!.ToString());
        var rest = await manager.GetJsonAsync($"/v1/keys?cursor={list["next"]}").Expect(200);
        Assert.Equal(tenant.Key.Id, Assert.Single(rest.Items)["id"]!.ToString());
        Assert.Null(rest["next"]);
        var shown = await manager.GetJsonAsync($"/v1/keys/{made["id"]}").Expect(200);
        Assert.Equal("active", shown["state"]);
        Assert.DoesNotContain(made["key"]![^40..], $"{shown}{list}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"scopes":["read"]}""", 422, "required", "name")]
    [InlineData("""{"name":"x"}""", 422, "required", "scopes")]
    [InlineData("""{"name":"x","scopes":[]}""", 422, "required", "scopes")]
    [InlineData("""{"name":"x","scopes":["own"]}""", 422, "not_accepted", "scopes[0]")]
    [InlineData("""{"name":"x","scopes":"read"}""", 422, "not_accepted", "scopes")]
    [InlineData("""{"name":"x","scopes":["read"],"mode":"debug"}""", 422, "not_accepted", "mode")]
    [InlineData(
        """{"name":"x","scopes":["read"],"domains":["foreign.example"]}""",
        422,
        "domain_not_verified",
        "domains[0]"
    )]
    [InlineData(
        """{"name":"x","scopes":["read"],"expires_at":"2001-01-01T00:00:00Z"}""",
        422,
        "not_accepted",
        "expires_at"
    )]
    [InlineData("""{"name":"x","scopes":["read"],"expires_at":"2099-01-01"}""", 422, "not_accepted", "expires_at")]
    [InlineData("""{"name":"x","scopes":["read"],"admin":true}""", 422, "unknown_field", "admin")]
    [InlineData("""{"name":"x","scopes":["read"]""", 400, "json_invalid", null)]
    public async Task A_wrong_field_is_named(string body, int status, string code, string? field)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var manager = gateway.Client(tenant);
        var refused = await manager.PostJsonAsync("/v1/keys", body).Expect(status, code);
        Assert.Equal(field, refused["field"]);
        Assert.NotNull(refused["accepted"]);
        Assert.Single((await manager.GetJsonAsync("/v1/keys")).Items);
    }

    [Fact]
    public async Task A_key_gives_nothing_that_it_has_not_itself()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO sending_domains (domain_id, tenant_id, domain, state, verified_at)
            VALUES (gen_random_uuid(), @Id, @second, 'verified', now())
            """,
            new { tenant.Id, second = "second." + tenant.Domain }
        );
        using var manager = gateway.Client(tenant);
        var narrow = await manager
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "narrow",
                    scopes = new[] { "read", "manage" },
                    domains = new[] { tenant.Domain.ToUpperInvariant() },
                }
            )
            .Expect(201);
        Assert.Equal(tenant.Domain, narrow.Body["domains"]![0]!.ToString());
        using var narrowed = gateway.Client(narrow["key"]!);
        await narrowed
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "x",
                    scopes = All,
                    domains = new[] { tenant.Domain },
                }
            )
            .Expect(403, "scope_not_held");
        await narrowed
            .PostJsonAsync("/v1/keys", new { name = "x", scopes = new[] { "read" } })
            .Expect(403, "domain_not_held");
        await narrowed
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "x",
                    scopes = new[] { "read" },
                    domains = new[] { "second." + tenant.Domain },
                }
            )
            .Expect(403, "domain_not_held");
        // A rotation would give what the rotated key has.
        await narrowed.PostJsonAsync($"/v1/keys/{tenant.Key.Id}/rotate", null).Expect(403, "scope_not_held");

        var test = await manager
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "t",
                    mode = "test",
                    scopes = All,
                }
            )
            .Expect(201);
        using var tester = gateway.Client(test["key"]!);
        await tester
            .PostJsonAsync("/v1/keys", new { name = "x", scopes = new[] { "read" } })
            .Expect(403, "mode_not_held");
        await tester
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "x",
                    mode = "test",
                    scopes = new[] { "read" },
                }
            )
            .Expect(201);
    }

    [Fact]
    public async Task A_narrowed_key_sends_from_its_domains_only()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var second = "second." + tenant.Domain;
        await gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO sending_domains (domain_id, tenant_id, domain, state, verified_at)
            VALUES (gen_random_uuid(), @Id, @second, 'verified', now())
            """,
            new { tenant.Id, second }
        );
        using var manager = gateway.Client(tenant);
        var made = await manager
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "shop",
                    scopes = new[] { "send" },
                    domains = new[] { second },
                }
            )
            .Expect(201);
        using var shop = gateway.Client(made["key"]!);
        await shop.SendAsync("news@" + second).Expect(202);
        var refused = await shop.SendAsync(tenant.Address).Expect(403, "key_narrowed");
        Assert.Equal("from", refused["field"]);
        Assert.Contains(second, refused["accepted"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_key_works_beside_the_new_one_until_its_overlap_ends()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var manager = gateway.Client(tenant);
        var before = DateTimeOffset.UtcNow;
        var rotated = await manager.PostJsonAsync($"/v1/keys/{tenant.Key.Id}/rotate", null).Expect(201);
        Assert.Equal(tenant.Key.Id, rotated["replaces"]);
        var old = await manager.GetJsonAsync($"/v1/keys/{tenant.Key.Id}").Expect(200);
        var overlap = DateTimeOffset.Parse(old["expires_at"]!) - before;
        Assert.InRange(overlap.TotalHours, 23.9, 24.1);
        using var renewed = gateway.Client(rotated["key"]!);
        await renewed.SendAsync(tenant.Address).Expect(202);
        await manager.SendAsync(tenant.Address).Expect(202);

        var soon = DateTimeOffset.UtcNow.AddSeconds(1);
        var again = await renewed
            .PostJsonAsync($"/v1/keys/{rotated["id"]}/rotate", new { expires_at = soon.ToString("O") })
            .Expect(201);
        await Eventually.EqualAsync(
            401,
            async () => (await renewed.GetJsonAsync("/v1/messages")).Status,
            "the overlap ends"
        );
        using var last = gateway.Client(again["key"]!);
        await last.PostJsonAsync($"/v1/keys/{rotated["id"]}/rotate", null).Expect(409, "key_ended");
        await last.PostJsonAsync(
                $"/v1/keys/{again["id"]}/rotate",
                new { expires_at = before.AddDays(91).ToString("O") }
            )
            .Expect(422);
        var audit = await gateway.Ledger.QueryAsync<string>(
            "SELECT actor || ' ' || action FROM audit WHERE tenant_id = @Id ORDER BY audit_id",
            new { tenant.Id }
        );
        Assert.Equal([$"key:{tenant.Key.Id} key.rotate", $"key:{rotated["id"]} key.rotate"], audit);
    }

    [Fact]
    public async Task A_revoked_key_stops_at_every_replica_within_a_second()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var manager = gateway.Client(tenant);
        var made = await manager.PostJsonAsync("/v1/keys", new { name = "leaked", scopes = All }).Expect(201);
        HttpClient[] replicas = [gateway.Client(made["key"]!), gateway.Client(made["key"]!, replica: 1)];
        foreach (var replica in replicas)
        {
            await replica.GetJsonAsync("/v1/messages").Expect(200);
        }

        var revoked = await manager.PostJsonAsync($"/v1/keys/{made["id"]}/revoke", null).Expect(200);
        Assert.Equal("revoked", revoked["state"]);
        foreach (var replica in replicas)
        {
            await Eventually.EqualAsync(
                401,
                async () => (await replica.GetJsonAsync("/v1/messages")).Status,
                "revoked",
                Soon
            );
            replica.Dispose();
        }

        var twice = await manager.PostJsonAsync($"/v1/keys/{made["id"]}/revoke", null).Expect(200);
        Assert.Equal(revoked["revoked_at"]![..19], twice["revoked_at"]![..19]);
        using var ops = gateway.Operator();
        await ops.PostJsonAsync(
                $"/ops/v1/tenants/{tenant.Id}/keys/{tenant.Key.Id}/revoke",
                new { reason = "leaked too" }
            )
            .Expect(200);
        await Eventually.EqualAsync(
            401,
            async () => (await manager.GetJsonAsync("/v1/messages")).Status,
            "by the operator",
            Soon
        );
    }

    [Fact]
    public async Task A_test_key_sends_to_the_sandbox_whatever_the_route_says()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var manager = gateway.Client(tenant);
        var made = await manager
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "t",
                    mode = "test",
                    scopes = All,
                }
            )
            .Expect(201);
        Assert.StartsWith("gw_test_", made["key"], StringComparison.Ordinal);
        using var tester = gateway.Client(made["key"]!);
        var sent = await tester.SendAsync(tenant.Address).Expect(202);
        await Eventually.EqualAsync(
            1,
            async () => (await tester.GetJsonAsync($"/v1/sandbox/messages?message_id={sent["id"]}")).Items.Count,
            "in the sandbox"
        );
    }

    [Fact]
    public async Task Last_use_is_told_within_seconds_and_costs_no_more_than_one_write_a_minute()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        for (var i = 0; i < 20; i++)
        {
            await client.GetJsonAsync("/v1/messages").Expect(200);
        }

        await Eventually.TrueAsync(
            () => UsedAsync(tenant).ContinueWith(t => t.Result is not null),
            "the first use is told"
        );
        var first = await UsedAsync(tenant);
        await client.GetJsonAsync("/v1/messages").Expect(200);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.Equal(first, await UsedAsync(tenant));
    }

    private Task<DateTime?> UsedAsync(TestTenant tenant) =>
        gateway.Ledger.ScalarAsync<DateTime?>(
            "SELECT last_used_at FROM api_keys WHERE key_id = @KeyId",
            new { KeyId = tenant.Key.Id }
        );
}
