namespace Gateway.Mail.Dkim;

/// <summary>
/// FWS of RFC 6376 §2.8: white space and line ends that are followed by white space. Inside a header field the slicer
/// has made sure of the latter, save for the very end of the text. A bare CR is never white space.
/// </summary>
internal static class FoldingSpace
{
    public static bool StartsAt(ReadOnlySpan<byte> text, int at) =>
        text[at] switch
        {
            (byte)' ' or (byte)'\t' => true,
            (byte)'\r' => at + 1 < text.Length && text[at + 1] == '\n' && StartsAt(text, at + 1),
            (byte)'\n' => at + 1 == text.Length || text[at + 1] is (byte)' ' or (byte)'\t',
            _ => false,
        };

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n"u8);

    /// <summary>The parts of a colon-separated list, each without white space around it.</summary>
    public static string[] SplitList(string value)
    {
        var parts = value.Split(':');
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = parts[i].Trim(' ', '\t', '\r', '\n');
        }

        return parts;
    }
}
