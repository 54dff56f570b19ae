namespace Gateway.Providers.Events;

/// <summary>What a request held.</summary>
/// <param name="Ignored">Events of kinds that say nothing of a mail, or that nobody here knows.</param>
/// <param name="Problem">What could not be read; what could is in <paramref name="Events"/> all the same.</param>
public sealed record EventReading(IReadOnlyList<ProviderEvent> Events, int Ignored, string? Problem)
{
    public static EventReading Of(params ProviderEvent[] events) => new(events, 0, null);

    public static EventReading Nothing { get; } = new([], 1, null);

    public static EventReading Unreadable(string why) => new([], 0, why);
}

/// <summary>A request at a path's event endpoint, its bytes as they came.</summary>
/// <param name="Headers">By lower-case name.</param>
public sealed record EventRequest(ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

public enum EventTrust
{
    /// <summary>The provider sent it, now or within the time in which it repeats itself.</summary>
    Genuine,

    /// <summary>Somebody else did, or on its way it was changed.</summary>
    Forged,

    /// <summary>Older than the provider repeats itself, or of the future.</summary>
    Expired,

    /// <summary>It cannot be told now; the fault is ours, and the provider is to come again.</summary>
    CannotTell,
}

/// <param name="Detail">For operators; never a secret.</param>
/// <param name="Token">What the provider uses once only; null where it signs the whole body.</param>
public sealed record EventVerdict(EventTrust Trust, string Detail, string? Token = null)
{
    public static EventVerdict Genuine { get; } = new(EventTrust.Genuine, "");

    public static EventVerdict Forged(string why) => new(EventTrust.Forged, why);

    public static EventVerdict Expired(string why) => new(EventTrust.Expired, why);

    public static EventVerdict CannotTell(string why) => new(EventTrust.CannotTell, why);

    /// <summary>How far a provider's clock may be ahead of ours.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>Judged by its time: genuine within the window before now.</summary>
    public static EventVerdict ByAge(
        DateTimeOffset signedAt,
        TimeSpan window,
        DateTimeOffset now,
        string? token = null
    ) =>
        now - signedAt > window + Skew || signedAt - now > Skew
            ? Expired($"signed at {signedAt:O}, which is not within {window}")
            : Genuine with
            {
                Token = token,
            };
}

/// <summary>How one kind of provider tells its events.</summary>
public interface IEventFormat
{
    /// <summary>The status of the answer that a forged or expired request gets. Never one that drops an event for ever in doubt.</summary>
    int RefusedStatus { get; }

    /// <summary>Headers that are kept with the body, in lower case.</summary>
    IReadOnlyList<string> Headers { get; }

    /// <summary>What is wrong with the settings; none for those of an account that only sends.</summary>
    IEnumerable<string> Problems(EventOptions options);

    ValueTask<EventVerdict> VerifyAsync(
        EventRequest request,
        EventOptions options,
        DateTimeOffset now,
        CancellationToken cancel
    );

    /// <summary>Reads a request that was found genuine. Never throws for what is in it.</summary>
    EventReading Read(EventRequest request);
}
