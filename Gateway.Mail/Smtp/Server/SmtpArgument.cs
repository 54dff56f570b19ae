using System.Globalization;

namespace Gateway.Mail.Smtp.Server;

/// <summary>Reads <c>FROM:&lt;path&gt; parameters</c> and <c>TO:&lt;path&gt;</c> (RFC 5321 §4.1.2, §4.1.1.11).</summary>
internal static class SmtpArgument
{
    private static readonly SmtpReply BadSyntax = SmtpReply.Of(501, "5.5.4 Syntax error in parameters");
    private static readonly SmtpReply BadPath = SmtpReply.Of(553, "5.1.3 Address syntax is not valid");
    private static readonly SmtpReply BadSender = SmtpReply.Of(553, "5.1.7 Address syntax is not valid");
    private static readonly SmtpReply Unknown = SmtpReply.Of(555, "5.5.4 Parameter is not supported");
    private static readonly SmtpReply NeedsUtf8 = SmtpReply.Of(553, "5.6.7 Non-ASCII addresses need SMTPUTF8");

    /// <summary>Null when understood.</summary>
    public static SmtpReply? Sender(string argument, out SmtpSender? sender)
    {
        sender = null;
        if (Path(argument, "FROM:", out var path, out var parameters) is { } wrong)
        {
            return ReferenceEquals(wrong, BadPath) ? BadSender : wrong;
        }

        long? size = null;
        string? body = null;
        var utf8 = false;
        var auth = false;
        foreach (var parameter in parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            var name = (equals < 0 ? parameter : parameter[..equals]).ToUpperInvariant();
            var value = equals < 0 ? null : parameter[(equals + 1)..];
            switch (name)
            {
                // RFC 1870 §3: 1*20DIGIT; a number that long is larger than any limit.
                case "SIZE" when size is null && Size(value) is { } octets:
                    size = octets;
                    break;
                case "BODY" when body is null && value?.ToUpperInvariant() is "7BIT" or "8BITMIME":
                    body = value.ToUpperInvariant();
                    break;
                case "SMTPUTF8" when !utf8 && value is null:
                    utf8 = true;
                    break;
                // RFC 4954 §5: who the message was authenticated as elsewhere; not trusted, not kept.
                case "AUTH" when !auth && !string.IsNullOrEmpty(value):
                    auth = true;
                    break;
                case "SIZE" or "BODY" or "SMTPUTF8" or "AUTH":
                    return BadSyntax;
                default:
                    return Unknown;
            }
        }

        sender = new SmtpSender(path, size, EightBit: body == "8BITMIME", utf8);
        return path.IsInternational && !utf8 ? NeedsUtf8 : null;
    }

    /// <summary>Null when understood.</summary>
    public static SmtpReply? Recipient(string argument, bool utf8, out SmtpPath path)
    {
        if (Path(argument, "TO:", out path, out var parameters) is { } wrong)
        {
            return wrong;
        }

        if (path.IsNull)
        {
            return BadPath;
        }

        return parameters.Length > 0 ? Unknown
            : path.IsInternational && !utf8 ? NeedsUtf8
            : null;
    }

    private static SmtpReply? Path(string argument, string word, out SmtpPath path, out string parameters)
    {
        (path, parameters) = (SmtpPath.Null, "");
        if (!argument.StartsWith(word, StringComparison.OrdinalIgnoreCase))
        {
            return BadSyntax;
        }

        // The space after the colon is wrong and common; it opens no second reading.
        var rest = argument[word.Length..].TrimStart(' ');
        var end = EndOfPath(rest);
        if (end < 0 || (end + 1 < rest.Length && rest[end + 1] != ' '))
        {
            return BadSyntax;
        }

        parameters = rest[(end + 1)..].Trim(' ');
        var inner = rest[1..end];
        if (inner.Length == 0)
        {
            return null;
        }

        if (inner.Equals("postmaster", StringComparison.OrdinalIgnoreCase))
        {
            path = SmtpPath.Postmaster; // RFC 5321 §4.5.1
            return null;
        }

        // A source route (RFC 5321 appendix C) falls here too: two readings of one address are one too many.
        return SmtpPath.TryCreate(inner, out path) ? null : BadPath;
    }

    // The closing bracket outside of a quoted local part.
    private static int EndOfPath(string text)
    {
        if (text.Length < 2 || text[0] != '<')
        {
            return -1;
        }

        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (text[i] == '>' && !quoted)
            {
                return i;
            }
        }

        return -1;
    }

    private static long? Size(string? digits) =>
        digits is null || digits.Length is 0 or > 20 || !digits.All(char.IsAsciiDigit) ? null
        : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var octets) ? octets
        : long.MaxValue;
}
