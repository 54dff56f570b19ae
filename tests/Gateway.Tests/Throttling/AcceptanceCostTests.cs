using System.Diagnostics;
using Gateway.Api.Acceptance;
using Gateway.Tenants;
using Gateway.Tests.Acceptance;
using Gateway.Tests.Cluster;
using static Gateway.Tests.Throttling.LimitedSubmissions;

namespace Gateway.Tests.Throttling;

/// <summary>What limits cost acceptance, in turns on one machine. Explicit: a measurement.</summary>
public sealed class AcceptanceCostTests
{
    private const int Rounds = 8;
    private const int Callers = 128;
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1.2);

    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(50)]
    public async Task Acceptance_with_all_limits_on_keeps_85_percent_of_its_throughput(int tenants)
    {
        await using var cluster = await TestCluster.StartPrivateAsync(durable: true);
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        var senders = await Task.WhenAll(Enumerable.Range(0, tenants).Select(_ => ledger.CreateTenantAsync()));
        var limits = senders.Select(All).ToArray();
        await RoundAsync(replica, senders, null);
        await RoundAsync(replica, senders, limits);
        var (with, without) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var limitedFirst = round % 2 == 0;
            (limitedFirst ? with : without).Add(await RoundAsync(replica, senders, limitedFirst ? limits : null));
            (limitedFirst ? without : with).Add(await RoundAsync(replica, senders, limitedFirst ? null : limits));
        }

        var kept = with.Zip(without, (a, b) => a / b).Order().ElementAt(Rounds / 2);
        TestContext.Current.SendDiagnosticMessage(
            $"{tenants} tenants: {with.Average():N0}/s with, {without.Average():N0}/s without limits; median of rounds {kept:P1}"
        );
        Assert.True(kept >= 0.85, $"{kept:P1} ({with.Average():N0} of {without.Average():N0} messages a second)");
    }

    private static async Task<double> RoundAsync(LimitedReplica replica, TestTenant[] tenants, TenantSnapshot[]? limits)
    {
        var accepted = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable
                .Range(0, Callers)
                .Select(async caller =>
                {
                    var content = new byte[4096];
                    while (watch.Elapsed < RoundTime)
                    {
                        var message = TestSubmissions.Make(tenants[caller % tenants.Length]) with { Content = content };
                        message = message with { Tenant = limits?[caller % tenants.Length] };
                        Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(message));
                        Interlocked.Increment(ref accepted);
                    }
                })
        );
        return accepted / watch.Elapsed.TotalSeconds;
    }

    /// <summary>Every scope, second to day, and the month.</summary>
    private static TenantSnapshot All(TestTenant tenant) =>
        new(tenant.Id, "test", [tenant.Domain])
        {
            MonthQuota = 1_000_000_000,
            Limits =
            [
                Limit(LimitScope.Tenant, 1_000_000_000, unit: LimitUnit.Recipients, seconds: 1),
                Limit(LimitScope.Tenant, 1_000_000_000, OverLimit.Wait, seconds: 86_400),
                Limit(LimitScope.Key, 1_000_000_000, seconds: 60),
                Limit(LimitScope.SendingDomain, 1_000_000_000, seconds: 3_600),
                Limit(LimitScope.Stream, 1_000_000_000, OverLimit.Wait, seconds: 60),
                .. Enumerable
                    .Range(0, 20)
                    .Select(i =>
                        Limit(
                            LimitScope.RecipientDomain,
                            1_000_000_000,
                            OverLimit.Wait,
                            i == 0 ? "example.net" : $"r{i}.example"
                        )
                    ),
            ],
        };
}
