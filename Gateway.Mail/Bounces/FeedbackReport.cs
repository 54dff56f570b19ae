using System.Net;

namespace Gateway.Mail.Bounces;

/// <summary>The machine-readable part of a feedback report: RFC 5965 §3, RFC 6591 §3 for authentication failures.</summary>
public sealed record FeedbackReport
{
    /// <summary>In lower case: <c>abuse</c>, <c>fraud</c>, <c>virus</c>, <c>other</c>, <c>not-spam</c>, <c>auth-failure</c>, <c>opt-out</c>.</summary>
    public required string FeedbackType { get; init; }
    public string? UserAgent { get; init; }

    /// <summary>As written: 1, 1.0 and 0.1 are all met.</summary>
    public string? Version { get; init; }
    public string? OriginalEnvelopeId { get; init; }
    public string? OriginalMailFrom { get; init; }
    public IReadOnlyList<string> OriginalRecipients { get; init; } = [];

    /// <summary>Arrival-Date, or Received-Date as older reports call it.</summary>
    public DateTimeOffset? ArrivalDate { get; init; }
    public string? ReportingMta { get; init; }
    public IPAddress? SourceIp { get; init; }
    public int? SourcePort { get; init; }

    /// <summary>How many messages this report stands for; 1 if not said (RFC 5965 §3.2).</summary>
    public int Incidents { get; init; } = 1;
    public IReadOnlyList<string> AuthenticationResults { get; init; } = [];
    public IReadOnlyList<string> ReportedDomains { get; init; } = [];
    public IReadOnlyList<string> ReportedUris { get; init; } = [];

    /// <summary>Auth-Failure (RFC 6591 §3.3) in lower case, or null.</summary>
    public string? AuthFailure { get; init; }

    /// <summary>Delivery-Result (RFC 6591 §3.2.2) in lower case, or null.</summary>
    public string? DeliveryResult { get; init; }

    /// <summary>Identity-Alignment (RFC 7489 §7.3.1) in lower case, or null.</summary>
    public string? IdentityAlignment { get; init; }
    public string? DkimDomain { get; init; }
    public string? DkimIdentity { get; init; }
    public string? DkimSelector { get; init; }
    public string? DkimSelectorDns { get; init; }
    public string? DkimAdspDns { get; init; }

    /// <summary>Base64 as written, its folding removed (RFC 6591 §3.1.2).</summary>
    public string? DkimCanonicalizedHeader { get; init; }
    public string? DkimCanonicalizedBody { get; init; }
    public string? SpfDns { get; init; }
}
