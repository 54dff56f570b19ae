using System.Text;

namespace Gateway.Mail.Smtp;

/// <summary>
/// Finds where a reply ends (RFC 5321 §4.2.1) in bytes that arrive in any pieces. Looks at each byte once, and gives
/// up at the first thing no server may say: a lone LF, a changed code, a line or reply beyond its limit.
/// </summary>
internal struct SmtpReplyFraming(SmtpReplyLimits limits)
{
    private int lineStart;
    private int scanned;
    private int lines;

    public enum Result
    {
        More,
        Complete,
        Violation,
    }

    /// <summary>Octets of the complete reply, its last CRLF included.</summary>
    public int Length { get; private set; }

    /// <summary>What the violation was.</summary>
    public string? Complaint { get; private set; }

    /// <summary><paramref name="buffer"/> begins at the reply's first byte, and only grows between calls.</summary>
    public Result Advance(ReadOnlySpan<byte> buffer)
    {
        while (true)
        {
            var found = buffer[scanned..].IndexOf((byte)'\n');
            if (found < 0)
            {
                scanned = buffer.Length;
                return scanned - lineStart > limits.LineOctets ? Fail("a reply line has no end") : Result.More;
            }

            var end = scanned + found;
            var line = buffer[lineStart..end];
            if (line.IsEmpty || line[^1] != '\r')
            {
                return Fail("a lone LF in a reply");
            }

            line = line[..^1];
            if (line.Length > limits.LineOctets)
            {
                return Fail("a reply line is too long");
            }

            if (!HasCode(line) || (lines > 0 && !line[..3].SequenceEqual(buffer[..3])))
            {
                return Fail("not a reply");
            }

            lines++;
            lineStart = scanned = end + 1;
            if (line.Length == 3 || line[3] == ' ')
            {
                Length = lineStart;
                return lineStart > limits.ReplyOctets ? Fail("a reply is too long") : Result.Complete;
            }

            if (lines >= limits.Lines || lineStart > limits.ReplyOctets)
            {
                return Fail("a reply has no end");
            }
        }
    }

    /// <summary>The reply of exactly these framed bytes.</summary>
    public static SmtpReply Decode(ReadOnlySpan<byte> reply)
    {
        var code = (reply[0] - '0') * 100 + (reply[1] - '0') * 10 + (reply[2] - '0');
        var text = new StringBuilder(reply.Length);
        while (!reply.IsEmpty)
        {
            var end = reply.IndexOf((byte)'\n');
            var line = reply[..(end - 1)];
            Append(text, line.Length > 4 ? line[4..] : []);
            reply = reply[(end + 1)..];
            if (!reply.IsEmpty)
            {
                text.Append('\n');
            }
        }

        return SmtpReply.Of(code, text.ToString());
    }

    // Stored and shown later: a server's control characters must reach neither a terminal nor a database's text type.
    private static void Append(StringBuilder text, ReadOnlySpan<byte> line)
    {
        foreach (var c in Encoding.UTF8.GetString(line))
        {
            text.Append(char.IsControl(c) && c != '\t' ? '\uFFFD' : c);
        }
    }

    private static bool HasCode(ReadOnlySpan<byte> line) =>
        line.Length >= 3
        && line[0] is >= (byte)'2' and <= (byte)'5'
        && char.IsAsciiDigit((char)line[1])
        && char.IsAsciiDigit((char)line[2])
        && (line.Length == 3 || line[3] is (byte)' ' or (byte)'-');

    private Result Fail(string complaint)
    {
        Complaint = complaint;
        return Result.Violation;
    }
}
