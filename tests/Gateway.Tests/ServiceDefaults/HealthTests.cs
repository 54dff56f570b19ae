using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Health;

namespace Gateway.Tests.ServiceDefaults;

public sealed class HealthTests
{
    [Fact]
    public async Task Alive_answers_whatever_the_state()
    {
        await using var host = await ProbeHost.StartAsync();
        using var answer = await host.AskAsync("/alive");
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_host_is_starting_until_it_says_that_it_is_ready()
    {
        await using var host = await ProbeHost.StartAsync();
        var (before, starting) = await host.HealthAsync();
        Assert.Equal((503, "starting"), (before, Status(starting)));

        host.Readiness.MarkReady();

        var (after, ready) = await host.HealthAsync();
        Assert.Equal((200, "ready"), (after, Status(ready)));
    }

    [Fact]
    public async Task A_missing_dependency_is_shown_and_gates_nothing()
    {
        await using var host = await ProbeHost.StartAsync(builder =>
            builder.Services.AddDependency("redis", (_, _) => throw new IOException("connection refused"))
        );
        host.Readiness.MarkReady();
        await UntilAsync(() => host.Board.Degraded.Any());

        var (status, body) = await host.HealthAsync();

        Assert.Equal((200, "degraded"), (status, Status(body)));
        Assert.Equal("redis", Assert.Single(body.GetProperty("degraded").EnumerateArray()).GetString());
        var redis = body.GetProperty("dependencies").GetProperty("redis");
        Assert.Equal("down", redis.GetProperty("state").GetString());
        Assert.Equal("connection refused", redis.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_dependency_that_does_not_answer_delays_no_health_answer()
    {
        var asked = new TaskCompletionSource();
        await using var host = await ProbeHost.StartAsync(builder =>
            builder.Services.AddDependency(
                "ledger",
                (_, cancel) =>
                {
                    asked.TrySetResult();
                    return Task.Delay(Timeout.Infinite, cancel);
                }
            )
        );
        host.Readiness.MarkReady();
        await asked.Task;

        var (status, body) = await host.HealthAsync();

        Assert.Equal(200, status);
        Assert.Equal(
            "unknown",
            body.GetProperty("dependencies").GetProperty("ledger").GetProperty("state").GetString()
        );
    }

    [Fact]
    public async Task Overload_is_a_no_for_as_long_as_it_lasts_and_names_its_reason()
    {
        await using var host = await ProbeHost.StartAsync();
        host.Readiness.MarkReady();
        host.Readiness.SetOverload("256 MiB of accepted bytes wait for the ledger");

        var (during, body) = await host.HealthAsync();
        Assert.Equal((503, "overloaded"), (during, Status(body)));
        Assert.Equal("256 MiB of accepted bytes wait for the ledger", body.GetProperty("overload").GetString());

        host.Readiness.SetOverload(null);
        Assert.Equal(200, (await host.HealthAsync()).Status);
    }

    [Fact]
    public async Task A_host_that_is_told_to_stop_drains_and_never_comes_back()
    {
        await using var host = await ProbeHost.StartAsync();
        host.Readiness.MarkReady();

        host.Get<IHostApplicationLifetime>().StopApplication();

        Assert.Equal(HostPhase.Draining, host.Readiness.Phase);
        host.Readiness.MarkReady();
        Assert.False(host.Readiness.TakesWork);
        var body = HealthEndpoint.Describe(host.Readiness, host.Board);
        Assert.Equal("draining", body.Status);
    }

    [Fact]
    public void The_time_of_a_state_moves_only_when_the_state_changes()
    {
        var clock = new SteppedClock();
        var board = new DependencyBoard(clock);
        Assert.True(board.Report("redis", up: true));
        var since = board.States["redis"].Since;

        clock.Step(TimeSpan.FromSeconds(5));
        Assert.False(board.Report("redis", up: true));
        Assert.Equal(since, board.States["redis"].Since);

        Assert.True(board.Report("redis", up: false, "gone"));
        Assert.Equal(since + TimeSpan.FromSeconds(5), board.States["redis"].Since);
    }

    private static string? Status(JsonElement body) => body.GetProperty("status").GetString();

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "not within 20 s");
            await Task.Delay(10);
        }
    }

    private sealed class SteppedClock : TimeProvider
    {
        private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => now;

        public void Step(TimeSpan by) => now += by;
    }
}
