namespace Gateway.Worker.Delivery;

/// <summary>
/// Where each lane's next claim begins, so that it need not pass again over rows that are leased already. Never later
/// than 10 s ago (a write transaction lasts at most 5 s, so nothing older can still appear), and forgotten every 5 s:
/// a row that comes back below the bound is claimed late, never lost.
/// </summary>
internal sealed class ClaimBounds(TimeProvider clock)
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(5);

    // Npgsql writes DateTime.MinValue as -infinity.
    private static readonly DateTime Beginning = DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc);
    private readonly Dictionary<(Guid, string), DateTime> bounds = [];
    private long forgottenAt = clock.GetTimestamp();
    private volatile bool forget;

    public DateTime Of(Lane lane)
    {
        if (forget || clock.GetElapsedTime(forgottenAt) > KeepFor)
        {
            forget = false;
            bounds.Clear();
            forgottenAt = clock.GetTimestamp();
        }

        return bounds.GetValueOrDefault((lane.TenantId, lane.Stream), Beginning);
    }

    public void Saw(Claim claim, DateTime dueAt, DateTime databaseNow)
    {
        var key = (claim.TenantId, claim.Stream);
        var latest = databaseNow - Margin;
        var bound = dueAt < latest ? dueAt : latest;
        if (bound > bounds.GetValueOrDefault(key, Beginning))
        {
            bounds[key] = bound;
        }
    }

    /// <summary>May be called from any thread; takes effect at the next claim.</summary>
    public void Forget() => forget = true;
}
