using Gateway.Routing;

namespace Gateway.Tests.Routing;

public sealed class ProbationTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ProbationRules Rules = ProbationRules.Default;

    [Fact]
    public void The_canary_comes_first_then_1_5_25_and_100_percent()
    {
        var standing = Probation.Begin(Start);
        Assert.Equal((ProbationStep.Canary, 0d), (standing.Step, standing.Share));
        Assert.Same(standing, standing.Advance(Rules, Start.AddDays(1)));

        var shares = new List<double>();
        var now = Start;
        standing = standing.CanaryIsBack(now);
        while (standing.Step == ProbationStep.Share)
        {
            shares.Add(standing.Share);
            now += Rules.Least;
            standing = (standing with { Sends = Rules.Sends }).Advance(Rules, now);
        }

        Assert.Equal([0.01, 0.05, 0.25, 1], shares);
        Assert.Equal(ProbationStep.Admitted, standing.Step);
    }

    [Fact]
    public void A_step_needs_its_sends_and_its_time()
    {
        var standing = Probation.Begin(Start).CanaryIsBack(Start);
        Assert.Same(standing, standing.Advance(Rules, Start.AddHours(1)));
        var busy = standing with { Sends = 1_000 };
        Assert.Same(busy, busy.Advance(Rules, Start + Rules.Least - TimeSpan.FromSeconds(1)));
        Assert.Equal(0.05, busy.Advance(Rules, Start + Rules.Least).Share);
    }

    [Fact]
    public void An_ejected_path_stays_so_until_somebody_begins_anew()
    {
        var ejected = Probation.Begin(Start).CanaryIsBack(Start).Eject("550 no relaying", Start);
        Assert.Equal("550 no relaying", ejected.Reason);
        Assert.Same(ejected, ejected.CanaryIsBack(Start).Advance(Rules, Start.AddDays(9)));
    }
}
