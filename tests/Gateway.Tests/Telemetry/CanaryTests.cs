using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Mail.Tests;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Npgsql;
using ServiceDefaults.Telemetry;

namespace Gateway.Tests.Telemetry;

/// <summary>
/// A29: known texts are sent through success, refusal, relay failure and errors of our own, then searched for in all that
/// the hosts said, by OTLP or on their consoles.
/// </summary>
public sealed class CanaryTests(TestCluster cluster)
{
    private const string RelaySecret = "CanaryRelaySecret";
    private const string RelayWords = "CanaryReply";

    [Fact]
    public async Task Contents_addresses_and_secrets_are_in_no_trace_metric_or_log()
    {
        await using var collector = await TestCollector.StartAsync();
        await using var relay = new SmtpScriptServer(Script());
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: Settings(collector, relay.Port));
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);

        await SucceedAndFailAtTheRelayAsync(gateway, client, tenant);
        await BeRefusedAsync(gateway, client, tenant);
        await SendNaughtyStringsAsync(client, tenant);
        var broken = await BreakOneBodyAsync(gateway, client, tenant);
        await BreakReadingAsync(gateway, client);

        await Eventually.TrueAsync(
            () =>
                Task.FromResult(
                    collector.Logs.Any(l => l.Body.Contains("cannot be prepared", StringComparison.Ordinal))
                        && collector.Logs.Any(l => l.Body.Contains("ended in an error", StringComparison.Ordinal))
                ),
            "both errors are logged",
            TimeSpan.FromSeconds(60)
        );
        await CheckLogsAsync(gateway, collector, tenant, broken);
        foreach (var host in gateway.Apis.Concat(gateway.Workers))
        {
            // What is still buffered goes out with the host.
            await host.TerminateAsync();
        }

        // The search itself works: what may be there is found.
        Assert.Contains(collector.Requests, r => Holds(r, "/v1/traces", tenant.Id.ToString()));
        Assert.Contains(collector.Requests, r => Holds(r, "/v1/logs", tenant.Id.ToString()));
        Assert.Contains(collector.Requests, r => Holds(r, "/v1/metrics", tenant.Id.ToString()));
        foreach (var secret in Canaries(tenant))
        {
            Assert.DoesNotContain(secret, gateway.Output, StringComparison.OrdinalIgnoreCase);
            foreach (var (path, body) in collector.Requests)
            {
                var text = Encoding.UTF8.GetString(body);
                var at = text.IndexOf(secret, StringComparison.OrdinalIgnoreCase);
                Assert.True(at < 0, $"{secret} in {path}: {(at < 0 ? "" : text[Math.Max(0, at - 200)..at])}");
            }
        }

        // One line an event, whatever was sent: every line is one JSON object.
        Assert.All(gateway.Output.Split('\n'), line => Assert.NotNull(JsonNode.Parse(line)!["Message"]));
    }

    /// <summary>A value that the database refuses is in the error it answers, and errors are logged.</summary>
    [Theory]
    [InlineData("SELECT $1::json")]
    [InlineData("SELECT $1::uuid")]
    [InlineData("INSERT INTO tenants (tenant_id, name, trust) VALUES (gen_random_uuid(), 'x', $1)")]
    public async Task What_the_database_says_of_a_value_is_not_logged(string sql)
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        using var around = new Activity("around").SetIdFormat(ActivityIdFormat.W3C).Start();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> o) =>
                o.Parent.TraceId == around.TraceId
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var command = ledger.Owner.CreateCommand(sql);
        command.Parameters.AddWithValue("CanaryText");

        var problem = await Assert.ThrowsAsync<PostgresException>(() =>
            command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)
        );

        using var unwanted = new UnwantedSpans();
        var mine = spans.Where(s => s.TraceId == around.TraceId && s.Status == ActivityStatusCode.Error).ToList();
        Assert.NotEmpty(mine);
        mine.ForEach(unwanted.OnEnd);
        Assert.DoesNotContain(mine, s => s.Recorded);
        Assert.DoesNotContain("CanaryText", LoggableError.Of(problem).ToString(), StringComparison.Ordinal);
    }

    private static bool Holds((string Path, byte[] Body) request, string path, string text) =>
        request.Path == path && Encoding.UTF8.GetString(request.Body).Contains(text, StringComparison.Ordinal);

    private static IEnumerable<string> Canaries(TestTenant tenant)
    {
        string[] given =
        [
            "CanarySubject",
            "CanaryName",
            "CanaryText",
            "CanaryHtml",
            "CanaryFile",
            "CanaryAttachment",
            "CanaryHeader",
            "CanaryTag",
            "CanaryMetadata",
            "CanaryRecipient",
            "CanaryIdempotency",
            "CanaryWrongKey",
            "CanaryField",
            "CanaryBroken",
            RelaySecret,
            RelayWords,
        ];
        return
        [
            .. given,
            .. given.Select(g => Convert.ToBase64String(Encoding.UTF8.GetBytes(g))),
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0canary\0{RelaySecret}")),
            tenant.Key.Text,
            tenant.Key.Secret,
            tenant.Key.Mac,
        ];
    }

    /// <summary>Takes the first, refuses the second recipient, hangs up on the third, and breaks off after the fourth's dot.</summary>
    private static SmtpScript Script()
    {
        var recipients = 0;
        return new()
        {
            Extensions = ["PIPELINING", "SIZE 10485760", "8BITMIME", "AUTH PLAIN"],
            On = (step, count) =>
            {
                recipients = step == "RCPT" ? count : recipients;
                return (step, recipients) switch
                {
                    ("RCPT", 2) => $"550 5.1.1 <CanaryRecipient@example.net> {RelayWords}",
                    ("RCPT", 3) => $"421 4.3.2 {RelayWords} for CanaryRecipient@example.net",
                    (".", 4) => new SmtpAct.Reset(),
                    _ => null,
                };
            },
        };
    }

    private static Dictionary<string, string?> Settings(TestCollector collector, int port) =>
        new(collector.Settings)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Gateway__Paths__relay__Provider"] = "smtp",
            ["Gateway__Paths__relay__Host"] = "127.0.0.1",
            ["Gateway__Paths__relay__Port"] = $"{port}",
            ["Gateway__Paths__relay__Tls"] = "None",
            ["Gateway__Paths__relay__User"] = "canary",
            ["Gateway__Paths__relay__Secret"] = RelaySecret,
            ["Gateway__Paths__relay__AllowPlaintextAuth"] = "true",
            ["Gateway__Route__0"] = "relay",
        };

    private static async Task SucceedAndFailAtTheRelayAsync(
        RunningGateway gateway,
        HttpClient client,
        TestTenant tenant
    )
    {
        for (var i = 0; i < 4; i++)
        {
            var id = await AcceptedAsync(client, Full(tenant));
            await Eventually.TrueAsync(
                () =>
                    gateway.Ledger.ScalarAsync<bool>(
                        "SELECT EXISTS (SELECT FROM attempts WHERE message_id = @id AND outcome IS NOT NULL)",
                        new { id }
                    ),
                $"message {i} was tried",
                TimeSpan.FromSeconds(90)
            );
        }

        // The third waits for its turn again; whichever of the last two came first lost its answer.
        var outcomes = await gateway.Ledger.QueryAsync<string>(
            "SELECT outcome || ' ' || reply FROM attempts WHERE outcome IS NOT NULL"
        );
        foreach (var expected in new[] { "Accepted ", "RecipientPermanent ", "Unknown " })
        {
            Assert.Contains(outcomes, o => o.StartsWith(expected, StringComparison.Ordinal));
        }
    }

    private static async Task BeRefusedAsync(RunningGateway gateway, HttpClient client, TestTenant tenant)
    {
        var unknownField = Full(tenant);
        unknownField["CanaryField"] = "CanaryText";
        await RefusedAsync(client, unknownField.ToJsonString(), 400, 422);
        var stranger = Full(tenant);
        stranger["from"] = "CanaryRecipient@example.net";
        await RefusedAsync(client, stranger.ToJsonString(), 403);
        await RefusedAsync(client, """{"subject": "CanarySubject", "text": "CanaryText" CanaryBroken""", 400);

        using var raw = new StringContent("From: CanaryRecipient\nSubject: CanarySubject\r\n\r\nCanaryText");
        raw.Headers.ContentType = new MediaTypeHeaderValue("message/rfc822");
        using var rawAnswer = await client.PostAsync("/v1/messages/raw?rcpt=CanaryRecipient@example.net", raw);
        Assert.Equal(422, (int)rawAnswer.StatusCode);

        using var forged = gateway.Client(null);
        forged.DefaultRequestHeaders.Authorization = new("Bearer", "gw_live_1aaaaaaaaaaaaaaaa_CanaryWrongKey");
        using var forgedAnswer = await forged.GetAsync("/v1/messages?recipient=CanaryRecipient@example.net");
        Assert.Equal(401, (int)forgedAnswer.StatusCode);
        using var list = await client.GetAsync("/v1/messages?recipient=CanaryRecipient@example.net&tag=CanaryTag");
        Assert.Equal(200, (int)list.StatusCode);
        using var nowhere = await client.GetAsync("/v1/nowhere?what=CanarySubject");
        Assert.Equal(404, (int)nowhere.StatusCode);
    }

    private static async Task SendNaughtyStringsAsync(HttpClient client, TestTenant tenant)
    {
        var strings = JsonSerializer.Deserialize<string[]>(
            await File.ReadAllBytesAsync(Corpora.Path("attack-strings", "blns.json"))
        )!;
        var messages = strings.Select(naughty =>
        {
            var message = Full(tenant);
            message["subject"] = naughty;
            message["from"] = new JsonObject { ["email"] = tenant.Address, ["name"] = naughty };
            message["metadata"] = new JsonObject { ["said"] = naughty };
            message.Remove("attachments");
            return (JsonNode)message;
        });
        using var answer = await client.PostAsJsonAsync(
            "/v1/messages/batch",
            new JsonObject { ["messages"] = new JsonArray([.. messages]) }
        );
        Assert.Equal(200, (int)answer.StatusCode);
    }

    /// <summary>Bytes in the ledger that can no longer be read: what the parser says of them quotes them.</summary>
    private static async Task<Guid> BreakOneBodyAsync(RunningGateway gateway, HttpClient client, TestTenant tenant)
    {
        var later = Full(tenant);
        later["send_at"] = DateTimeOffset.UtcNow.AddHours(1).ToString("O");
        var id = await AcceptedAsync(client, later);
        await gateway.Ledger.ExecuteAsync(
            """
            UPDATE bodies SET content = convert_to('{"subject": "CanarySubject", "CanaryField": 1', 'UTF8')
            WHERE message_id = @id;
            UPDATE deliveries_due SET due_at = now() WHERE message_id = @id;
            """,
            new { id }
        );
        return id;
    }

    /// <summary>A defect between the API and its ledger: the request ends in 500.</summary>
    private static async Task BreakReadingAsync(RunningGateway gateway, HttpClient client)
    {
        await gateway.Ledger.ExecuteAsync("ALTER TABLE messages RENAME COLUMN subject TO gone");
        using var answer = await client.GetAsync("/v1/messages?recipient=CanaryRecipient@example.net");
        Assert.Equal(500, (int)answer.StatusCode);
    }

    private static async Task CheckLogsAsync(
        RunningGateway gateway,
        TestCollector collector,
        TestTenant tenant,
        Guid broken
    )
    {
        var parent = await gateway.Ledger.ScalarAsync<string>(
            "SELECT traceparent FROM messages WHERE message_id = @broken",
            new { broken }
        );
        var held = collector.Logs.First(l => l.Body.Contains("cannot be prepared", StringComparison.Ordinal));
        Assert.Equal(
            (tenant.Id.ToString(), broken.ToString(), parent.Split('-')[1]),
            (held.Tags["Tenant"], held.Tags["Message"], held.Trace)
        );
        var failed = collector.Logs.First(l => l.Body.Contains("ended in an error", StringComparison.Ordinal));
        Assert.Equal(tenant.Id.ToString(), failed.Tags["Tenant"]);
        Assert.Contains(collector.Spans, s => s.Trace == failed.Trace);
        Assert.Contains(failed.Trace, gateway.Output, StringComparison.Ordinal);
    }

    private static async Task<Guid> AcceptedAsync(HttpClient client, JsonObject message)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages")
        {
            Content = JsonContent.Create(message),
        };
        request.Headers.Add("Idempotency-Key", $"CanaryIdempotency-{Guid.NewGuid()}");
        using var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 202, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("id").GetGuid();
    }

    private static async Task RefusedAsync(HttpClient client, string json, params int[] with)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/v1/messages", content);
        Assert.Contains((int)answer.StatusCode, with);
    }

    private static JsonObject Full(TestTenant tenant) =>
        new()
        {
            ["from"] = $"CanaryName <{tenant.Address}>",
            ["to"] = new JsonArray("CanaryName <CanaryRecipient@example.net>"),
            ["subject"] = "CanarySubject",
            ["text"] = "CanaryText",
            ["html"] = "<p>CanaryHtml</p>",
            ["headers"] = new JsonObject { ["X-Said"] = "CanaryHeader" },
            ["tags"] = new JsonArray("CanaryTag"),
            ["metadata"] = new JsonObject { ["CanaryMetadata"] = "CanaryMetadata" },
            ["attachments"] = new JsonArray(
                new JsonObject
                {
                    ["filename"] = "CanaryFile.txt",
                    ["content_type"] = "text/plain",
                    ["content"] = Convert.ToBase64String("CanaryAttachment"u8),
                }
            ),
        };
}
