using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Telemetry;

/// <summary>What real hosts tell a real collector.</summary>
public sealed class TraceTests(TestCluster cluster)
{
    private const string Api = "Gateway.Api";
    private const string Worker = "Gateway.Worker";

    [Fact]
    public async Task One_message_is_one_trace_from_the_door_to_its_record()
    {
        await using var collector = await TestCollector.StartAsync();
        await using var relay = new SmtpScriptServer();
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: Relay(collector, relay.Port));
        var tenant = await gateway.Ledger.CreateTenantAsync();
        // The first one warms up: its trace must not swallow the work done for others.
        await SendAsync(gateway, tenant);
        var message = await SendAsync(gateway, tenant);

        var trace = await TraceOfAsync(collector, message, "record");

        var accept = Single(trace, "accept", Api);
        var deliver = Single(trace, "deliver", Worker);
        var request = trace.Single(s => s.Id == accept.Parent);
        Assert.Equal(("Microsoft.AspNetCore", Api), (request.Source, request.Service));
        Assert.Equal(accept.Id, deliver.Parent);
        foreach (var step in new[] { "claim", "prepare", "sign", "begin", "send", "record" })
        {
            var span = Single(trace, step, Worker);
            Assert.Equal(deliver.Id, span.Parent);
            Assert.InRange(span.Start, deliver.Start, deliver.End);
            Assert.InRange(span.End, span.Start, deliver.End);
        }

        foreach (var span in new[] { accept, deliver })
        {
            Assert.Equal(
                (tenant.Id.ToString(), message.ToString()),
                (span.Tags["gateway.tenant.id"], span.Tags["gateway.message.id"])
            );
        }

        var send = Single(trace, "send", Worker);
        Assert.Equal(("relay", "Accepted"), (send.Tags["gateway.path"], send.Tags["gateway.outcome"]));
        Assert.Equal(
            $"00-{accept.Trace}-{accept.Id}-01",
            await gateway.Ledger.ScalarAsync<string>(
                "SELECT traceparent FROM messages WHERE message_id = @message",
                new { message }
            )
        );
    }

    [Fact]
    public async Task A_trace_that_the_caller_began_goes_on()
    {
        await using var collector = await TestCollector.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: collector.Settings);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        const string callers = "4bf92f3577b34da6a3ce929d0e0e4736";

        var message = await SendAsync(gateway, tenant, $"00-{callers}-00f067aa0ba902b7-01");

        var trace = await TraceOfAsync(collector, message, "record");
        Assert.Equal(callers, trace[0].Trace);
        Assert.Contains(trace, s => s.Service == Worker);
    }

    [Fact]
    public async Task No_trace_swallows_the_shared_work_of_others()
    {
        await using var collector = await TestCollector.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: collector.Settings);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var first = await SendAsync(gateway, tenant);
        for (var i = 0; i < 20; i++)
        {
            await SendAsync(gateway, tenant);
        }

        var last = await SendAsync(gateway, tenant);
        await TraceOfAsync(collector, last, "record");
        var trace = await TraceOfAsync(collector, first, "record");

        Assert.InRange(trace.Count, 7, 30);
        // Polls and commits belong to nobody: their calls are no traces of one span each either.
        Assert.DoesNotContain(collector.Spans, s => s.Source == "Npgsql" && s.Parent.Length == 0);
    }

    [Fact]
    public async Task Metrics_of_both_hosts_arrive_with_their_help()
    {
        await using var collector = await TestCollector.StartAsync();
        await using var relay = new SmtpScriptServer(SmtpScript.At("RCPT", "450 4.2.2 later"));
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: Relay(collector, relay.Port));
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await SendAsync(gateway, tenant);
        using (var stranger = gateway.Client(null))
        using (await stranger.PostAsJsonAsync("/v1/messages", new { })) { }
        using (var client = gateway.Client(tenant))
        using (await client.PostAsJsonAsync("/v1/messages", new { })) { }

        var expected = new (string Service, string Name, (string Tag, string Value)? Series)[]
        {
            (Api, "gateway.messages.accepted", ("door", "json")),
            (Api, "gateway.messages.refused", ("code", "required")),
            (Api, "gateway.authentication.failures", ("reason", "missing")),
            (Api, "gateway.commit.size", ("kind", "accept")),
            (Api, "gateway.commit.duration", ("kind", "accept")),
            (Api, "gateway.tenant.accepted", ("tenant", tenant.Id.ToString())),
            (Worker, "gateway.commit.size", ("kind", "record")),
            (Worker, "gateway.queue.claimed", null),
            (Worker, "gateway.path.attempts", ("outcome", "RecipientTemporary")),
            (Worker, "gateway.path.attempt.duration", ("path", "relay")),
            (Worker, "gateway.path.resting", ("path", "relay")),
            (Worker, "gateway.path.weight", ("path", "relay")),
            (Worker, "gateway.queue.depth", ("waiting_for", "recipient")),
            (Worker, "gateway.queue.oldest.age", ("stream", "transactional")),
            (Worker, "gateway.tenant.oldest.age", ("tenant", tenant.Id.ToString())),
        };
        foreach (var (service, name, series) in expected)
        {
            await Eventually.TrueAsync(
                () =>
                    Task.FromResult(
                        collector.Metrics.Any(m =>
                            m.Service == service
                            && m.Name == name
                            && (series is not { } s || m.Series.Any(t => t.GetValueOrDefault(s.Tag) == s.Value))
                        )
                    ),
                $"{name} of {service} with {series}"
            );
        }

        Assert.All(
            collector.Metrics.Where(m => m.Meter == GatewayTelemetry.Name),
            m => Assert.False(string.IsNullOrEmpty(m.Help), m.Name)
        );
    }

    private static Dictionary<string, string?> Relay(TestCollector collector, int port) =>
        new(collector.Settings)
        {
            ["Gateway__Paths__relay__Provider"] = "smtp",
            ["Gateway__Paths__relay__Host"] = "127.0.0.1",
            ["Gateway__Paths__relay__Port"] = $"{port}",
            ["Gateway__Paths__relay__Tls"] = "None",
            ["Gateway__Route__0"] = "relay",
        };

    private static async Task<Guid> SendAsync(RunningGateway gateway, TestTenant tenant, string? traceParent = null)
    {
        using var client = gateway.Client(tenant);
        if (traceParent is not null)
        {
            client.DefaultRequestHeaders.Add("traceparent", traceParent);
        }

        using var answer = await client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to = new[] { "ann@example.net" },
                subject = "traced",
                text = "traced",
            }
        );
        Assert.Equal(202, (int)answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    /// <summary>All spans of the message's trace, once its HTTP request and the last step are among them.</summary>
    private static async Task<List<CollectedSpan>> TraceOfAsync(TestCollector collector, Guid message, string last)
    {
        List<CollectedSpan> trace = [];
        await Eventually.TrueAsync(
            () =>
            {
                var spans = collector.Spans.ToList();
                var accept = spans.Find(s =>
                    s.Name == "accept" && s.Tags.GetValueOrDefault("gateway.message.id") == message.ToString()
                );
                trace = spans.FindAll(s => s.Trace == accept?.Trace);
                return Task.FromResult(
                    trace.Exists(s => s.Name == last)
                        && trace.Exists(s => s.Name == "deliver")
                        && trace.Exists(s => s.Id == accept!.Parent)
                );
            },
            $"the trace of {message} is whole"
        );
        return trace;
    }

    private static CollectedSpan Single(List<CollectedSpan> trace, string name, string service)
    {
        var span = Assert.Single(trace, s => s.Name == name);
        Assert.Equal((service, GatewayTelemetry.Name), (span.Service, span.Source));
        return span;
    }
}
