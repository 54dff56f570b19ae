using System.Globalization;
using System.Text;

namespace Gateway.Mail.Smtp;

/// <summary>
/// A reply (RFC 5321 §4.2). <see cref="Text"/> is what follows the code on each line, joined by <c>\n</c>, the enhanced
/// code included; it never holds a control character besides <c>\n</c> and TAB, so it can be stored and shown.
/// </summary>
public sealed record SmtpReply(int Code, EnhancedStatus? Enhanced, string Text)
{
    /// <summary>2xx, or the 3xx that asks to go on.</summary>
    public bool IsPositive => Code is >= 200 and < 400;

    /// <summary>4xx: the same request may work later.</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>5xx: the same request will not work.</summary>
    public bool IsPermanent => Code is >= 500 and < 600;

    /// <summary>A reply with the enhanced code found at the start of one of its lines.</summary>
    public static SmtpReply Of(int code, string text) => new(code, FindEnhanced(text), text);

    /// <summary>
    /// Reads a whole reply as <see cref="ToString"/> wrote it (lines joined by <c>\n</c> or CRLF).
    /// False if a line has no code, or codes differ.
    /// </summary>
    public static bool TryParse(string reply, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SmtpReply? parsed)
    {
        parsed = null;
        var text = new StringBuilder(reply.Length);
        var code = 0;
        foreach (var raw in reply.AsSpan().EnumerateLines())
        {
            if (raw.Length < 3 || !int.TryParse(raw[..3], NumberStyles.None, CultureInfo.InvariantCulture, out var own))
            {
                return false;
            }

            if (own is < 200 or > 599 || (code != 0 && own != code) || (raw.Length > 3 && raw[3] is not (' ' or '-')))
            {
                return false;
            }

            if (code != 0)
            {
                text.Append('\n');
            }

            code = own;
            text.Append(raw.Length > 4 ? raw[4..] : []);
        }

        parsed = code == 0 ? null : Of(code, text.ToString());
        return parsed is not null;
    }

    /// <summary>The reply as it stood on the wire, lines joined by <c>\n</c>: <c>550-5.1.1 No such user</c>.</summary>
    public override string ToString()
    {
        var code = Code.ToString(CultureInfo.InvariantCulture);
        var lines = Text.Split('\n');
        var whole = new StringBuilder(Text.Length + lines.Length * 4);
        for (var i = 0; i < lines.Length; i++)
        {
            var last = i == lines.Length - 1;
            whole.Append(code);
            if (!last || lines[i].Length > 0)
            {
                whole.Append(last ? ' ' : '-').Append(lines[i]);
            }

            if (!last)
            {
                whole.Append('\n');
            }
        }

        return whole.ToString();
    }

    // RFC 2034 §4 puts the code on every line; some servers write it on a later one only.
    private static EnhancedStatus? FindEnhanced(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var at = line.TrimStart(" #([");
            if (EnhancedStatus.TryParse(at, out var status))
            {
                return status;
            }
        }

        return null;
    }
}
