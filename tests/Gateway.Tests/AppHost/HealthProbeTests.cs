#if !ASPIRE
using AppHost.Embedded.Running;
using Aspire.Hosting;
using Gateway.Tests.ServiceDefaults;

namespace Gateway.Tests.AppHost;

public sealed class HealthProbeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task It_waits_until_the_service_says_that_it_is_well()
    {
        await using var host = await ProbeHost.StartAsync();
        var probe = new HealthProbe(new Uri(host.Address, "health"), static _ => { });
        var running = new TaskCompletionSource<int>().Task;

        var healthy = probe.UntilHealthyAsync(running, CancellationToken.None);
        using (await host.AskAsync("/health"))
        {
            Assert.False(healthy.IsCompleted);
        }

        host.Readiness.MarkReady();
        await healthy.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_service_that_ends_first_is_told_with_its_exit_code()
    {
        await using var host = await ProbeHost.StartAsync();
        var probe = new HealthProbe(new Uri(host.Address, "health"), static _ => { });

        var ended = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            probe.UntilHealthyAsync(Task.FromResult(134), CancellationToken.None)
        );

        Assert.Equal("it ended with exit code 134", ended.Message);
    }
}
#endif
