namespace Gateway.Tests.Auth;

/// <summary>Time that passes only when a test says so, for what asks how much did; delays are real.</summary>
internal sealed class TestClock : TimeProvider
{
    private long now = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref now);

    public void Advance(TimeSpan by) => Interlocked.Add(ref now, by.Ticks);
}
