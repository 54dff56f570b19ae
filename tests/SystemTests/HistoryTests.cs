using System.Globalization;
using SystemTests.History;

namespace SystemTests;

/// <summary>The whole product under fire, judged by one history. <c>history.sh</c> runs the long form.</summary>
public sealed class HistoryTests
{
    [Fact]
    public Task Whatever_dies_answers_sinks_and_ledger_tell_one_story() => JudgeAsync(HistoryPlan.FromEnvironment());

    /// <summary><c>kills.sh</c>: minutes by <c>GATEWAY_KILLS_MINUTES</c>.</summary>
    [Fact(Explicit = true)]
    public Task Nothing_acknowledged_is_lost_however_often_hosts_and_database_are_killed() =>
        JudgeAsync(
            HistoryPlan.Kills(
                TimeSpan.FromMinutes(
                    double.Parse(
                        Environment.GetEnvironmentVariable("GATEWAY_KILLS_MINUTES") ?? "1",
                        CultureInfo.InvariantCulture
                    )
                )
            )
        );

    private static async Task JudgeAsync(HistoryPlan plan)
    {
        var page = await new HistoryRun(plan).RunAsync();

        TestContext.Current.TestOutputHelper?.WriteLine(page.ToString());
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            await File.AppendAllTextAsync(file, page + "\n");
        }

        Assert.True(page.Violations.Count == 0, page.ToString());
    }
}
