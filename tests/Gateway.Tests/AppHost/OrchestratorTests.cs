#if !ASPIRE
using AppHost.Embedded;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Running;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Gateway.Tests.AppHost;

public sealed class OrchestratorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly List<string> happened = [];
    private readonly StringWriter shown = new();

    [Fact]
    public async Task Each_starts_after_what_it_waits_for_and_stops_before_it()
    {
        var server = new Part("server", happened);
        var database = new Part("database", happened) { Waits = { new ResourceWait(server, ExitCode: null) } };
        var cache = new Part("cache", happened) { Waits = { new ResourceWait(database, ExitCode: null) } };
        using var all = Run(server, database, cache);

        await all.StartAsync(CancellationToken.None);
        await cache.Progress.Healthy.WaitAsync(Limit);
        await all.StopAsync(CancellationToken.None);

        string[] expected = ["+server", "+database", "+cache", "-cache", "-database", "-server"];
        Assert.Equal(expected, happened);
    }

    [Fact]
    public async Task What_waits_for_something_that_failed_is_not_started_and_tells_the_first_reason()
    {
        var server = new Part("server", happened) { Start = () => throw new SetupException("no binaries") };
        var database = new Part("database", happened) { Waits = { new ResourceWait(server, ExitCode: null) } };
        var host = new Part("host", happened) { Waits = { new ResourceWait(database, ExitCode: null) } };
        using var all = Run(server, database, host);

        await all.StartAsync(CancellationToken.None);

        var reason = await Assert.ThrowsAsync<SetupException>(() => host.Progress.Healthy.WaitAsync(Limit));
        Assert.Contains("server did not start: no binaries", reason.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("+host", happened);
        await all.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_job_that_ends_badly_stops_what_waits_for_its_completion()
    {
        var job = new Part("migrate", happened);
        job.Progress.Complete(3);
        var host = new Part("api", happened) { Waits = { new ResourceWait(job, ExitCode: 0) } };
        using var all = Run(job, host);

        await all.StartAsync(CancellationToken.None);

        var reason = await Assert.ThrowsAsync<SetupException>(() => host.Progress.Healthy.WaitAsync(Limit));
        Assert.Contains("migrate ended with exit code 3", reason.Message, StringComparison.Ordinal);
        await all.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task One_that_cannot_be_stopped_does_not_keep_the_others_running()
    {
        var first = new Part("first", happened);
        var stuck = new Part("stuck", happened) { Stop = () => throw new IOException("broken") };
        using var all = Run(first, stuck);

        await all.StartAsync(CancellationToken.None);
        await Task.WhenAll(first.Progress.Healthy, stuck.Progress.Healthy).WaitAsync(Limit);
        await all.StopAsync(CancellationToken.None);

        Assert.Equal("-first", happened[^1]);
        Assert.Contains("stuck did not stop in order: broken", shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_while_it_starts_ends_the_waiting()
    {
        var slow = new Part("slow", happened) { Start = () => Task.Delay(Timeout.Infinite) };
        var next = new Part("next", happened) { Waits = { new ResourceWait(slow, ExitCode: null) } };
        using var all = Run(slow, next);
        await all.StartAsync(CancellationToken.None);

        await all.StopAsync(CancellationToken.None).WaitAsync(Limit);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.Progress.Healthy);
    }

    [Fact]
    public async Task Only_a_part_runs_with_what_that_part_waits_for()
    {
        var server = new Part("server", happened);
        var database = new Part("database", happened) { Waits = { new ResourceWait(server, ExitCode: null) } };
        var host = new Part("host", happened) { Waits = { new ResourceWait(database, ExitCode: null) } };
        Resource[] parts = [server, database, host];
        using var all = Run(parts, Only.Of("database", parts));

        await all.StartAsync(CancellationToken.None);
        await Task.WhenAll(parts.Select(part => part.Progress.Healthy)).WaitAsync(Limit);
        await all.StopAsync(CancellationToken.None);

        Assert.DoesNotContain("+host", happened);
        Assert.Contains("+database", happened);
    }

    [Fact]
    public void An_unknown_part_is_refused_with_the_names_there_are()
    {
        var refused = Assert.Throws<SetupException>(() => Only.Of("postgre", [new Part("postgres", happened)]));
        Assert.Contains("there is no postgre. There are: postgres.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_line_stands_under_the_name_of_its_part()
    {
        var console = new PrefixedConsole(shown, colour: false);
        console.For("api")("one");
        console.For("webhooks")("two");
        Assert.Equal("api      | one\nwebhooks | two\n", shown.ToString());
    }

    private Orchestrator Run(params Resource[] parts) => Run(parts, [.. parts]);

    private Orchestrator Run(Resource[] parts, HashSet<Resource> wanted)
    {
        var console = new PrefixedConsole(shown, colour: false);
        return new Orchestrator([.. parts], wanted, new RunContext("/nowhere", new RunFolder("/nowhere"), console.For));
    }

    private sealed class Part(string name, List<string> happened) : Resource(name)
    {
        public Func<Task> Start { get; init; } = () => Task.CompletedTask;

        public Func<Task> Stop { get; init; } = () => Task.CompletedTask;

        public override async Task StartAsync(RunContext context, CancellationToken cancel)
        {
            await Start().WaitAsync(cancel);
            Note("+" + Name);
        }

        public override async Task StopAsync()
        {
            await Stop();
            Note("-" + Name);
        }

        private void Note(string what)
        {
            lock (happened)
            {
                happened.Add(what);
            }
        }
    }
}
#endif
