namespace Gateway.Mail.Messages;

/// <summary>Comments (RFC 5322 §3.2.2) nest; the depth is counted, not recursed.</summary>
internal static class Comments
{
    /// <summary>The offset after the comment that opens at <paramref name="at"/>; an open one reaches to the end.</summary>
    public static int Skip(ReadOnlySpan<byte> text, int at)
    {
        var depth = 0;
        for (; at < text.Length; at++)
        {
            switch (text[at])
            {
                case (byte)'\\':
                    at++;
                    break;
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')' when --depth == 0:
                    return at + 1;
                default:
                    break;
            }
        }

        return text.Length;
    }
}
