using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Telemetry;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Subscriptions;

/// <summary>Three hosts as a user runs them.</summary>
public sealed class WebhookTraceTests(TestCluster cluster)
{
    [Fact]
    public async Task A_messages_trace_goes_on_to_the_tenants_endpoint()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var collector = await TestCollector.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: collector.Settings);
        await gateway.StartWebhooksAsync();
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        await client.PostJsonAsync("/v1/subscriptions", new { url = receiver.Url("/secret-part") }).Expect(201);
        using var answer = await client.PostAsJsonAsync("/v1/messages", Asking.Mail(tenant.Address));
        var message = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        await SendingTests.UntilAsync(receiver, 3);

        var door = await gateway.Ledger.ScalarAsync<string>(
            "SELECT traceparent FROM messages WHERE message_id = @message",
            new { message }
        );
        Assert.Equal(["accepted", "sending", "sent"], receiver.Calls.Select(c => c.Type).Order());
        foreach (var call in receiver.Calls)
        {
            var given = call.Headers["traceparent"].Split('-');
            Assert.Equal(door.Split('-')[1], given[1]);
            await Eventually.TrueAsync(
                () =>
                    Task.FromResult(
                        collector.Spans.Any(s =>
                            s is { Name: "webhook", Service: "Gateway.Webhooks" }
                            && s.Trace == given[1]
                            && s.Id == given[2]
                            && s.Parent == door.Split('-')[2]
                            && s.Tags["gateway.event.type"] == call.Type
                        )
                    ),
                $"the span of {call.Type}"
            );
        }

        foreach (
            var name in (string[])["gateway.webhook.attempts", "gateway.webhook.latency", "gateway.webhook.endpoints"]
        )
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(collector.Metrics.Any(m => m.Name == name && m.Service == "Gateway.Webhooks")),
                name
            );
        }

        // The address of a tenant's endpoint, and what may be secret in it, is in nothing that is collected.
        Assert.DoesNotContain(
            collector.Requests,
            r => System.Text.Encoding.UTF8.GetString(r.Body).Contains("secret-part", StringComparison.Ordinal)
        );
    }
}
