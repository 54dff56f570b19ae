using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Dapper;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Subscriptions;

/// <summary>
/// T10: the sending process is killed between commits and deliveries, again and again, while events are written in
/// transactions that end in any order and a tenth of the answers are failures. Events delivered = events committed.
/// </summary>
public sealed class T10_CrashTests(TestCluster cluster, ITestOutputHelper output)
{
    private const int Subscriptions = 3;

    /// <summary>Events that the writers are ahead of the endpoints at most: a sender that dies all the time is no fast one.</summary>
    private const int MostAhead = 3_000;

    /// <summary>The evidence is made with 500; the suite's own run is short.</summary>
    private static readonly int Kills = Environment.GetEnvironmentVariable("GATEWAY_WEBHOOK_KILLS") is { } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : 3;

    private readonly ConcurrentDictionary<(string Path, Guid Event), bool> told = new();
    private int requests;
    private int committed;

    [Fact]
    public async Task Every_committed_event_is_delivered_whenever_the_sender_dies()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Keeps = false;
        receiver.Answer = (call, http) =>
        {
            Interlocked.Increment(ref requests);
            if (Random.Shared.Next(10) == 0)
            {
                http.Response.StatusCode = 500;
            }
            else
            {
                told.TryAdd((call.Path, Guid.Parse(call.Id)), true);
            }

            return Task.CompletedTask;
        };
        await using var gateway = await RunningGateway.StartAsync(cluster, workers: 0);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        for (var i = 0; i < Subscriptions; i++)
        {
            await client.PostJsonAsync("/v1/subscriptions", new { url = receiver.Url($"/{i}") }).Expect(201);
        }

        var watch = Stopwatch.StartNew();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(_ => WriteAsync(gateway.Ledger, tenant, stop.Token)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            var seen = requests;
            var sender = await gateway.StartWebhooksAsync();
            await Eventually.TrueAsync(
                () => Task.FromResult(Volatile.Read(ref requests) > seen + 20),
                "the sender sends",
                TimeSpan.FromMinutes(1)
            );
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(300)));
            await sender.KillAsync();
            // As if the time were over after which a silent sender has lost what it owned.
            await gateway.Ledger.ExecuteAsync("DELETE FROM webhook_senders");
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        var killed = watch.Elapsed;
        await gateway.StartWebhooksAsync();
        var events = (await gateway.Ledger.QueryAsync<Guid>("SELECT id FROM events")).ToHashSet();
        await Eventually.TrueAsync(
            async () =>
            {
                await gateway.Ledger.ExecuteAsync("UPDATE webhook_waiting SET due_at = now() WHERE due_at > now()");
                return await gateway.Ledger.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM webhook_waiting)")
                    && told.Count >= events.Count * Subscriptions;
            },
            $"{Subscriptions} endpoints were told all of {events.Count} events",
            TimeSpan.FromSeconds(90 + Kills)
        );

        // None lost at any endpoint, and none that was never committed.
        Assert.All(
            Enumerable.Range(0, Subscriptions),
            i => Assert.True(events.SetEquals(told.Keys.Where(k => k.Path == $"/{i}").Select(k => k.Event)))
        );
        var page = string.Create(
            CultureInfo.InvariantCulture,
            $"T10: {Kills} kill -9 in {killed.TotalSeconds:0} s, {events.Count} events committed to {Subscriptions} endpoints, {told.Count} delivered, 0 lost, {requests - told.Count} requests were repeats; all after {watch.Elapsed.TotalSeconds:0} s"
        );
        output.WriteLine(page);
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            await File.AppendAllTextAsync(file, page + "\n");
        }
    }

    private async Task WriteAsync(TestLedger ledger, TestTenant tenant, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (Volatile.Read(ref committed) - (told.Count / Subscriptions) > MostAhead)
            {
                await Task.Delay(20, CancellationToken.None);
                continue;
            }

            await using var connection = await ledger.Worker.OpenConnectionAsync(CancellationToken.None);
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            for (var i = 0; i < 3; i++)
            {
                var id = LedgerId.New(DateTimeOffset.UtcNow);
                await connection.ExecuteAsync(
                    "INSERT INTO events (tenant_id, bucket, id, type, at) VALUES (@owner, @id, @id, 'limit.warning', now())",
                    new { owner = tenant.Id, id },
                    transaction
                );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(60)), CancellationToken.None);
            if (Random.Shared.Next(10) == 0)
            {
                await transaction.RollbackAsync(CancellationToken.None);
            }
            else
            {
                await transaction.CommitAsync(CancellationToken.None);
                Interlocked.Add(ref committed, 3);
            }
        }
    }
}
