using SystemTests.History;

namespace SystemTests;

/// <summary>The whole product under fire, judged by one history. <c>history.sh</c> runs the long form.</summary>
[Collection("machine")]
public sealed class HistoryTests
{
    [Fact]
    public async Task Whatever_dies_answers_sinks_and_ledger_tell_one_story()
    {
        var page = await new HistoryRun(HistoryPlan.FromEnvironment()).RunAsync();

        TestContext.Current.TestOutputHelper?.WriteLine(page.ToString());
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            await File.AppendAllTextAsync(file, page + "\n");
        }

        Assert.True(page.Violations.Count == 0, page.ToString());
    }
}
