using System.Text;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>
/// The recipients that a notice names in words, and what it says about each. Two forms cover the known hosts: the
/// address begins a line (qmail, Postfix, Exim, Exchange, OpenSMTPD, GMX …), or a sentence about failing ends in it
/// (iMail, ezweb, KDDI, DragonFly, old sendmail's transcript …).
/// </summary>
internal static class NoticeRecipients
{
    private static readonly string[] Failing =
    [
        "deliver",
        "recipient",
        "rcpt to",
        "unknown user",
        "user unknown",
        "rejected",
        "error",
        "fail",
        "mailbox",
        "addressed to",
        "not reach",
        "unknown host",
        "host not found",
        "undeliver",
        "exceed",
        "invalid",
    ];

    // "From: <me> RCPT: <them>" names both; these words before an address say it is not the recipient.
    private static readonly string[] Others =
    [
        "from",
        "contact",
        "sender",
        "reply-to",
        "postmaster",
        "subject",
        "message-id",
        "assistance",
        "support",
        "cc:",
        "return-path",
        "hello ",
        "by ",
        "mailto:",
        "send mail to",
    ];

    public static List<(string Address, string Text)> Find(IReadOnlyList<string> lines)
    {
        var found = Scan(lines, BeginsLine, before: false);
        if (found.Count == 0)
        {
            found = Scan(lines, InSentence, before: IsTranscript(lines));
        }

        return found;
    }

    /// <summary>What the notice says about an address known from elsewhere; the whole notice if it names it nowhere.</summary>
    public static string About(string address, string whole, List<(string Address, string Text)> found)
    {
        if (found.Count > 1)
        {
            foreach (var (named, text) in found)
            {
                if (named.Equals(address, StringComparison.OrdinalIgnoreCase))
                {
                    return text;
                }
            }
        }

        // A long apology in three languages must not push the reason out of sight.
        return found.Count == 1 && whole.Length > ReportLimits.MaxDiagnostic ? found[0].Text + whole : whole;
    }

    public static string Whole(IReadOnlyList<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            if (text.Length > ReportLimits.MaxNotice)
            {
                break;
            }

            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    private delegate string? Reader(string line);

    private static List<(string Address, string Text)> Scan(IReadOnlyList<string> lines, Reader read, bool before)
    {
        var order = new List<string>();
        var texts = new Dictionary<string, StringBuilder>(StringComparer.OrdinalIgnoreCase);
        var pending = new StringBuilder();
        StringBuilder? current = null;
        var indent = int.MaxValue;
        foreach (var line in lines)
        {
            var own = line.Length - line.AsSpan().TrimStart(" \t").Length;
            indent = line.Length == 0 ? int.MaxValue : indent;

            // Deeper than the recipient's own line, and no empty line between: what was said, wrapped.
            if (
                own <= indent
                && read(line) is { } address
                && (texts.ContainsKey(address) || order.Count < ReportLimits.MaxRecipients)
            )
            {
                if (!texts.TryGetValue(address, out current))
                {
                    order.Add(address);
                    texts[address] = current = new StringBuilder();
                }

                indent = own;

                // In a transcript the dialogue stands above the line that names the recipient.
                current.Append(pending).Append(line).Append('\n');
                pending.Clear();
                continue;
            }

            if (before && BeginsDialogue(line))
            {
                pending.Clear();
            }

            var to = before ? pending : current;
            if (to is { Length: < ReportLimits.MaxDiagnostic })
            {
                to.Append(line).Append('\n');
            }
        }

        return [.. order.Select(address => (address, texts[address].ToString()))];
    }

    private static bool IsTranscript(IReadOnlyList<string> lines) =>
        lines.Any(line => line.Contains("transcript of session", StringComparison.OrdinalIgnoreCase));

    // What was said to one host tells nothing about the recipients of the next.
    private static bool BeginsDialogue(string line) =>
        line.AsSpan().TrimStart(" .\t").StartsWith("while talking to", StringComparison.OrdinalIgnoreCase)
        || line.StartsWith("421 ", StringComparison.Ordinal);

    private static string? BeginsLine(string line)
    {
        var text = line.AsSpan().TrimStart(" \t*>-\"'[<(");
        var (start, length) = AddressScan.Find(text);
        if (length == 0 || start != 0)
        {
            return null;
        }

        var rest = text[length..].TrimStart(">\"')]");
        var ends =
            rest.Length == 0 || rest[0] is ':' or ' ' or '\t' or ',' or ';' or '(' or '[' || rest.StartsWith("...");
        return ends && !IsProse(rest) ? text[..length].ToString() : null;
    }

    // "a@b.example wrote:", "a@b.example domain if this was a legitimate mail" are no entries of a list.
    private static bool IsProse(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" \t");
        return rest.StartsWith("wrote")
            || rest.StartsWith("domain")
            || rest.StartsWith("if ")
            || rest.StartsWith("and ")
            || rest.StartsWith("or ")
            || rest.StartsWith("for ");
    }

    private static string? InSentence(string line)
    {
        // What the far side answered may name anyone; the reporting host's own lines name the recipient.
        if (line.AsSpan().TrimStart(" \t").StartsWith("<<<"))
        {
            return null;
        }

        var lower = line.ToLowerInvariant();
        var reply = ReplyScan.StartsWithReply(line.AsSpan().TrimStart(" \t<>"));
        if (!reply && !Array.Exists(Failing, word => lower.Contains(word, StringComparison.Ordinal)))
        {
            return null;
        }

        for (var from = 0; AddressScan.Find(line, from) is { Length: > 0 } at; from = at.Start + at.Length)
        {
            var head = lower.AsSpan(0, at.Start).TrimEnd(" \t<\"'([:");
            var tail = head[Math.Max(0, head.Length - 24)..].ToString();
            if (!Array.Exists(Others, word => tail.Contains(word.TrimEnd(':', ' '), StringComparison.Ordinal)))
            {
                return line.Substring(at.Start, at.Length);
            }
        }

        return null;
    }
}
