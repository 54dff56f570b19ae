using Gateway.Providers;
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
    [InlineData("DailyCap", "0", "DailyCap is '0'; it must be 1 to 4000000000")]
    [InlineData("DailyCap", "many", "DailyCap is 'many'; it must be 1 to 4000000000")]
    [InlineData("DomainRate", "-1", "DomainRate is '-1'; it must be 1 to 4000000000")]
    [InlineData("RateWindow", "00:00:01", "RateWindow is '00:00:01'; it must be absent where there is no Rate")]
    [InlineData("Concurrency", "1e3", "Concurrency is '1e3'; it must be 1 to 1000")]
    [InlineData(
        "Domains:a.example:Concurrency",
        "1001",
        "Domains:a.example:Concurrency is '1001'; it must be 1 to 1000"
    )]
    [InlineData(
        "Domains:a.example:Ratte",
        "5",
        "Domains:a.example:Ratte is '5'; it must be one of Rate, RateWindow, DailyCap, Concurrency"
    )]
    [InlineData("Domains:a.example", "5", "Domains:a.example is '5'; it must be Domains:a.example:Rate, or another")]
    [InlineData("Domains:-a-:Rate", "5", "Domains is '-a-'; it must be a domain of recipients")]
    public void What_is_no_limit_is_named(string name, string value, string problem)
    {
        var problems = new List<SettingProblem>();
        PathSettings.Read(Section((name, value)), problems);
        Assert.StartsWith(problem, problems.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_domain_is_limited_under_any_of_its_names()
    {
        var limits = Read(("Domains:Bücher.example:Rate", "5"))!;
        Assert.Equal(5, limits.Of("xn--bcher-kva.example").Rate!.Messages);
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
        PathWindows.Of("p", limits, "Example.net", isBroadcast).Select(l => $"{l.Key} {l.Cap}");

    private static PathLimits? Read(params (string, string)[] settings)
    {
        var problems = new List<SettingProblem>();
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
