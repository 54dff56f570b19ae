using System.Text;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Smtp;

/// <summary>
/// What stands between the brackets of MAIL FROM and RCPT TO. The only way to make one is the scan below, so a value
/// that holds CR, LF, NUL or a way out of its brackets does not exist. It is not a full address grammar.
/// </summary>
public readonly record struct SmtpPath
{
    // RFC 5321 §4.5.3.1.3: 256 octets with the brackets.
    private const int MaxOctets = 254;

    private readonly string? text;

    private SmtpPath(string text) => this.text = text;

    /// <summary>The empty reverse path <c>&lt;&gt;</c> (RFC 5321 §4.5.5).</summary>
    public static SmtpPath Null => default;

    /// <summary>The one mailbox without a domain (RFC 5321 §4.5.1).</summary>
    public static SmtpPath Postmaster { get; } = new("postmaster");

    public bool IsNull => string.IsNullOrEmpty(text);

    /// <summary>Needs SMTPUTF8 (RFC 6531 §3.2).</summary>
    public bool IsInternational => !Ascii.IsValid(text);

    /// <summary>The path without brackets; empty for the null path.</summary>
    public override string ToString() => text ?? "";

    /// <summary>An address that was parsed already; each has a path.</summary>
    public static SmtpPath Of(EmailAddress address) =>
        TryCreate(address.ToString(), out var path)
            ? path
            : throw new ArgumentException($"{address} cannot stand in an envelope", nameof(address));

    /// <summary>Takes <c>local@domain</c> as it goes on the wire. False for whatever could not stand there safely.</summary>
    public static bool TryCreate(string? mailbox, out SmtpPath path)
    {
        path = default;
        if (string.IsNullOrEmpty(mailbox) || !HasLegalCharacters(mailbox))
        {
            return false;
        }

        var at = mailbox[0] == '"' ? EndOfQuoted(mailbox) : EndOfDotString(mailbox);
        if (at <= 0 || at >= mailbox.Length || mailbox[at] != '@' || !IsDomain(mailbox.AsSpan(at + 1)))
        {
            return false;
        }

        path = new SmtpPath(mailbox);
        return true;
    }

    private static bool HasLegalCharacters(string mailbox)
    {
        var octets = 0;
        foreach (var rune in mailbox.EnumerateRunes())
        {
            // EnumerateRunes yields U+FFFD for half a surrogate pair, which is no character of an address either.
            if (Rune.IsControl(rune) || rune.Value is 0xFFFD or 0x2028 or 0x2029)
            {
                return false;
            }

            octets += rune.Utf8SequenceLength;
        }

        return octets <= MaxOctets;
    }

    // RFC 5321 §4.1.2: Quoted-string = DQUOTE *QcontentSMTP DQUOTE.
    private static int EndOfQuoted(string mailbox)
    {
        for (var i = 1; i < mailbox.Length; i++)
        {
            if (mailbox[i] == '"')
            {
                return i + 1;
            }

            if (mailbox[i] == '\\' && ++i < mailbox.Length && !char.IsAscii(mailbox[i]))
            {
                return -1;
            }
        }

        return -1;
    }

    // Dots are not counted here: a..b@ and a.@ exist in the wild, and break nothing on the wire.
    private static int EndOfDotString(string mailbox)
    {
        for (var i = 0; i < mailbox.Length; i++)
        {
            var c = mailbox[i];
            if (c == '@')
            {
                return i;
            }

            if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-/=?^_`{|}~.".Contains(c))
            {
                return -1;
            }

            if (!char.IsAscii(c) && char.IsWhiteSpace(c))
            {
                return -1;
            }
        }

        return -1;
    }

    internal static bool IsDomain(ReadOnlySpan<char> domain)
    {
        if (domain.Length > 2 && domain[0] == '[' && domain[^1] == ']')
        {
            return domain[1..^1].IndexOfAnyExcept(LiteralCharacters) < 0;
        }

        if (domain.IsEmpty || domain[0] is '.' or '-' || domain.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var c in domain)
        {
            var legal = char.IsAscii(c)
                ? char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'
                : !char.IsWhiteSpace(c) && !char.IsControl(c) && !IsInvisible(c);
            if (!legal)
            {
                return false;
            }
        }

        return true;
    }

    // A soft hyphen or a direction mark makes two names of one; the joiners are letters' business (RFC 5892 appendix A).
    private static bool IsInvisible(char c) =>
        c is not ('\u200C' or '\u200D') && char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format;

    private static readonly System.Buffers.SearchValues<char> LiteralCharacters = System.Buffers.SearchValues.Create(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-"
    );
}
