using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Acceptance.Volume;

/// <summary>What a tenant, a thief and an operator see of it, through the running hosts.</summary>
[Collection(TenancyCollection.Name)]
public sealed class HeldAtTheDoorTests(TenancyGateway gateway)
{
    [Fact]
    public async Task A20_A_new_key_from_a_new_network_cannot_let_go_what_it_sent_too_much_of_and_an_older_one_can()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync(
            "UPDATE tenants SET trust = 'normal' WHERE tenant_id = @Id",
            new { tenant.Id }
        );
        using var thief = gateway.Client(tenant);
        var usual = await thief.PostJsonAsync("/v1/messages", Mail(tenant, 100)).Expect(202);
        Assert.Equal("queued", usual["state"]);

        var over = await thief.PostJsonAsync("/v1/messages", Mail(tenant, 2)).Expect(202);

        Assert.Equal("held", over["state"]);
        Assert.Equal("unusual_volume", over.Body["deliveries"]![0]!["cause"]!.ToString());
        Assert.Equal("held", over.Body["deliveries"]![1]!["state"]!.ToString());
        var id = over["id"];
        await thief.PostJsonAsync($"/v1/messages/{id}/release", null).Expect(409, "held_by_operator");
        await thief.PostJsonAsync($"/v1/messages/{id}/resend", null).Expect(409, "held_by_operator");
        var cancelled = await thief.PostJsonAsync($"/v1/messages/{id}/cancel", null).Expect(200);
        Assert.Equal("false", cancelled.Body["deliveries"]![0]!["cancelled"]!.ToString());
        var still = await thief.GetJsonAsync($"/v1/messages/{id}").Expect(200);
        Assert.Equal("held", still["state"]);
        Assert.Equal(2, still.Body["deliveries"]!.AsArray().Count);
        await Eventually.TrueAsync(
            () =>
                gateway.Ledger.ScalarAsync<bool>(
                    "SELECT EXISTS (SELECT FROM events WHERE tenant_id = @Id AND type = 'tenant.unusual_volume')",
                    new { tenant.Id }
                ),
            "the tenant is told"
        );

        // A key that was in use before all this.
        var made = await thief
            .PostJsonAsync(
                "/v1/keys",
                new
                {
                    name = "older",
                    mode = "live",
                    scopes = new[] { "send", "read", "manage" },
                }
            )
            .Expect(201);
        await gateway.Ledger.ExecuteAsync(
            "UPDATE api_keys SET first_used_at = now() - interval '2 days' WHERE key_id = @key",
            new { key = made["id"] }
        );
        using var owner = gateway.Client(made["key"]!, replica: 1);
        var released = await owner.PostJsonAsync($"/v1/messages/{id}/release", null).Expect(200);
        Assert.Equal("queued", released["state"]);
        await Eventually.TrueAsync(
            async () => (await owner.GetJsonAsync($"/v1/messages/{id}"))["state"] == "sent",
            "what was released is sent"
        );
    }

    [Fact]
    public async Task A_trusted_tenant_sends_any_volume_from_its_first_request_on()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        for (var i = 0; i < 3; i++)
        {
            var sent = await client.PostJsonAsync("/v1/messages", Mail(tenant, 90)).Expect(202);
            Assert.Equal("queued", sent["state"]);
        }
    }

    [Fact]
    public async Task First_use_and_network_of_a_key_are_remembered_and_a_known_network_is_not_new()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync(
            """
            UPDATE tenants SET trust = 'normal' WHERE tenant_id = @Id;
            INSERT INTO tenant_networks VALUES (@Id, '127.0.0.0/24', now() - interval '2 days', now() - interval '1 hour')
            """,
            new { tenant.Id }
        );
        using var client = gateway.Client(tenant);
        var sent = await client.PostJsonAsync("/v1/messages", Mail(tenant, 100)).Expect(202);
        var more = await client.PostJsonAsync("/v1/messages", Mail(tenant, 100)).Expect(202);
        Assert.Equal(("queued", "queued"), (sent["state"], more["state"]));
        await Eventually.TrueAsync(
            () =>
                gateway.Ledger.ScalarAsync<bool>(
                    """
                    SELECT EXISTS (SELECT FROM api_keys WHERE tenant_id = @Id AND first_used_at > now() - interval '1 minute')
                        AND EXISTS (SELECT FROM tenant_networks WHERE tenant_id = @Id AND network = '127.0.0.0/24'
                            AND first_seen_at < now() - interval '1 day' AND last_seen_at > now() - interval '1 minute')
                        AND (SELECT sum(recipients) = 200 AND sum(fresh) = 0 FROM usage_hours WHERE tenant_id = @Id)
                    """,
                    new { tenant.Id }
                ),
            "use, network and volume are written"
        );
    }

    private static object Mail(TestTenant tenant, int recipients) =>
        new
        {
            from = tenant.Address,
            to = Enumerable.Range(0, recipients).Select(i => $"r{i}@example.net").ToArray(),
            subject = "hello",
            text = "hello",
        };
}
