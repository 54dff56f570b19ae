using System.Diagnostics;
using System.Globalization;
using Gateway.Ledger;
using SystemTests.History;
using SystemTests.Installed;
using SystemTests.Sink;

namespace SystemTests;

/// <summary>A new version comes: every host is told to end and started anew, one after the other, under load.</summary>
[Collection("machine")]
public sealed class RollingTests
{
    /// <summary>Messages a second; <c>rolling.sh</c> asks for 200 and prints the page.</summary>
    private static readonly double PerSecond = double.TryParse(
        Environment.GetEnvironmentVariable("GATEWAY_ROLLING_RATE"),
        CultureInfo.InvariantCulture,
        out var rate
    )
        ? rate
        : 150;

    [Fact]
    public async Task A_rolling_restart_refuses_nobody_and_leaves_nothing_unknown()
    {
        var sinkLog = new SinkLog();
        var answers = new AnswerLog();
        await using var sink = new FaultySink("sink", sinkLog);
        await using var installation = await Installation.StartAsync(
            new()
            {
                Apis = 2,
                Workers = 2,
                Settings = new Dictionary<string, string?>
                {
                    ["Gateway__Route__0"] = sink.Name,
                    [$"Gateway__Paths__{sink.Name}__Provider"] = "smtp",
                    [$"Gateway__Paths__{sink.Name}__Host"] = "127.0.0.1",
                    [$"Gateway__Paths__{sink.Name}__Port"] = $"{sink.Port}",
                    [$"Gateway__Paths__{sink.Name}__Tls"] = "None",
                },
            }
        );
        var tenant = await installation.Ledger.CreateTenantAsync();
        using var enough = new CancellationTokenSource();
        var load = new Producers(installation, [tenant], answers).RunAsync(PerSecond, enough.Token);

        var watch = Stopwatch.StartNew();
        await Task.Delay(TimeSpan.FromSeconds(2));
        foreach (var host in installation.Hosts)
        {
            await host.TerminateAsync();
            await host.StartAsync();
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        await enough.CancelAsync();
        await load;
        var loaded = watch.Elapsed;
        await installation.Ledger.UntilAsync(
            "SELECT NOT EXISTS (SELECT FROM deliveries_due)",
            TimeSpan.FromSeconds(40)
        );

        var picture = await LedgerPicture.TakeAsync(installation.Ledger.Owner);
        var check = new HistoryCheck(answers, sinkLog, picture);
        var states = picture.Deliveries.GroupBy(d => d.State).Select(s => $"{s.Key} {s.Count()}");
        var took = answers.Answers.Where(a => a.Status == 202).Select(a => a.Took.TotalMilliseconds).Order().ToArray();
        var page = string.Create(
            CultureInfo.InvariantCulture,
            $"{loaded.TotalSeconds:F0} s, {check.Keys / loaded.TotalSeconds:F0} keys/s of {PerSecond:F0} wanted, {installation.Hosts.Count()} hosts replaced; {answers.Answers.Count(a => a.Status >= 500)} refused, {answers.Answers.Count(a => a.Status == 0)} asked again at the other replica; 202 p50 {took[took.Length / 2]:F0} ms, p99 {took[took.Length * 99 / 100]:F0} ms, max {took[^1]:F0} ms; {string.Join(", ", states)}"
        );
        TestContext.Current.TestOutputHelper?.WriteLine(page);
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, page + "\n");
        }

        Assert.DoesNotContain(answers.Answers, a => a.Status >= 500);
        Assert.DoesNotContain(picture.Events.SelectMany(e => e), e => e.Type is "unknown" or "possible_duplicate");
        Assert.Empty(check.Violations());
        Assert.Empty(check.Duplicates);
        Assert.All(
            picture.Deliveries,
            d => Assert.True(d.State is DeliveryState.Sent or DeliveryState.Bounced, d.State)
        );
    }
}
