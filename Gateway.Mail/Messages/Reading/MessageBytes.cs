using System.Buffers;

namespace Gateway.Mail.Messages;

/// <summary>What a message handed to a door may not hold.</summary>
public enum MessageBytesRule
{
    /// <summary>A line end differs from the first one: the message mixes CRLF and LF, or has a CR alone.</summary>
    MixedLineEnds,

    /// <summary>A CR that no LF follows (RFC 5322 §2.3).</summary>
    BareCarriageReturn,

    /// <summary>A zero byte (RFC 5322 §4: obsolete, and cut off by much software).</summary>
    Nul,

    /// <summary>A line of more than 998 bytes without its line end (RFC 5322 §2.1.1).</summary>
    LineTooLong,
}

/// <param name="Offset">The offending byte in the given bytes; for a line too long, its first byte.</param>
public readonly record struct MessageBytesRefusal(MessageBytesRule Rule, int Offset)
{
    public override string ToString() =>
        Rule switch
        {
            MessageBytesRule.MixedLineEnds => $"the line end at byte {Offset} differs from those before it",
            MessageBytesRule.BareCarriageReturn => $"CR without LF at byte {Offset}",
            MessageBytesRule.Nul => $"NUL at byte {Offset}",
            _ => $"the line at byte {Offset} has more than {MessageBytes.MaxLineBytes} bytes",
        };
}

/// <summary>
/// The check at the raw and SMTP doors, so that nothing inside can be read in two ways: after it every line ends in
/// CRLF, no CR, LF or NUL stands alone, and no line is too long.
/// </summary>
public static class MessageBytes
{
    /// <summary>RFC 5322 §2.1.1: at most 998 characters, the CRLF not counted.</summary>
    public const int MaxLineBytes = 998;

    private static readonly SearchValues<byte> Special = SearchValues.Create("\r\n\0"u8);

    /// <summary>
    /// True with the bytes to keep: the given ones without a copy when they are clean, a copy with CRLF when all line
    /// ends are LF alone.
    /// </summary>
    public static bool TryNormalise(
        ReadOnlyMemory<byte> given,
        out ReadOnlyMemory<byte> bytes,
        out MessageBytesRefusal refusal
    )
    {
        bytes = default;
        if (!TryScan(given.Span, out var bareLines, out refusal))
        {
            return false;
        }

        bytes = bareLines == 0 ? given : WithCrLf(given.Span, bareLines);
        return true;
    }

    private static bool TryScan(ReadOnlySpan<byte> all, out int bareLines, out MessageBytesRefusal refusal)
    {
        bareLines = 0;
        var crlfLines = 0;
        var line = 0;
        refusal = default;
        while (true)
        {
            var length = all[line..].IndexOfAny(Special);
            var stop = length < 0 ? all.Length : line + length;
            if (stop - line > MaxLineBytes)
            {
                return Refuse(MessageBytesRule.LineTooLong, line, out refusal);
            }

            if (stop == all.Length)
            {
                return true;
            }

            switch (all[stop])
            {
                case 0:
                    return Refuse(MessageBytesRule.Nul, stop, out refusal);
                case (byte)'\n':
                    bareLines++;
                    break;
                default:
                    if (stop + 1 == all.Length || all[stop + 1] != '\n')
                    {
                        return Refuse(MessageBytesRule.BareCarriageReturn, stop, out refusal);
                    }

                    crlfLines++;
                    break;
            }

            if (bareLines > 0 && crlfLines > 0)
            {
                return Refuse(MessageBytesRule.MixedLineEnds, stop, out refusal);
            }

            line = stop + (all[stop] == '\n' ? 1 : 2);
        }
    }

    private static bool Refuse(MessageBytesRule rule, int offset, out MessageBytesRefusal refusal)
    {
        refusal = new MessageBytesRefusal(rule, offset);
        return false;
    }

    private static byte[] WithCrLf(ReadOnlySpan<byte> all, int lines)
    {
        var to = new byte[all.Length + lines];
        var length = 0;
        while (true)
        {
            var end = all.IndexOf((byte)'\n');
            if (end < 0)
            {
                all.CopyTo(to.AsSpan(length));
                return to;
            }

            all[..end].CopyTo(to.AsSpan(length));
            length += end;
            to[length++] = (byte)'\r';
            to[length++] = (byte)'\n';
            all = all[(end + 1)..];
        }
    }
}
