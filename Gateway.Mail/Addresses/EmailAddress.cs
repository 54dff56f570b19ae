using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Addresses;

/// <summary>
/// One addr-spec, parsed once (RFC 5321 §4.1.2, RFC 6531 §3.3, UTS #46). Policy, suppression, ledger and RCPT TO
/// all use this value; its text is never parsed again.
/// </summary>
public sealed class EmailAddress : IEquatable<EmailAddress>
{
    private readonly string text;

    internal EmailAddress(string localPart, string writtenLocalPart, string domain, string unicodeDomain)
    {
        LocalPart = localPart;
        Domain = domain;
        UnicodeDomain = unicodeDomain;
        IsInternational = LocalParts.IsInternational(localPart);
        text = string.Concat(writtenLocalPart, "@", domain);
        var folded = LocalParts.Fold(localPart);
        Key = folded == writtenLocalPart ? text : string.Concat(folded, "@", domain);
    }

    /// <summary>The local part without its quoting: <c>a b</c> for <c>"a b"@example.com</c>.</summary>
    public string LocalPart { get; }

    /// <summary>The domain in lower-case A-labels, without a trailing dot. An address literal keeps its brackets.</summary>
    public string Domain { get; }

    /// <summary>The domain as people read it (U-labels).</summary>
    public string UnicodeDomain { get; }

    /// <summary>True if the local part is not ASCII: the next hop must offer SMTPUTF8 (RFC 6531).</summary>
    public bool IsInternational { get; }

    /// <summary>
    /// What suppression and policy compare: the local part in NFC and invariant lower case, '@', <see cref="Domain"/>.
    /// RFC 5321 §2.4 lets a host tell <c>Bob</c> from <c>bob</c>; no receiver that matters does, and a complaint of one
    /// must silence the other.
    /// </summary>
    public string Key { get; }

    /// <summary>Reads the strict envelope form: no comments, no folding white space, no route, no angle brackets.</summary>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out EmailAddress? address,
        out AddressError error
    ) => TryParse(text, AddressForms.Internet, out address, out error);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out EmailAddress?, out AddressError)"/>
    /// <param name="text">The addr-spec and nothing else.</param>
    /// <param name="forms">What is accepted beyond the public Internet's addresses.</param>
    /// <param name="address">The address, or null.</param>
    /// <param name="error">The reason of a refusal.</param>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        AddressForms forms,
        [NotNullWhen(true)] out EmailAddress? address,
        out AddressError error
    ) => AddrSpecParser.TryParse(text, forms, out address, out error);

    /// <summary>The SMTP form: the local part quoted only where it must be, '@', the A-label domain.</summary>
    public override string ToString() => text;

    /// <summary>Equal if the same mailbox is named letter by letter; suppression compares <see cref="Key"/> instead.</summary>
    public bool Equals(EmailAddress? other) => other is not null && text == other.text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EmailAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => text.GetHashCode(StringComparison.Ordinal);
}
