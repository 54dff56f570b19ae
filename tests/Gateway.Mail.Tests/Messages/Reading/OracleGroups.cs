using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>
/// CPython reads each group of fields in a message/delivery-status as a message of its own, up to an empty line; the
/// line end before the boundary still counts as one.
/// </summary>
internal static class OracleGroups
{
    public static IEnumerable<MimePart> Of(ReadOnlyMemory<byte> message, Range body)
    {
        var at = body.Start.Value;
        var end = body.End.Value;
        end +=
            message.Span[end..].StartsWith("\r\n"u8) ? 2
            : message.Span[end..].StartsWith("\n"u8) ? 1
            : 0;
        while (at < end)
        {
            var group = at;
            while (at < end && !IsEmptyLine(message.Span[at..end]))
            {
                at = Next(message.Span, at, end);
            }

            var stop = at;
            at = at < end ? Next(message.Span, at, end) : at;

            // The line end before the boundary is taken off the last group, wherever that one stopped.
            var text = message[group..stop];
            yield return MimeMessage.Parse(at < end ? text : text[..^LineEndLength(text.Span)]).Root;
        }
    }

    private static int LineEndLength(ReadOnlySpan<byte> text) =>
        text.EndsWith("\r\n"u8) ? 2
        : text.EndsWith("\n"u8) ? 1
        : 0;

    private static bool IsEmptyLine(ReadOnlySpan<byte> text) => text[0] == '\n' || text.StartsWith("\r\n"u8);

    private static int Next(ReadOnlySpan<byte> bytes, int at, int end)
    {
        var length = bytes[at..end].IndexOf((byte)'\n');
        return length < 0 ? end : at + length + 1;
    }
}
