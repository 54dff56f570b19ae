namespace Gateway.Mail.Bounces.Reading;

/// <summary>Where, in a notice that is one text, the returned message begins.</summary>
internal static class OriginalMark
{
    // Looked up at the start of a line, after dashes and the like.
    private static readonly string[] Marks =
    [
        "below this line is a copy",
        "below this line is the original",
        "below is a copy of",
        "below is the original",
        "enclosed is a copy",
        "included is a copy",
        "this is a copy of",
        "a copy of your message",
        "a copy of the original message",
        "copy of the message",
        "original message",
        "original mail",
        "original text",
        "the header of the original message",
        "the headers of the original message",
        "header of the original message",
        "headers of the original message",
        "the original message follows",
        "original headers follow",
        "the following is a copy",
        "the following is the original",
        "your original message",
        "your message reads",
        "your message follows",
        "unsent message",
        "undelivered message",
        "unsent mail",
        "unsent data",
        "undeliverable message",
        "message header follows",
        "message headers follow",
        "message headers:",
        "message header",
        "message text follows",
        "message follows",
        "message contents",
        "returned message",
        "returned mail follows",
        "returned content",
        "start of returned message",
        "start of forwarded message",
        "mail header",
        "failed message",
        "rejected message follows",
        "bounced message follows",
        "headers of your message",
        "text of the message",
        "text of your message",
        "body of message follows",
        "here is the original",
        "the header of your message",
    ];

    // A header that begins without an announcement.
    private static readonly string[] Fields = ["Received:", "Return-Path:", "DKIM-Signature:", "X-Received:"];

    /// <summary>The index of the first line that belongs to the returned message, or the number of lines.</summary>
    public static int Find(List<string> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (IsField(lines[i]) || IsMark(lines[i]))
            {
                return i;
            }
        }

        return lines.Count;
    }

    private static bool IsField(string line) =>
        Array.Exists(Fields, name => line.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsMark(string line)
    {
        var said = line.AsSpan().Trim(" \t-=*_#|>+~");
        if (said.Length is < 8 or > 120)
        {
            return false;
        }

        // A sentence about the original ("original message was received at …") is no mark; a mark ends its line.
        foreach (var mark in Marks)
        {
            if (said.StartsWith(mark, StringComparison.OrdinalIgnoreCase))
            {
                var rest = said[mark.Length..].Trim(" \t-=*_:.");
                return !rest.StartsWith("was ", StringComparison.OrdinalIgnoreCase)
                    && !rest.StartsWith("is:", StringComparison.OrdinalIgnoreCase)
                    && !rest.StartsWith("details", StringComparison.OrdinalIgnoreCase)
                    && !rest.Contains('@');
            }
        }

        return false;
    }
}
