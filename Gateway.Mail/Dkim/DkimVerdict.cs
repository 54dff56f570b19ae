namespace Gateway.Mail.Dkim;

/// <summary>What became of one signature, in the words of RFC 8601 §2.7.1.</summary>
public enum DkimStatus
{
    /// <summary>The signature verified.</summary>
    Pass,

    /// <summary>It did not verify: body or signed headers changed, or it expired.</summary>
    Fail,

    /// <summary>It may verify but must not count: rsa-sha1, a short key, a time in the future.</summary>
    Policy,

    /// <summary>The key could not be fetched now; try later.</summary>
    TempError,

    /// <summary>It can never be verified: malformed, incomplete, or without a usable key.</summary>
    PermError,
}

/// <summary>The verdict on one DKIM-Signature field.</summary>
/// <param name="Status">The result.</param>
/// <param name="Reason">Why, in a few plain words; empty for a pass.</param>
public sealed record DkimVerdict(DkimStatus Status, string Reason)
{
    /// <summary>d= as lower-case A-labels; empty if it could not be read.</summary>
    public string Domain { get; init; } = "";

    /// <summary>s= as lower-case A-labels; empty if it could not be read.</summary>
    public string Selector { get; init; } = "";

    /// <summary>i= as given; empty if absent.</summary>
    public string Identity { get; init; } = "";

    /// <summary>a= as given; empty if it could not be read.</summary>
    public string Algorithm { get; init; } = "";

    /// <summary>The size of the published key; 0 if it was not read.</summary>
    public int KeyBits { get; init; }

    /// <summary>The key record says t=y: the domain is only testing (RFC 6376 §3.6.1).</summary>
    public bool KeyInTestMode { get; init; }

    /// <summary>The signature has l=, so it may cover only the start of the body.</summary>
    public bool UsesBodyLength { get; init; }

    /// <summary>Octets of the canonical body behind l=, which anyone may have written (RFC 6376 §8.2).</summary>
    public long UncoveredBodyBytes { get; init; }

    /// <summary>
    /// Headers that a reader sees or a client obeys and of which at least one instance is not signed, e.g. a second
    /// From put on top (RFC 6376 §8.15).
    /// </summary>
    public IReadOnlyList<string> UncoveredHeaders { get; init; } = [];

    /// <summary>
    /// Such headers that the signature would not miss if they were added on the way: not listed once more than they occur.
    /// </summary>
    public IReadOnlyList<string> AddableHeaders { get; init; } = [];

    /// <summary>A pass that vouches for From and for the whole body, not only for a part that someone chose.</summary>
    public bool CoversFromAndBody =>
        Status == DkimStatus.Pass
        && UncoveredBodyBytes == 0
        && !UncoveredHeaders.Contains("From", StringComparer.Ordinal);
}
