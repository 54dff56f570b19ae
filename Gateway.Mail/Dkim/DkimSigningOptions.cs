namespace Gateway.Mail.Dkim;

/// <summary>One signature to make. A message may get several, e.g. RSA and Ed25519 (RFC 8463 §1).</summary>
public sealed record DkimSigningOptions
{
    /// <summary>
    /// Each is listed once more than it occurs, so that adding one breaks the signature (RFC 6376 §8.15): what a reader
    /// sees, what decides how the body is decoded, and what a client acts on.
    /// </summary>
    public static IReadOnlyList<string> DefaultOversigned { get; } =
    [
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Reply-To",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ];

    /// <summary>Each is listed as often as it occurs (RFC 6376 §5.4.1); a relay may still add one.</summary>
    public static IReadOnlyList<string> DefaultSignedIfPresent { get; } =
    ["Sender", "In-Reply-To", "References", "List-Id", "List-Help", "Feedback-ID", "Auto-Submitted"];

    /// <summary>d=, the domain that answers for the message; U-labels are signed as A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>s=, under which the key is published.</summary>
    public required string Selector { get; init; }

    /// <summary>Signs; owned by the caller.</summary>
    public required DkimKey Key { get; init; }

    /// <summary>t=, the present time of the injected clock.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>x= is <see cref="Now"/> plus this; at least one second.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The header half of c=.</summary>
    public Canonicalization Header { get; init; } = Canonicalization.Relaxed;

    /// <summary>The body half of c=.</summary>
    public Canonicalization Body { get; init; } = Canonicalization.Relaxed;

    /// <summary>Names listed once more than they occur; must contain From (RFC 6376 §5.4).</summary>
    public IReadOnlyList<string> Oversigned { get; init; } = DefaultOversigned;

    /// <summary>Names listed as often as they occur.</summary>
    public IReadOnlyList<string> SignedIfPresent { get; init; } = DefaultSignedIfPresent;
}
