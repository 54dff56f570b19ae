using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Messages;

/// <summary>The name of a header field (RFC 5322 §3.6.8 ftext): printable ASCII without a colon, so never a line break.</summary>
public sealed record HeaderName
{
    /// <summary>In octets. With its colon it stands on one line, well below the 78 of RFC 5322 §2.1.1.</summary>
    public const int MaxLength = 76;

    private HeaderName(string value) => Value = value;

    /// <summary>The name as given.</summary>
    public string Value { get; }

    /// <summary>
    /// True for fields that the composer or a transport writes, and that nobody else may: a second From, a forged trace
    /// or signature, a Bcc that would be seen, a Content-* that would lie about the body.
    /// </summary>
    public bool IsReserved =>
        Reserved.Contains(Value)
        || Value.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        || Value.StartsWith("Resent-", StringComparison.OrdinalIgnoreCase)
        || Value.StartsWith("ARC-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Checks a name.</summary>
    public static bool TryCreate(string? value, [NotNullWhen(true)] out HeaderName? name, out HeaderError error)
    {
        name = null;
        if (string.IsNullOrEmpty(value) || value.Length > MaxLength)
        {
            error = new("header_name_length", $"A header name has 1 to {MaxLength} characters.", 0);
            return false;
        }

        var at = value.AsSpan().IndexOfAnyExceptInRange('!', '~');
        if (at < 0)
            at = value.IndexOf(':', StringComparison.Ordinal);
        if (at >= 0)
        {
            error = new(
                "header_name_character",
                "A header name holds visible ASCII characters without spaces and colons, such as X-Campaign.",
                at
            );
            return false;
        }

        error = default;
        name = new HeaderName(value);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <inheritdoc/>
    public bool Equals(HeaderName? other) => string.Equals(Value, other?.Value, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Value);

    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
        [
            "From",
            "Sender",
            "Reply-To",
            "To",
            "Cc",
            "Bcc",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Received",
            "Return-Path",
            "Delivered-To",
            "DKIM-Signature",
            "DomainKey-Signature",
            "Authentication-Results",
            "Received-SPF",
        ],
        StringComparer.OrdinalIgnoreCase
    );
}
