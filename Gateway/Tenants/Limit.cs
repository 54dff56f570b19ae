namespace Gateway.Tenants;

/// <summary>What a limit counts by itself.</summary>
public enum LimitScope
{
    Tenant,
    Key,
    SendingDomain,
    Stream,
    RecipientDomain,
}

public enum LimitUnit
{
    Messages,
    Recipients,
}

/// <summary>What becomes of mail over the limit: it waits by itself, or its request is refused with 429 or 451.</summary>
public enum OverLimit
{
    Wait,
    Refuse,

    /// <summary>Where nothing was said (D16): broadcasts wait, all else is refused.</summary>
    ByStream,
}

/// <summary>No true window of this length ever admits more than the cap (D16).</summary>
/// <param name="Subject">
/// Key id, sending domain, stream or recipient domain; empty: each one of the scope by itself.
/// </param>
/// <param name="Window">1 s to 1 day.</param>
public sealed record Limit(LimitScope Scope, string Subject, LimitUnit Unit, TimeSpan Window, long Cap, OverLimit Over);
