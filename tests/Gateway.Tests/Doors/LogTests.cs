using System.Text;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>Logs tell what happened, never what was said or by which key (A29).</summary>
[Collection(DoorCollection.Name)]
public sealed class LogTests(DoorGateway gateway)
{
    [Fact]
    public async Task Neither_content_nor_keys_are_logged()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var canary = $"canary{Guid.NewGuid():N}";
        var message = DoorCases.GoodMessage(tenant.Domain);
        (message["subject"], message["text"]) = (canary, canary);
        var good = Encoding.UTF8.GetBytes(message.ToJsonString());
        var delivery = (await gateway.SendAsync(Door.Json, tenant, good)).Body.GetProperty("deliveries")[0];
        message["subject"] = canary + "\r\nBcc: x@example.net";
        var bad = Encoding.UTF8.GetBytes(message.ToJsonString());
        Assert.Equal(422, (await gateway.SendAsync(Door.Json, tenant, bad)).Status);
        Assert.Equal(400, (await gateway.SendAsync(Door.Json, tenant, good[..^1])).Status);
        var forged = tenant with { Key = tenant.Key with { Mac = new string('a', 16) } };
        Assert.Equal(401, (await gateway.SendAsync(Door.Json, forged, good)).Status);

        await Eventually.EqualAsync(
            "sent",
            () =>
                gateway.Ledger.ScalarAsync<string>(
                    "SELECT state FROM deliveries WHERE delivery_id = @id",
                    new { id = delivery.GetProperty("id").GetGuid() }
                ),
            "the delivery"
        );
        Assert.DoesNotContain(canary, gateway.Gateway.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(tenant.Key.Secret, gateway.Gateway.Output, StringComparison.Ordinal);
    }
}
