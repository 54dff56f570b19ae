using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Running;

public sealed class SendingTests(TestCluster cluster)
{
    [Fact]
    public async Task A_message_goes_from_the_door_to_the_sandbox()
    {
        await using var gateway = await RunningGateway.StartAsync(cluster);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);

        using var answer = await client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to = new[] { "ann@example.net" },
                subject = "hello",
                text = "hello",
            }
        );

        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var delivery = body.GetProperty("deliveries")[0].GetProperty("id").GetGuid();
        await Eventually.TrueAsync(
            () =>
                gateway.Ledger.ScalarAsync<bool>(
                    "SELECT state = 'sent' AND cause = 'final' FROM deliveries WHERE delivery_id = @delivery",
                    new { delivery }
                ),
            "the delivery is sent"
        );
    }
}
