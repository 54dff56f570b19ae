using Gateway.Mail.Addresses;

namespace Gateway.Mail.Messages;

/// <summary>RFC 5322 §3.6.4, without the obsolete forms: <c>dot-atom-text "@" dot-atom-text</c>.</summary>
internal static class MessageIds
{
    /// <summary>On one line with its field name.</summary>
    private const int MaxLength = 250;

    public static bool IsValid(string? text)
    {
        if (text is null || text.Length > MaxLength)
            return false;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && IsDotAtom(text.AsSpan(0, at)) && IsDotAtom(text.AsSpan(at + 1));
    }

    private static bool IsDotAtom(ReadOnlySpan<char> text) =>
        text.Length > 0
        && text[0] != '.'
        && text[^1] != '.'
        && !text.Contains("..", StringComparison.Ordinal)
        && LocalParts.EndOfAsciiDotString(text) == text.Length;
}
