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

    /// <summary>The evidence is made with 500; the suite's own run is short.</summary>
    private static readonly int Kills = Environment.GetEnvironmentVariable("GATEWAY_WEBHOOK_KILLS") is { } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : 3;

    [Fact]
    public async Task Every_committed_event_is_delivered_whenever_the_sender_dies()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, http) =>
        {
            http.Response.StatusCode = Random.Shared.Next(10) == 0 ? 500 : 200;
            return Task.CompletedTask;
        };
        await using var gateway = await RunningGateway.StartAsync(cluster, workers: 0);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        for (var i = 0; i < Subscriptions; i++)
        {
            await client.PostJsonAsync("/v1/subscriptions", new { url = receiver.Url($"/{i}") }).Expect(201);
        }

        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(_ => WriteAsync(gateway.Ledger, tenant, stop.Token)).ToArray();
        var seen = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var sender = await gateway.StartWebhooksAsync();
            await Eventually.TrueAsync(
                () => Task.FromResult(receiver.Calls.Count > seen + 20),
                "the sender sends",
                TimeSpan.FromMinutes(1)
            );
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(300)));
            await sender.KillAsync();
            // As if the time were over after which a silent sender has lost what it owned.
            await gateway.Ledger.ExecuteAsync("DELETE FROM webhook_senders");
            seen = receiver.Calls.Count;
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await gateway.StartWebhooksAsync();
        var committed = (await gateway.Ledger.QueryAsync<Guid>("SELECT id FROM events"))
            .Select(i => i.ToString())
            .ToHashSet();
        for (var i = 0; i < Subscriptions; i++)
        {
            var path = $"/{i}";
            await Eventually.TrueAsync(
                async () =>
                {
                    await gateway.Ledger.ExecuteAsync("UPDATE webhook_waiting SET due_at = now() WHERE due_at > now()");
                    return await gateway.Ledger.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM webhook_waiting)")
                        && committed.SetEquals(receiver.CallsAt(path).Select(c => c.Id));
                },
                $"{path} was told all of {committed.Count} events"
            );
        }

        var again = receiver.Calls.Count - (committed.Count * Subscriptions);
        output.WriteLine(
            $"{Kills} kills, {committed.Count} events committed to {Subscriptions} endpoints, none lost; {again} requests were repeats"
        );
    }

    private static async Task WriteAsync(TestLedger ledger, TestTenant tenant, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
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
            }
        }
    }
}
