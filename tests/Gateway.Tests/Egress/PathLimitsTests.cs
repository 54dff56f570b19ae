using Gateway.Worker.Throttling;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Egress;

public sealed class PathLimitsTests
{
    [Fact]
    public void A_path_has_a_rate_a_cap_of_the_day_and_both_for_domains_of_recipients()
    {
        var limits = Read(
            ("Rate", "100"),
            ("DailyCap", "50000"),
            ("DomainRate", "20"),
            ("DomainRateWindow", "00:01:00"),
            ("Domains:gmail.com:Rate", "5"),
            ("Domains:gmail.com:Concurrency", "2")
        )!;
        Assert.Equal(new PathRate(100, TimeSpan.FromSeconds(1)), limits.Path.Rate);
        Assert.Equal(new PathRate(50_000, TimeSpan.FromDays(1)), limits.Path.DailyCap);
        Assert.Equal(new PathRate(20, TimeSpan.FromMinutes(1)), limits.Of("example.net").Rate);
        Assert.Equal(new PathRate(5, TimeSpan.FromSeconds(1)), limits.Of("GMAIL.com").Rate);
        Assert.Equal(2, limits.Of("gmail.com").Concurrency);
        Assert.Null(limits.Of("example.net").Concurrency);
    }

    [Fact]
    public void A_path_without_limits_costs_no_question() => Assert.Null(Read(("Host", "x")));

    [Theory]
    [InlineData("DailyCap", "0", "settings:DailyCap is '0'")]
    [InlineData("DailyCap", "many", "settings:DailyCap is 'many'")]
    [InlineData("DomainRate", "-1", "settings:DomainRate is '-1'")]
    [InlineData("Domains:gmail.com:Concurrency", "1001", "settings:Domains:gmail.com:Concurrency is '1001'")]
    public void What_is_no_limit_is_named(string name, string value, string problem)
    {
        var problems = new List<string>();
        PathLimits.Read(Section((name, value)), problems);
        Assert.StartsWith(problem, problems.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Broadcast_mail_has_a_part_of_the_day_and_transactional_mail_all_of_it()
    {
        var limits = Read(("Rate", "100"), ("DailyCap", "1000"), ("DomainDailyCap", "10"))!;
        Assert.Equal(
            ["gw:path:{p}:1 100", "gw:path:{p}:day:86400 1000", "gw:path:{p}:example.net:day:86400 10"],
            Shown(limits, isBroadcast: false)
        );
        Assert.Equal(
            [
                "gw:path:{p}:1 100",
                "gw:path:{p}:day:86400 1000",
                "gw:path:{p}:broadcast:86400 800",
                "gw:path:{p}:example.net:day:86400 10",
            ],
            Shown(limits, isBroadcast: true)
        );
    }

    private static IEnumerable<string> Shown(PathLimits limits, bool isBroadcast) =>
        PathThrottle.LimitsOf("p", limits, "Example.net", isBroadcast).Select(l => $"{l.Key} {l.Cap}");

    private static PathLimits? Read(params (string, string)[] settings)
    {
        var problems = new List<string>();
        var limits = PathLimits.Read(Section(settings), problems);
        Assert.Empty(problems);
        return limits;
    }

    private static IConfigurationSection Section(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings.Select(s => new KeyValuePair<string, string?>("settings:" + s.Name, s.Value))
            )
            .Build()
            .GetSection("settings");
}
