using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Running;

/// <summary>I1 and I2 while hosts are killed: what was acknowledged is in the ledger and reaches its end.</summary>
public sealed class CrashTests(TestCluster cluster)
{
    private const int Messages = 2_000;
    private const int Senders = 16;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_while_api_and_worker_are_killed()
    {
        await using var gateway = await RunningGateway.StartAsync(cluster);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var acknowledged = new System.Collections.Concurrent.ConcurrentDictionary<Guid, int>();
        using var next = new SemaphoreSlim(Messages);
        var senders = Enumerable
            .Range(0, Senders)
            .Select(_ => SendAsync(gateway, tenant, next, acknowledged))
            .ToArray();

        for (var round = 0; round < 3; round++)
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(acknowledged.Count > Messages * (round + 1) / 5),
                "messages are being acknowledged",
                TimeSpan.FromMinutes(2)
            );
            await gateway.Workers.Last().KillAsync();
            await gateway.Apis.Last().KillAsync();
            await Task.WhenAll(gateway.StartApiAsync(), gateway.StartWorkerAsync());
        }

        await Task.WhenAll(senders);
        Assert.Equal(Messages, acknowledged.Count);

        // I1: every acknowledged message is there.
        var stored = (await gateway.Ledger.QueryAsync<Guid>("SELECT message_id FROM messages")).ToHashSet();
        Assert.DoesNotContain(acknowledged.Keys, id => !stored.Contains(id));

        // I2: accepted deliveries are the sum over all states, and all of them end or wait with a reason.
        await Eventually.TrueAsync(
            () =>
                gateway.Ledger.ScalarAsync<bool>(
                    "SELECT NOT EXISTS (SELECT FROM deliveries WHERE state NOT IN ('sent', 'unknown', 'sending'))"
                ),
            "everything that was not on its way at a kill is sent",
            TimeSpan.FromMinutes(2)
        );
        // One statement is one snapshot: the worker goes on meanwhile.
        var (all, waiting, queued) = (
            await gateway.Ledger.QueryAsync<(long, long, long)>(
                """
                SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM deliveries WHERE state <> 'sent'),
                    (SELECT count(*) FROM deliveries_due)
                """
            )
        ).Single();
        Assert.Equal(stored.Count, all);
        Assert.Equal(waiting, queued);
    }

    /// <summary>A client as clients should be: unsure of an answer, it asks again with the same key.</summary>
    private static async Task SendAsync(
        RunningGateway gateway,
        TestTenant tenant,
        SemaphoreSlim next,
        System.Collections.Concurrent.ConcurrentDictionary<Guid, int> acknowledged
    )
    {
        while (await next.WaitAsync(0))
        {
            var key = Guid.NewGuid().ToString("N");
            while (!await TryAsync(gateway, tenant, key, acknowledged))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private static async Task<bool> TryAsync(
        RunningGateway gateway,
        TestTenant tenant,
        string key,
        System.Collections.Concurrent.ConcurrentDictionary<Guid, int> acknowledged
    )
    {
        try
        {
            using var client = gateway.Client(tenant);
            client.DefaultRequestHeaders.Add("Idempotency-Key", key);
            using var answer = await client.PostAsJsonAsync(
                "/v1/messages",
                new
                {
                    from = tenant.Address,
                    to = new[] { $"{key}@example.net" },
                    subject = key,
                    text = key,
                }
            );
            if (answer.StatusCode != HttpStatusCode.Accepted)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                return false;
            }

            var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
            acknowledged[body.GetProperty("id").GetGuid()] = 1;
            return true;
        }
        catch (Exception problem) when (problem is HttpRequestException or InvalidOperationException or JsonException)
        {
            // The host died under the request, or none is there at this moment.
            return false;
        }
    }
}
