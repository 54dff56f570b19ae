namespace Gateway.Mail.Dkim;

/// <summary>How much of a stretch of body is canonical as it stands, so that it can be hashed in place.</summary>
internal static class CanonicalPrefix
{
    /// <summary>
    /// The longest prefix that canonicalises to itself and ends in content. The first octet must be content: neither CR
    /// nor LF and, in relaxed, no white space. The answer is at least 1.
    /// </summary>
    public static int Length(ReadOnlySpan<byte> text, bool relaxed)
    {
        var at = 1;
        while (true)
        {
            var next = relaxed ? SuspectOctet.FindRelaxed(text, at) : SuspectOctet.FindSimple(text, at);
            if (next < 0)
            {
                // A CR at the very end may be half a line end; only the next chunk tells.
                return text[^1] == '\r' ? text.Length - 1 : text.Length;
            }

            if (IsContent(text[next], relaxed))
            {
                at = next + 1; // a suspicion without ground: some other control character
                continue;
            }

            var contentFollows = next + 1 < text.Length && IsContent(text[next + 1], relaxed);
            var isLineEnd = text[next] == '\n';
            var isWhole = isLineEnd ? text[next - 1] == '\r' : text[next] == ' ';
            if (!isWhole || !contentFollows)
            {
                return isLineEnd && text[next - 1] == '\r' ? next - 1 : next;
            }

            at = next + 1;
        }
    }

    private static bool IsContent(byte octet, bool relaxed) =>
        octet is not ((byte)'\r' or (byte)'\n') && !(relaxed && octet is (byte)' ' or (byte)'\t');
}
