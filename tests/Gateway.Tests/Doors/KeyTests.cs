using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>Who may send.</summary>
[Collection(DoorCollection.Name)]
public sealed class KeyTests(DoorGateway gateway)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public static TheoryData<Door, string> WrongKeys()
    {
        var rows = new TheoryData<Door, string>();
        string[] wrong =
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer gw_live_",
            "Bearer gw_live_short_key",
            "Bearer not-a-key-at-all",
            "Bearer {key}x",
            "Bearer {key without its last letter}",
            "Bearer {key in upper case}",
            "Bearer {key of the other mode}",
            "Bearer {key with another mac}",
            "Bearer {key with another secret}",
            "Bearer {key of another ring}",
            "Bearer {key with the right mac that nobody stored}",
            "Bearer {key}, Bearer {key}",
            "Basic {key}",
            "{key}",
            "Bearer " + new string('k', 10_000),
        ];
        foreach (var door in Enum.GetValues<Door>())
        {
            foreach (var header in wrong)
            {
                rows.Add(door, header);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(WrongKeys), DisableDiscoveryEnumeration = true)]
    public async Task Without_a_right_key_nothing_is_accepted(Door door, string header)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        using var request = DoorRequests.Request(door, Good(door, gateway.Tenant));
        request.Headers.TryAddWithoutValidation("Authorization", Fill(header, gateway.Tenant.Key));

        using var response = await gateway.Http.SendAsync(request);

        var answer = await DoorAnswer.ReadAsync(response);
        var text = $"{header} at {door}: {answer}";
        Assert.True(answer is { Status: 401, Code: "key_missing" or "key_wrong", Field: "Authorization" }, text);
        Assert.Contains("Bearer", answer.Accepted, StringComparison.Ordinal);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.DoesNotContain(gateway.Tenant.Key.Secret, answer.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Fact]
    public async Task A_revoked_key_stops_within_a_second()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        Assert.Equal(202, (await gateway.SendAsync(Door.Json, tenant, Good(Door.Json, tenant))).Status);
        await ChangeAsync(tenant, "UPDATE api_keys SET revoked_at = now() WHERE key_id = @KeyId", "key_wrong", 401);
    }

    [Fact]
    public async Task An_expired_key_is_refused()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await ChangeAsync(
            tenant,
            "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE key_id = @KeyId",
            "key_wrong",
            401
        );
    }

    [Fact]
    public async Task A_key_that_may_only_read_does_not_send()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await ChangeAsync(tenant, "UPDATE api_keys SET scopes = '{read}' WHERE key_id = @KeyId", "scope_missing", 403);
    }

    [Fact]
    public async Task A_suspended_tenant_stops_within_a_second()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await ChangeAsync(
            tenant,
            "UPDATE tenants SET state = 'suspended' WHERE tenant_id = @Id",
            "tenant_suspended",
            403
        );
    }

    [Fact]
    public async Task A_domain_that_is_no_longer_verified_stops_within_a_second()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await ChangeAsync(
            tenant,
            "UPDATE sending_domains SET state = 'failed' WHERE tenant_id = @Id",
            "domain_not_verified",
            403
        );
    }

    private async Task ChangeAsync(TestTenant tenant, string change, string code, int status)
    {
        Assert.Equal(202, (await gateway.SendAsync(Door.Json, tenant, Good(Door.Json, tenant))).Status);
        await gateway.Ledger.ExecuteAsync(change, new { tenant.Id, KeyId = tenant.Key.Id });
        var changed = Stopwatch.StartNew();
        DoorAnswer answer;
        do
        {
            answer = await gateway.SendAsync(Door.Json, tenant, Good(Door.Json, tenant));
        } while (answer.Status == 202 && changed.Elapsed < Soon);

        Assert.Equal((status, code), (answer.Status, answer.Code));
        var rows = await SettledAsync(tenant);
        foreach (var door in Enum.GetValues<Door>())
        {
            Assert.Equal(code, (await gateway.SendAsync(door, tenant, Good(door, tenant))).Code);
        }

        Assert.Equal(rows, await gateway.RowsAsync(tenant));
    }

    /// <summary>The rows once the worker has nothing more of the tenant to do.</summary>
    private async Task<string> SettledAsync(TestTenant tenant)
    {
        await Eventually.EqualAsync(
            0,
            () =>
                gateway.Ledger.ScalarAsync<int>(
                    "SELECT count(*)::int FROM deliveries_due WHERE tenant_id = @Id",
                    new { tenant.Id }
                ),
            "what was accepted before is sent"
        );
        return await gateway.RowsAsync(tenant);
    }

    private static byte[] Good(Door door, TestTenant tenant) =>
        door == Door.Raw
            ? Encoding.ASCII.GetBytes($"From: {tenant.Address}\r\nTo: ann@example.net\r\n\r\nhello\r\n")
            : Encoding.UTF8.GetBytes(DoorCases.GoodMessage(tenant.Domain).ToJsonString());

    private static string Fill(string header, Gateway.Tenants.ApiKey key)
    {
        var stranger = Gateway.Tenants.ApiKey.Create("live", TestKeys.Ring);
        var forged = Gateway.Tenants.ApiKey.Create("live", Gateway.Secrets.KeyRing.Generate());
        return header
            .Replace("{key}", key.Text, StringComparison.Ordinal)
            .Replace("{key without its last letter}", key.Text[..^1], StringComparison.Ordinal)
            .Replace("{key in upper case}", key.Text.ToUpperInvariant(), StringComparison.Ordinal)
            .Replace("{key of the other mode}", (key with { Mode = "test" }).Text, StringComparison.Ordinal)
            .Replace("{key with another mac}", (key with { Mac = stranger.Mac }).Text, StringComparison.Ordinal)
            .Replace(
                "{key with another secret}",
                (key with { Secret = stranger.Secret }).Text,
                StringComparison.Ordinal
            )
            .Replace("{key of another ring}", forged.Text, StringComparison.Ordinal)
            .Replace("{key with the right mac that nobody stored}", stranger.Text, StringComparison.Ordinal);
    }
}
