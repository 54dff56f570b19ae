using System.Diagnostics;
using Gateway.Suppressions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;

namespace Gateway.Tests.Suppressions;

/// <summary>How fast the events are followed; run by hand.</summary>
public sealed class SuppressionVolumeTests
{
    [Fact(Explicit = true)]
    public async Task Twenty_thousand_events_are_followed_while_half_of_them_suppress()
    {
        await using var own = await TestCluster.StartPrivateAsync(durable: true);
        await using var host = await SuppressionHost.StartAsync(own);
        var tenant = await host.Ledger.CreateTenantAsync();
        foreach (var batch in Enumerable.Range(0, 10))
        {
            await host.Mail.AcceptAsync(
                tenant,
                new() { To = [.. Enumerable.Range(0, 2_000).Select(n => $"b{batch}n{n}@example.net")] }
            );
        }

        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, at, data)
            SELECT d.tenant_id, d.message_id, gen_random_uuid(), d.message_id, d.delivery_id, 9,
                CASE WHEN row_number() OVER () % 2 = 0 THEN 'bounced' ELSE 'delivered' END, now(),
                '{"cause":"recipient","class":"hard","outcome":"RecipientPermanent","source":"dsn","reply":"550 5.1.1 unknown"}'
            FROM deliveries d
            """
        );
        var (watch, seen) = (Stopwatch.StartNew(), 0);
        while (seen < 20_000)
        {
            seen += await host.Suppressions.AdvanceAsync(CancellationToken.None);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{seen} events in {watch.Elapsed.TotalSeconds:0.00} s: {seen / watch.Elapsed.TotalSeconds:0} a second"
        );
        Assert.Equal(20_000, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM suppressions"));
    }
}
