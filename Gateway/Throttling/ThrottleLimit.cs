namespace Gateway.Throttling;

/// <summary>What a limit does to what is over it. The numbers are those of the script.</summary>
public enum ThrottleKind
{
    /// <summary>It is refused, and told when there is room again.</summary>
    Refuse = 0,

    /// <summary>It is admitted with a later turn of its own, in the order of arrival.</summary>
    Wait = 1,

    /// <summary>It is refused, and each is told another time to come again, at the pace of the limit.</summary>
    Spread = 2,

    /// <summary>A plain counter of a calendar month: what is over it is refused.</summary>
    Month = 3,

    /// <summary>One half of a limit by stream: what is over it is refused. It has all that the other half leaves.</summary>
    Shared = 4,

    /// <summary>The other half: it waits for turns, and never takes more than its own cap of the whole.</summary>
    SharedWait = 5,
}

/// <summary>One limit as Redis counts it.</summary>
/// <param name="Key">With the hash tag of its owner: all limits of one call must share it.</param>
/// <param name="Cap">Units that no true window ever exceeds.</param>
/// <param name="FromLedger">A missing key is counted from the ledger before anything is admitted.</param>
public sealed record ThrottleLimit(string Key, long Cap, TimeSpan Window, ThrottleKind Kind, bool FromLedger = false)
{
    /// <summary>Windows of so much and longer are counted from the ledger where Redis does not know them (D16).</summary>
    public static readonly TimeSpan LedgerWindow = TimeSpan.FromHours(1);

    /// <summary>Beyond it a cap within a day is none; sub-buckets are counted in 32 bits.</summary>
    public const long MostCap = 4_000_000_000;

    /// <summary>Limits of one call: their places are told in one byte.</summary>
    public const int MostInACall = 255;

    public long Cap { get; } = Math.Clamp(Cap, 1, MostCap);

    /// <summary>The other half of a limit by stream: it must be in the same call.</summary>
    public string? OtherKey { get; init; }

    /// <summary>Units that are its own while nobody knows what the other half used.</summary>
    public long OwnCap { get; init; } = Math.Clamp(Cap, 1, MostCap);

    /// <summary>Another limit of the same call is from the ledger and was missing with it: the ledger counts both anew.</summary>
    public bool CountedWithAnother { get; init; }

    /// <summary>A sub-bucket: a hundredth of the window.</summary>
    public double BucketMilliseconds => Window.TotalMilliseconds / 100;

    public bool Waits => Kind is ThrottleKind.Wait or ThrottleKind.SharedWait;
}

/// <summary>Units that one request takes of a limit.</summary>
/// <param name="Limit">The limit's place in the call.</param>
public readonly record struct Charge(int Limit, long Units);

/// <summary>One message or one send: it is charged to all of its limits or to none.</summary>
/// <param name="Forced">Counted whatever the cap says: it happened already.</param>
public sealed record ThrottleRequest(IReadOnlyList<Charge> Charges, bool Forced = false);
