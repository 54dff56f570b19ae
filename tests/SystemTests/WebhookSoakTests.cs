using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using Gateway.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using SystemTests.Installed;

namespace SystemTests;

/// <summary>
/// Two hundred endpoints of two hundred tenants, a quarter of which hang or fail, at a steady rate of events. What is asked:
/// how long an event takes to a good endpoint, and whether any is missing anywhere at the end, when the bad ones are mended.
/// </summary>
[Collection("machine")]
public sealed class WebhookSoakTests
{
    private static readonly TimeSpan WithinP99 = TimeSpan.FromSeconds(2);
    private static readonly int Endpoints = Number("GATEWAY_WEBHOOK_ENDPOINTS", 200);
    private static readonly int Bad = Endpoints / 4;
    private static readonly int Rate = Number("GATEWAY_WEBHOOK_RATE", 1_000);
    private static readonly int Seconds = Number("GATEWAY_WEBHOOK_SECONDS", 60);
    private static readonly int Replicas = Number("GATEWAY_WEBHOOK_REPLICAS", 1);

    private readonly ConcurrentDictionary<(int Endpoint, Guid Event), double> told = new();
    private int requests;
    private volatile bool mended;

    [Fact(Explicit = true)]
    public async Task Endpoints_that_hang_or_fail_delay_no_other_and_no_event_is_lost()
    {
        await using var receiver = await StartReceiverAsync();
        await using var installation = await Installation.StartAsync(
            new()
            {
                Apis = 1,
                Workers = 0,
                Webhooks = Replicas,
            }
        );
        var tenants = new List<(InstalledTenant Tenant, Guid[] Messages, HttpClient Client, string Path)>();
        for (var i = 0; i < Endpoints; i++)
        {
            tenants.Add(await SubscribeAsync(installation, $"{receiver.Urls.Single()}/{i}"));
        }

        var written = await WriteAsync(installation, [.. tenants.Select(t => (t.Tenant.Id, t.Messages))]);
        var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        await Task.Delay(TimeSpan.FromSeconds(5));
        var (sent, cpu, memory) = (requests, CpuSeconds(installation), PeakMegabytes(installation));
        var waits = told.Where(t => t.Key.Endpoint >= Bad).Select(t => t.Value).Order().ToArray();
        var badTold = told.Count(t => t.Key.Endpoint < Bad);

        mended = true;
        // What hangs now fails once more, and then waits for its next try: resuming brings that forward.
        await Task.Delay(TimeSpan.FromSeconds(3));
        foreach (var (_, _, client, path) in tenants[..Bad])
        {
            foreach (var state in (string[])["paused", "active"])
            {
                using var answer = await client.PatchAsJsonAsync(path, new { state });
                Assert.Equal(200, (int)answer.StatusCode);
            }
        }

        var missing = await MissingAsync(installation, tenants.ConvertAll(t => t.Tenant.Id));
        var page = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {Endpoints} endpoints ({Bad} bad), {Replicas} replica(s), {Seconds} s: {written:N0} events written ({written
                / Seconds:N0}/s), {sent:N0} requests
            good ones, event to arrival: p50 {At(waits, 0.5) * 1000:F0} ms, p99 {At(waits, 0.99)
                * 1000:F0} ms, max {waits[^1] * 1000:F0} ms ({waits.Length:N0} events; load average {load})
            bad ones had {badTold:N0} events before they were mended; missing at the end, all endpoints: {missing:N0}
            sender: {cpu:F1} s CPU, {memory:F0} MB at most
            """
        );
        TestContext.Current.TestOutputHelper?.WriteLine(page);
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, page + "\n");
        }

        tenants.ForEach(t => t.Client.Dispose());
        Assert.Equal(0, missing);
        Assert.True(TimeSpan.FromSeconds(At(waits, 0.99)) <= WithinP99, page);
    }

    private static async Task<(InstalledTenant, Guid[], HttpClient, string)> SubscribeAsync(
        Installation installation,
        string url
    )
    {
        var tenant = await installation.Ledger.CreateTenantAsync();
        var messages = Enumerable.Range(0, 20).Select(_ => LedgerId.NewMessage(DateTimeOffset.UtcNow)).ToArray();
        await installation.Ledger.ExecuteAsync(
            """
            INSERT INTO messages (tenant_id, message_id, submission_id, key_id, door, mode, stream, from_address, from_domain,
                subject, track_opens, track_clicks, size_bytes, body_message_id, traceparent, accepted_at)
            SELECT @Id, m, m, 'k', 'json', 'live', 'transactional', 'a@b.example', 'b.example', 's', false, false, 1, m,
                '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', now() FROM unnest(@messages) m;
            INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, created_at, updated_at)
            SELECT @Id, m, m, 'ann@example.net', 'ann@example.net', 'sent', now(), now() FROM unnest(@messages) m
            """,
            new { tenant.Id, messages }
        );
        var client = Installation.Client(installation.Apis[0], tenant);
        using var answer = await client.PostAsJsonAsync("/v1/subscriptions", new { url });
        Assert.Equal(201, (int)answer.StatusCode);
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        return (tenant, messages, client, $"/v1/subscriptions/{id}");
    }

    /// <summary>A statement each 20 ms, over all tenants by turns.</summary>
    private static async Task<long> WriteAsync(
        Installation installation,
        IReadOnlyList<(Guid Tenant, Guid[] Messages)> of
    )
    {
        var (watch, written) = (Stopwatch.StartNew(), 0L);
        await using var connection = await installation.Ledger.Worker.OpenConnectionAsync();
        while (watch.Elapsed < TimeSpan.FromSeconds(Seconds))
        {
            var count = (int)((watch.Elapsed.TotalSeconds * Rate) - written);
            var turn = Enumerable
                .Range(0, Math.Min(count, Rate))
                .Select(n => of[(int)((written + n) % of.Count)])
                .ToList();
            await connection.ExecuteAsync(
                """
                INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
                SELECT t, m, e, m, m, 1, 'delivered', NULL, clock_timestamp(),
                    '{"path": "relay", "attempt": 1, "reply": "250 2.0.0 Ok: queued as 4bXJ9k2rTz", "source": "provider"}'
                FROM unnest(@tenants, @messages, @ids) AS n (t, m, e)
                """,
                new
                {
                    tenants = turn.Select(t => t.Tenant).ToArray(),
                    messages = turn.Select(t => t.Messages[Random.Shared.Next(t.Messages.Length)]).ToArray(),
                    ids = turn.Select(_ => LedgerId.New(DateTimeOffset.UtcNow)).ToArray(),
                }
            );
            written += turn.Count;
            await Task.Delay(20);
        }

        return written;
    }

    /// <summary>Events that are in the ledger and never reached their endpoint; waits up to five minutes for there to be none.</summary>
    private async Task<int> MissingAsync(Installation installation, List<Guid> tenants)
    {
        var of = tenants.Index().ToDictionary(t => t.Item, t => t.Index);
        var events = (
            await installation.Ledger.QueryAsync<(Guid Tenant, Guid Id)>(
                "SELECT tenant_id, id FROM events WHERE type = 'delivered'"
            )
        )
            .Select(e => (of[e.Tenant], e.Id))
            .ToList();
        var until = DateTime.UtcNow.AddMinutes(5);
        int missing;
        while ((missing = events.Count(e => !told.ContainsKey(e))) > 0 && DateTime.UtcNow < until)
        {
            await Task.Delay(500);
        }

        return missing;
    }

    private async Task<WebApplication> StartReceiverAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0));
        var receiver = builder.Build();
        receiver.Run(TakeAsync);
        await receiver.StartAsync();
        return receiver;
    }

    private async Task TakeAsync(HttpContext http)
    {
        Interlocked.Increment(ref requests);
        var arrived = DateTimeOffset.UtcNow;
        var endpoint = int.Parse(http.Request.Path.Value.AsSpan(1), CultureInfo.InvariantCulture);
        using var body = new StreamReader(http.Request.Body, Encoding.UTF8);
        var text = await body.ReadToEndAsync();
        if (endpoint < Bad && !mended)
        {
            if (endpoint % 2 == 0)
            {
                for (var waited = 0; waited < 300 && !mended && !http.RequestAborted.IsCancellationRequested; waited++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(100));
                }
            }

            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        using var json = JsonDocument.Parse(text);
        var at = json.RootElement.GetProperty("timestamp").GetDateTimeOffset();
        told.TryAdd((endpoint, Guid.Parse(http.Request.Headers["webhook-id"]!)), (arrived - at).TotalSeconds);
    }

    private static double At(double[] sorted, double share) => sorted[(int)(sorted.Length * share)];

    private static double CpuSeconds(Installation installation) =>
        installation.Webhooks.Sum(w =>
        {
            var fields = File.ReadAllText($"/proc/{w.Pid}/stat").Split(") ")[^1].Split(' ');
            // Fields 14 and 15 of proc(5), in hundredths of a second.
            return (long.Parse(fields[11], null) + long.Parse(fields[12], null)) / 100.0;
        });

    private static double PeakMegabytes(Installation installation) =>
        installation.Webhooks.Max(w =>
            double.Parse(
                File.ReadLines($"/proc/{w.Pid}/status")
                    .Single(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                CultureInfo.InvariantCulture
            ) / 1024
        );

    private static int Number(string name, int other) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number)
            ? number
            : other;
}
