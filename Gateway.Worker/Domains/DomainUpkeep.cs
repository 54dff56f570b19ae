using Gateway.Domains;
using Gateway.Worker.Signing;

namespace Gateway.Worker.Domains;

/// <summary>Looks up domains and keys when they are due: a proof every day, a key every hour, what is new sooner.</summary>
public sealed class DomainUpkeep(
    DueDomains due,
    DomainChecks domains,
    DkimChecks keys,
    TimeProvider clock,
    ILogger<DomainUpkeep> log
) : BackgroundService
{
    /// <summary>How soon a tenant who asks is answered by us.</summary>
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!domains.HasSuffixList)
        {
            SigningLog.NoSuffixList(log);
        }

        using var timer = new PeriodicTimer(Each, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunOnceAsync(stoppingToken) > 0) { }
                await timer.WaitForNextTickAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                SigningLog.DomainsNotChecked(log, problem);
                await Task.Delay(Each, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One batch of each; the number of what was looked up.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var claims = await due.TakeDomainsAsync(clock.GetUtcNow(), cancel);
        await Task.WhenAll(claims.Select(claim => CheckAsync(claim, cancel)));
        var signing = await due.TakeKeysAsync(clock.GetUtcNow(), cancel);
        await Task.WhenAll(signing.Select(key => keys.CheckAsync(key, cancel)));
        return claims.Count + signing.Count;
    }

    private async Task CheckAsync(DomainRow claim, CancellationToken cancel)
    {
        var after = await domains.CheckAsync(claim, cancel);
        if (after is not null && after.State != claim.State)
        {
            SigningLog.DomainChanged(log, after.Domain, after.TenantId, after.StateWord, after.ProblemDetail);
        }
    }
}

internal static class DomainUpkeepServices
{
    public static IServiceCollection AddDomainUpkeep(this IServiceCollection services) =>
        services.AddSingleton<DueDomains>().AddSingleton<DkimChecks>().AddHostedService<DomainUpkeep>();
}
