using System.Globalization;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>The SMTP reply that stands somewhere in a diagnostic or a notice.</summary>
/// <param name="Code">The basic code, or null if only an enhanced status stands there.</param>
/// <param name="Status">The enhanced status that belongs to it, or null.</param>
/// <param name="At">Where the reply begins in the text.</param>
internal readonly record struct FoundReply(int? Code, EnhancedStatus? Status, int At);

/// <summary>Finds replies in text, and refuses the many numbers that only look like one: addresses, sizes, times, versions.</summary>
internal static class ReplyScan
{
    /// <summary>True if the text begins with a failing reply code.</summary>
    public static bool StartsWithReply(ReadOnlySpan<char> text) => CodeAt(text, 0) is not null;

    /// <summary>
    /// The reply that says most: the first with a code and an enhanced status, else the first code, else the first
    /// status. Null if there is none.
    /// </summary>
    public static FoundReply? Find(ReadOnlySpan<char> text)
    {
        FoundReply? code = null;
        FoundReply? status = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is not ('4' or '5') || !Begins(text, at))
            {
                continue;
            }

            if (code is null or { Status: null } && CodeAt(text, at) is { } found && IsMeant(text, at))
            {
                var own = new FoundReply(found, StatusAfter(text, at + 3), at);
                code = code is null || own.Status is not null ? own : code;
            }
            else if (status is null && StatusAt(text, at, out _) is { } bare)
            {
                status = new FoundReply(null, bare, at);
            }
        }

        // qmail and others put the status in brackets behind the text: "550 sorry, no mailbox here (#5.1.1)".
        return code is { Status: null } found2 && status is { Status: { } loose } && loose.Class == found2.Code / 100
            ? found2 with
            {
                Status = loose,
            }
            : code ?? status;
    }

    private static bool Begins(ReadOnlySpan<char> text, int at) =>
        at == 0
        || !(
            char.IsLetterOrDigit(text[at - 1]) || text[at - 1] is '.' or '-' or '_' or '@' or '$' or '%' or '/' or '='
        );

    private static int? CodeAt(ReadOnlySpan<char> text, int at)
    {
        // RFC 5321 §4.2: the second digit is 0 to 5; 57x and 521, 571 are met.
        if (at + 3 > text.Length || text[at] is not ('4' or '5') || text[at + 1] is < '0' or > '7')
        {
            return null;
        }

        if (!char.IsAsciiDigit(text[at + 2]) || (at + 3 < text.Length && !EndsCode(text, at + 3)))
        {
            return null;
        }

        return int.Parse(text.Slice(at, 3), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static bool EndsCode(ReadOnlySpan<char> text, int at) =>
        text[at] is ' ' or '-' or ':' or ',' or '\t' or '\r' or '\n' or ';' or ']' or ')' or '>' or '\''
        || (text[at] == '.' && (at + 1 == text.Length || !char.IsAsciiDigit(text[at + 1])));

    // In the middle of a sentence a number is a reply if something announces it or a status follows.
    private static bool IsMeant(ReadOnlySpan<char> text, int at)
    {
        if (StatusAfter(text, at + 3) is not null)
        {
            return true;
        }

        var head = text[..at].TrimEnd(" \t");
        if (
            head.Length == 0
            || head[^1] is '\n' or '\r' or ':' or ';' or '(' or '[' or '<' or '\'' or '"' or ',' or '#'
        )
        {
            return !IsClock(text, at);
        }

        return Ends(head, "said")
            || Ends(head, "smtp")
            || Ends(head, "error")
            || Ends(head, "code")
            || Ends(head, "was")
            || Ends(head, "...")
            || Ends(head, "reply")
            || Ends(head, "reason")
            || Ends(head, ">>>")
            || Ends(head, "<<<")
            || Ends(head, "deferred")
            || Ends(head, "status")
            || EndsInReply(head);
    }

    // "550 550 5.7.1": some hosts repeat the code.
    private static bool EndsInReply(ReadOnlySpan<char> head) =>
        head.Length >= 3 && CodeAt(head[^3..], 0) is not null && (head.Length == 3 || !char.IsLetterOrDigit(head[^4]));

    private static bool IsClock(ReadOnlySpan<char> text, int at) =>
        at > 0 && text[at - 1] == ':' && at > 1 && char.IsAsciiDigit(text[at - 2]);

    private static bool Ends(ReadOnlySpan<char> head, string word) =>
        head.EndsWith(word, StringComparison.OrdinalIgnoreCase);

    private static EnhancedStatus? StatusAfter(ReadOnlySpan<char> text, int at)
    {
        // "550-'5.2.2", "550 #5.1.0", "550 (5.1.1)", "550: 5.1.1".
        var from = at;
        while (
            from < text.Length && from - at < 4 && text[from] is ' ' or '-' or '#' or '(' or '[' or '\'' or '"' or ':'
        )
        {
            from++;
        }

        return from > at && from < text.Length ? StatusAt(text, from, out _) : null;
    }

    /// <summary>A status at exactly this place; not the beginning of an address (192.0.2.1) or a version.</summary>
    internal static EnhancedStatus? StatusAt(ReadOnlySpan<char> text, int at, out int end)
    {
        end = at;
        if (text[at] is not ('2' or '4' or '5'))
        {
            return null;
        }

        while (end < text.Length && end - at < 10 && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            end++;
        }

        var token = text[at..end];
        token = token[^1] == '.' ? token[..^1] : token;
        if (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '/'))
        {
            return null;
        }

        return EnhancedStatus.TryParse(token, out var status) && status.Subject <= 7 && IsNoVersion(text[..at])
            ? status
            : null;
    }

    private static bool IsNoVersion(ReadOnlySpan<char> head)
    {
        head = head.TrimEnd(" \t([");
        return !Ends(head, "version") && !Ends(head, " v") && !Ends(head, "release") && !Ends(head, "rfc");
    }
}
