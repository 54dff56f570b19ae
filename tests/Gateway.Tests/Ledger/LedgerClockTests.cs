using Gateway.Database;

namespace Gateway.Tests.Ledger;

public sealed class LedgerClockTests
{
    private static readonly DateTimeOffset Right = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(90)]
    [InlineData(-90)]
    [InlineData(1.5)]
    public void A_clock_that_is_wrong_is_corrected_by_the_difference(double seconds)
    {
        var machine = new Machine { Now = Right.AddSeconds(seconds) };
        var clock = new LedgerClock(machine);
        Assert.True(clock.Saw(Right, asked: 0));
        Assert.Equal(Right, clock.GetUtcNow());
        machine.Now += TimeSpan.FromHours(1);
        Assert.Equal(Right.AddHours(1), clock.GetUtcNow());
    }

    [Theory]
    [InlineData(0.9, 0)]
    [InlineData(-0.9, 0)]
    // The database may have looked at any moment of a slow answer.
    [InlineData(1.8, 2)]
    [InlineData(30, 60)]
    public void What_a_second_or_a_slow_answer_explains_is_left_alone(double seconds, double took)
    {
        var machine = new Machine { Now = Right.AddSeconds(seconds) };
        var clock = new LedgerClock(machine);
        Assert.False(clock.Saw(Right.AddSeconds(-took / 2), asked: -TimeSpan.FromSeconds(took).Ticks));
        Assert.Equal(machine.Now, clock.GetUtcNow());
    }

    [Fact]
    public void A_corrected_clock_does_not_follow_every_answer_and_is_left_alone_once_it_was_set()
    {
        var machine = new Machine { Now = Right.AddSeconds(90) };
        var clock = new LedgerClock(machine);
        clock.Saw(Right, asked: 0);
        Assert.False(clock.Saw(Right.AddSeconds(0.5), asked: 0));
        Assert.Equal(TimeSpan.FromSeconds(-90), clock.Correction);

        machine.Now = Right;
        Assert.True(clock.Saw(Right, asked: 0));
        Assert.Equal(TimeSpan.Zero, clock.Correction);
    }

    private sealed class Machine : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => 0;
    }
}
