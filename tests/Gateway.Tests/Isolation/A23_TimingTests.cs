using System.Diagnostics;
using Gateway.Tests.Cluster;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Isolation;

/// <summary>
/// A23: another tenant's id and an id that never was take equally long, so that nobody learns by a clock which ids exist.
/// Explicit: a clock on a busy machine says little.
/// </summary>
[Collection(TenancyCollection.Name)]
public sealed class A23_TimingTests(TenancyGateway gateway, ITestOutputHelper output)
{
    private const int Pairs = 500;

    [Theory(Explicit = true)]
    [InlineData("/v1/messages/{id}")]
    [InlineData("/v1/sandbox/messages/{id}")]
    [InlineData("/v1/keys/{id}")]
    [InlineData("/v1/domains/{id}")]
    public async Task Anothers_id_and_nobodys_are_answered_alike_and_equally_fast(string path)
    {
        var (victim, stranger) = (await gateway.Ledger.CreateTenantAsync(), await gateway.Ledger.CreateTenantAsync());
        var owned = await OwnedIds.OfAsync(gateway, victim);
        using var client = gateway.Client(stranger);
        var (anothers, nobodys) = (new List<double>(), new List<double>());
        var slower = 0;
        for (var i = -50; i < Pairs; i++)
        {
            // In turns, and each kind as often first: what the machine does meanwhile meets both.
            var isFirst = i % 2 == 0;
            var one = await AskAsync(client, isFirst ? owned.Fill(path) : owned.FillWithNobodys(path));
            var two = await AskAsync(client, isFirst ? owned.FillWithNobodys(path) : owned.Fill(path));
            Assert.Equal(one.Answer, two.Answer);
            Assert.StartsWith("404", one.Answer, StringComparison.Ordinal);
            if (i >= 0)
            {
                var (anothersTime, nobodysTime) = isFirst ? (one.Took, two.Took) : (two.Took, one.Took);
                anothers.Add(anothersTime);
                nobodys.Add(nobodysTime);
                slower += anothersTime > nobodysTime ? 1 : 0;
            }
        }

        var (median, other) = (Median(anothers), Median(nobodys));
        var apart = Math.Abs(median - other) / other;
        output.WriteLine(
            $"{path}: {Pairs} pairs; another's {median:F3} ms, nobody's {other:F3} ms ({apart:P1} apart); another's was slower in {slower}"
        );
        // Of 500 fair coins 250 ± 33 fall on one side, in 997 of 1,000 cases.
        Assert.True(apart < 0.1 || slower is > 217 and < 283, $"{median:F3} and {other:F3} ms; {slower} of {Pairs}");
    }

    private static async Task<(string Answer, double Took)> AskAsync(HttpClient client, string path)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await client.GetAsync(path);
        var body = await answer.Content.ReadAsStringAsync();
        return ($"{(int)answer.StatusCode} {body}", Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }
}
