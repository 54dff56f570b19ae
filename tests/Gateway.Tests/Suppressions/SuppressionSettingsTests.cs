using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Suppressions;

[Collection(TenancyCollection.Name)]
public sealed class SuppressionSettingsTests(TenancyGateway gateway)
{
    [Fact]
    public async Task A_tenant_chooses_where_recipients_may_leave_and_what_their_word_stops()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        var before = await client.GetJsonAsync("/v1/settings").Expect(200);
        Assert.Equal(("broadcast", "stream"), (before["list_unsubscribe"], before["suppression_scope"]));

        var changed = await client
            .AskAsync(HttpMethod.Patch, "/v1/settings", new { list_unsubscribe = "all", suppression_scope = "all" })
            .Expect(200);
        Assert.Equal(("all", "all"), (changed["list_unsubscribe"], changed["suppression_scope"]));
        // By the names and words that the workers read.
        Assert.Equal(
            "all all",
            await gateway.Ledger.ScalarAsync<string>(
                "SELECT concat_ws(' ', settings ->> 'list_unsubscribe', settings ->> 'suppression_scope') FROM tenants WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );

        var refused = await client
            .AskAsync(HttpMethod.Patch, "/v1/settings", new { list_unsubscribe = "sometimes" })
            .Expect(422, "not_accepted");
        Assert.Equal("list_unsubscribe", refused["field"]);
        changed = await client
            .AskAsync(HttpMethod.Patch, "/v1/settings", """{"list_unsubscribe":null,"suppression_scope":null}""")
            .Expect(200);
        Assert.Equal(("broadcast", "stream"), (changed["list_unsubscribe"], changed["suppression_scope"]));
    }
}
