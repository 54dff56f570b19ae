using Gateway.Mail;
using Gateway.Routing;

namespace Gateway.Tests.Routing;

public sealed class CircuitTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(Outcome.PathDown, true)]
    [InlineData(Outcome.PathBlocked, true)]
    [InlineData(Outcome.PathThrottled, false)]
    [InlineData(Outcome.RecipientPermanent, false)]
    [InlineData(Outcome.RecipientTemporary, false)]
    [InlineData(Outcome.MessagePermanent, false)]
    [InlineData(Outcome.ContentRefused, false)]
    [InlineData(Outcome.AdapterBug, false)]
    [InlineData(Outcome.Accepted, false)]
    [InlineData(Outcome.Unknown, false)]
    public void One_failure_of_the_path_opens_it_and_nothing_else_does(Outcome outcome, bool opens) =>
        Assert.Equal(opens, After(Circuit.Closed, outcome, Start).IsOpen);

    [Fact]
    public void Two_unknowns_in_a_row_open_it()
    {
        var once = After(Circuit.Closed, Outcome.Unknown, Start);
        Assert.False(once.IsOpen);
        Assert.True(After(once, Outcome.Unknown, Start).IsOpen);
        Assert.False(After(After(once, Outcome.Accepted, Start), Outcome.Unknown, Start).IsOpen);
    }

    [Fact]
    public void Three_unknowns_of_the_last_ten_open_it_and_older_ones_are_forgotten()
    {
        var spread = Many(Circuit.Closed, "u....u..");
        Assert.False(spread.IsOpen);
        Assert.True(After(spread, Outcome.Unknown, Start).IsOpen);
        Assert.False(Many(Circuit.Closed, "u....u.......u").IsOpen);
    }

    [Fact]
    public void Each_opening_rests_longer_until_it_was_stable_for_long()
    {
        var circuit = Circuit.Closed;
        var now = Start;
        var rests = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            circuit = After(circuit, Outcome.PathDown, now);
            rests.Add((circuit.RestsUntil - now).TotalSeconds);
            now = circuit.RestsUntil;
            circuit = circuit.Close(now);
            now += TimeSpan.FromSeconds(30);
        }

        Assert.Equal([2, 4, 8, 16, 32, 60, 60], rests);
        now += TimeSpan.FromMinutes(11);
        Assert.Equal(TimeSpan.FromSeconds(2), After(circuit, Outcome.PathDown, now).RestsUntil - now);
    }

    [Fact]
    public void What_was_on_its_way_when_it_opened_neither_prolongs_nor_closes_it()
    {
        var open = After(Circuit.Closed, Outcome.PathDown, Start);
        Assert.Same(open, After(open, Outcome.PathDown, Start.AddSeconds(1)));
        Assert.Same(open, After(open, Outcome.Accepted, Start.AddSeconds(1)));
    }

    [Fact]
    public void A_failed_canary_prolongs_it_and_a_good_one_closes_it()
    {
        var open = After(Circuit.Closed, Outcome.PathDown, Start);
        var again = open.RestAgain("still down", open.RestsUntil);
        Assert.Equal(TimeSpan.FromSeconds(4), again.RestsUntil - open.RestsUntil);
        Assert.Equal(Start, again.ChangedAt);
        Assert.False(again.Close(again.RestsUntil).IsOpen);
    }

    [Fact]
    public void A_provider_that_asks_for_more_time_gets_it()
    {
        var open = Circuit.Closed.After(Outcome.PathBlocked, "blocked", TimeSpan.FromHours(1), Start);
        Assert.Equal(TimeSpan.FromHours(1), open.RestsUntil - Start);
    }

    private static Circuit Many(Circuit circuit, string outcomes) =>
        outcomes.Aggregate(circuit, (c, o) => After(c, o == 'u' ? Outcome.Unknown : Outcome.Accepted, Start));

    private static Circuit After(Circuit circuit, Outcome outcome, DateTimeOffset now) =>
        circuit.After(outcome, "reply", null, now);
}
