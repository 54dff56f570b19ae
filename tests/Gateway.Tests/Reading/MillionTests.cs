using System.Diagnostics;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Reading;

/// <summary>Each filter over a tenant's million deliveries of one day. Asked for by name; its figures are in docs/performance.md.</summary>
public sealed class MillionTests(TestCluster cluster)
{
    private const int Deliveries = 1_000_000;
    private const int AtOnce = 100_000;

    [Fact(Explicit = true)]
    public async Task Every_filter_answers_soon_among_a_million()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        for (var from = 0; from < Deliveries; from += AtOnce)
        {
            await ExportTests.FillAsync(host.Ledger, tenant, AtOnce, from);
        }

        using var client = host.Client(tenant);
        string[] filters =
        [
            "",
            "recipient=r777@example.com",
            "state=bounced",
            "state=bounced&path=bad",
            "cause=mass_bounce",
            "state=expired",
            "path=good",
            "path=bad",
            "path=nowhere",
            "tag=common",
            "tag=rare",
            "tag=nowhere",
        ];
        foreach (var filter in filters)
        {
            var times = new List<double>();
            for (var i = 0; i < 3; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await client.JsonAsync("/v1/messages?" + filter);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            TestContext.Current.TestOutputHelper!.WriteLine($"{filter, -28} {times.Order().ElementAt(1):0} ms");
        }

        var export = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/messages?state=bounced");
        request.Headers.Add("Accept", "text/csv");
        using var answer = await client.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Count(c => c == '\n');
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"CSV of {lines - 1} bounced: {Stopwatch.GetElapsedTime(export).TotalMilliseconds:0} ms"
        );
    }
}
