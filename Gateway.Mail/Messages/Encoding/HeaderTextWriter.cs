namespace Gateway.Mail.Messages;

/// <summary>Writes unstructured text: as it is where that reads back the same, else as encoded-words.</summary>
internal static class HeaderTextWriter
{
    // Encoded-words keep a run of spaces that folding might lose, and any run longer than this would crowd a line.
    internal const int LongestSpaces = 40;

    /// <param name="header">Where to.</param>
    /// <param name="name">The field.</param>
    /// <param name="text">Its decoded value.</param>
    /// <param name="longestWord">
    /// A longer word is encoded. Subjects are for people and are always folded to 78; tokens of custom headers are for
    /// programs that may not decode, and are left whole as long as RFC 5322 lets them.
    /// </param>
    public static void Write(
        ref HeaderWriter header,
        ReadOnlySpan<char> name,
        ReadOnlySpan<char> text,
        int longestWord = HeaderWriter.LongestWord
    )
    {
        header.Name(name);
        if (!IsPlain(text, longestWord))
            EncodedWordWriter.Write(ref header, text);
        else if (text.Length > 0)
            WritePlain(ref header, text);
        header.End();
    }

    /// <summary>True if the text, written as it is and folded at spaces, is read back as the same text.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text, int longestWord)
    {
        if (text.IsEmpty)
            return true;
        if (text.IndexOfAnyExceptInRange(' ', '~') >= 0 || text[0] == ' ' || text[^1] == ' ')
            return false;

        // RFC 2047 §7: what looks like an encoded-word would be decoded, so it is encoded itself.
        if (text.Contains("=?", StringComparison.Ordinal))
            return false;

        while (!text.IsEmpty)
        {
            var space = text.IndexOf(' ');
            var word = space < 0 ? text.Length : space;
            var next = text[word..].IndexOfAnyExcept(' ');
            var spaces = next < 0 ? text.Length - word : next;
            if (word > longestWord || spaces > LongestSpaces)
                return false;
            text = text[(word + spaces)..];
        }

        return true;
    }

    /// <summary>Words and the spaces between them, folded before a run of spaces.</summary>
    public static void WriteFolded(ref HeaderWriter header, scoped ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var spaces = text.IndexOfAnyExcept(' ');
            spaces = spaces < 0 ? text.Length : spaces;
            var word = text[spaces..];
            var end = word.IndexOf(' ');
            word = end < 0 ? word : word[..end];
            if (spaces > 0)
                header.Spaces(spaces, word.Length);
            header.Append(word);
            text = text[(spaces + word.Length)..];
        }
    }

    private static void WritePlain(ref HeaderWriter header, ReadOnlySpan<char> text)
    {
        var first = text.IndexOf(' ');
        header.Space(first < 0 ? text.Length : first);
        WriteFolded(ref header, text);
    }
}
