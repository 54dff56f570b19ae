namespace Gateway.Webhooks.Outbound;

/// <summary>Something that is done again and again beside the loop, never twice at once.</summary>
/// <param name="each">At the latest so long after it last began.</param>
/// <param name="least">Where it is wanted sooner, at the earliest so long after it last ended.</param>
/// <param name="clock">Measures both.</param>
internal sealed class Job(TimeSpan each, TimeSpan least, TimeProvider clock)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);
    private long? began;
    private long ended;
    private bool wanted;
    private bool failed;

    public bool IsRunning { get; private set; }

    public bool IsDue =>
        !IsRunning
        && (
            began is not { } start
            || (
                failed ? clock.GetElapsedTime(ended) >= AfterFailure
                : wanted ? clock.GetElapsedTime(ended) >= least
                : clock.GetElapsedTime(start) >= each
            )
        );

    public void Want() => wanted = true;

    public void Begin() => (IsRunning, wanted, began) = (true, false, clock.GetTimestamp());

    public void End(bool isFailure) => (IsRunning, failed, ended) = (false, isFailure, clock.GetTimestamp());
}
