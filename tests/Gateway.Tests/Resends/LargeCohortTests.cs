using System.Diagnostics;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Resends;

/// <summary>The largest job there may be, within the time that a write transaction has. Asked for by name.</summary>
public sealed class LargeCohortTests(TestCluster cluster)
{
    [Fact(Explicit = true)]
    public async Task A_hundred_thousand_failures_are_previewed_chosen_and_released_in_short_steps()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        for (var tenant = 0; tenant < 4; tenant++)
        {
            await ExportTests.FillAsync(host.Ledger, await host.Ledger.CreateTenantAsync(), 25_000, rest: "held");
        }

        using var ops = host.Operator();
        var filter = new
        {
            since = DateTimeOffset.UtcNow.AddHours(-2),
            max = 100_000,
            rate = 1_000,
            reason = "as large as can be",
        };
        await TellAsync("preview", () => ops.PostJsonAsync("/ops/v1/holds/release?dry_run=true", filter).Expect(200));
        await TellAsync("choose", () => ops.PostJsonAsync("/ops/v1/holds/release", filter).Expect(200));
        for (var step = 0; step < 5; step++)
        {
            await Task.Delay(1_000);
            await TellAsync("step", async () => await host.Runner.RunOnceAsync(CancellationToken.None));
        }
    }

    /// <summary>What is sent has no index of its own, and without a tenant everybody's day is read.</summary>
    [Fact(Explicit = true)]
    public async Task What_a_path_sat_on_is_found_among_half_a_million_of_all_tenants()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        for (var tenant = 0; tenant < 5; tenant++)
        {
            await ExportTests.FillAsync(host.Ledger, await host.Ledger.CreateTenantAsync(), 100_000);
        }

        using var ops = host.Operator();
        var filter = new
        {
            state = "sent",
            path = "bad",
            since = DateTimeOffset.UtcNow.AddHours(-2),
            max = 100_000,
            reason = "the provider sat on it",
        };
        for (var again = 0; again < 3; again++)
        {
            await TellAsync("preview", () => ops.PostJsonAsync("/ops/v1/resends?dry_run=true", filter).Expect(200));
        }

        await TellAsync("choose", () => ops.PostJsonAsync("/ops/v1/resends", filter).Expect(200));
    }

    private static async Task TellAsync<T>(string what, Func<Task<T>> act)
    {
        var began = Stopwatch.GetTimestamp();
        var came = await act();
        var text = came!.ToString()!;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{what}: {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms {text[..Math.Min(160, text.Length)]}"
        );
    }
}
