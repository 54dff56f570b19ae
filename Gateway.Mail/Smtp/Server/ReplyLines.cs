using System.Globalization;
using System.Text;

namespace Gateway.Mail.Smtp.Server;

/// <summary>A reply as lines for the wire: the enhanced code on each (RFC 2034 §4), ASCII, and never a line end of its own.</summary>
internal static class ReplyLines
{
    // RFC 5321 §4.5.3.1.5: 512 octets with the code and CRLF.
    private const int MaxText = 480;

    /// <param name="reply">What to say.</param>
    /// <param name="plain">The greeting and the answer to EHLO carry no enhanced code.</param>
    public static IEnumerable<string> Of(SmtpReply reply, bool plain)
    {
        var code = reply.Code.ToString(CultureInfo.InvariantCulture);
        var lines = reply.Text.Split('\n');
        // RFC 2034 §4: 3xx replies have none.
        var enhanced = plain || code[0] == '3' ? "" : $"{Status(reply)} ";
        for (var i = 0; i < lines.Length; i++)
        {
            var own = enhanced.Length > 0 && EnhancedStatus.TryParse(lines[i], out _) ? "" : enhanced;
            yield return $"{code}{(i == lines.Length - 1 ? ' ' : '-')}{own}{Clean(lines[i])}\r\n";
        }
    }

    // RFC 2034 §4: its class is the code's first digit.
    private static EnhancedStatus Status(SmtpReply reply) =>
        reply.Enhanced is { } known && known.Class == reply.Code / 100
            ? known
            : new EnhancedStatus(reply.Code / 100, Subject: 0, Detail: 0);

    private static string Clean(string line)
    {
        var clean = new StringBuilder(Math.Min(line.Length, MaxText));
        foreach (var c in line.AsSpan(0, Math.Min(line.Length, MaxText)))
        {
            clean.Append(c is >= ' ' and <= '~' ? c : '?');
        }

        return clean.ToString();
    }
}
