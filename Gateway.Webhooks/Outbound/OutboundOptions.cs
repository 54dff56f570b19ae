namespace Gateway.Webhooks.Outbound;

/// <summary>How webhooks are sent; section <c>Gateway:Webhooks</c>.</summary>
internal sealed class OutboundOptions
{
    /// <summary>Requests that one endpoint has open at once.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Requests that this replica has open at once; near it each endpoint gets fewer.</summary>
    public int MaxInFlight { get; init; } = 2_048;

    /// <summary>Subscriptions that this replica works for; the rest is for others.</summary>
    public int MaxEndpoints { get; init; } = 2_000;

    /// <summary>Bytes of events that were read and not yet sent.</summary>
    public long MaxHeldBytes { get; init; } = 64 << 20;

    /// <summary>From the connection to the answer's head.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between looks for events while nobody rings.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Between looks that read old days too: there only late news of old mail appears.</summary>
    public TimeSpan WholeLook { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A replica that said nothing for so long has lost what it owned.</summary>
    public TimeSpan AliveFor { get; init; } = TimeSpan.FromSeconds(15);

    public IEnumerable<string> Problems()
    {
        if (Concurrency is < 1 or > 100)
        {
            yield return $"Gateway:Webhooks:Concurrency is {Concurrency}; accepted are 1 to 100";
        }

        if (MaxInFlight < Concurrency)
        {
            yield return $"Gateway:Webhooks:MaxInFlight is {MaxInFlight}; it must be at least Concurrency ({Concurrency})";
        }

        if (MaxEndpoints is < 1 or > 20_000)
        {
            yield return $"Gateway:Webhooks:MaxEndpoints is {MaxEndpoints}; accepted are 1 to 20000";
        }

        if (MaxHeldBytes < 1 << 20)
        {
            yield return $"Gateway:Webhooks:MaxHeldBytes is {MaxHeldBytes}; at least {1 << 20} are needed";
        }

        foreach (
            var (name, value) in new[]
            {
                (nameof(Timeout), Timeout),
                (nameof(Poll), Poll),
                (nameof(WholeLook), WholeLook),
                (nameof(AliveFor), AliveFor),
            }
        )
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromMinutes(5))
            {
                yield return $"Gateway:Webhooks:{name} is {value}; accepted is up to 00:05:00";
            }
        }
    }
}
