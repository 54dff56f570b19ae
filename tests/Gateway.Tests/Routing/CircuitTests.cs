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
    public void A_path_that_flaps_must_answer_well_more_often_until_it_was_stable_for_long()
    {
        var circuit = Circuit.Closed;
        var now = Start;
        var needed = new List<int>();
        for (var i = 0; i < 7; i++)
        {
            circuit = After(circuit, Outcome.PathDown, now);
            Assert.Equal(TimeSpan.FromSeconds(2), circuit.RestsUntil - now);
            needed.Add(0);
            while (circuit.IsOpen)
            {
                now = circuit.RestsUntil;
                circuit = circuit.AnsweredWell(now);
                needed[^1]++;
            }

            now += TimeSpan.FromSeconds(30);
        }

        Assert.Equal([1, 2, 3, 4, 5, 5, 5], needed);
        now += TimeSpan.FromMinutes(11);
        Assert.False(After(circuit, Outcome.PathDown, now).AnsweredWell(now.AddSeconds(2)).IsOpen);
    }

    [Fact]
    public void A_canary_that_fails_again_and_again_asks_less_often()
    {
        var circuit = After(Circuit.Closed, Outcome.PathDown, Start);
        var rests = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            var now = circuit.RestsUntil;
            circuit = circuit.AnsweredBadly("still down", now);
            rests.Add((circuit.RestsUntil - now).TotalSeconds);
        }

        Assert.Equal([4, 8, 16, 32, 60, 60, 60], rests);
        Assert.Equal(Start, circuit.ChangedAt);
    }

    [Fact]
    public void What_was_on_its_way_when_it_opened_neither_prolongs_nor_closes_it()
    {
        var open = After(Circuit.Closed, Outcome.PathDown, Start);
        Assert.Same(open, After(open, Outcome.PathDown, Start.AddSeconds(1)));
        Assert.Same(open, After(open, Outcome.Accepted, Start.AddSeconds(1)));
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
