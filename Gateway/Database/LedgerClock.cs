namespace Gateway.Database;

/// <summary>
/// The time of the ledger. Hosts compare and store times beside those that the database writes, so a machine whose clock
/// is wrong would expire mail early, rest paths of others for minutes and order events wrongly. Its own clock is believed as long
/// as it agrees with the database's within a second; beyond that it is corrected by the difference.
/// </summary>
/// <remarks>Steady time (<see cref="GetTimestamp"/>, timers) is the machine's: only what is stored or compared is corrected.</remarks>
public sealed class LedgerClock(TimeProvider machine) : TimeProvider
{
    /// <summary>Less is what the network, a busy machine and NTP leave: correcting it would only make the clock restless.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private long correction;

    /// <summary>Added to the machine's time; zero while that is right.</summary>
    public TimeSpan Correction => TimeSpan.FromTicks(Volatile.Read(ref correction));

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => machine.GetUtcNow() + Correction;

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes over what the database said.</summary>
    /// <param name="ledger">Its time.</param>
    /// <param name="asked">The <see cref="GetTimestamp"/> of the question; the database looked at some moment since then.</param>
    /// <returns>True where the correction changed.</returns>
    public bool Saw(DateTimeOffset ledger, long asked)
    {
        // In this order: a process that is stopped between the two only doubts the answer.
        var now = machine.GetUtcNow();
        var half = machine.GetElapsedTime(asked) / 2;
        var (difference, doubt) = (ledger - (now - half), Tolerance + half);
        if ((difference - Correction).Duration() <= doubt)
        {
            return false;
        }

        var wanted = difference.Duration() <= doubt ? TimeSpan.Zero : difference;
        Volatile.Write(ref correction, wanted.Ticks);
        return true;
    }
}
