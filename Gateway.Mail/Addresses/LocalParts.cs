using System.Buffers;
using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>The local part: how it is read, when it needs quotes, how it is compared.</summary>
internal static class LocalParts
{
    // RFC 5322 §3.2.3
    private static readonly SearchValues<char> Atext = SearchValues.Create(
        "!#$%&'*+-/0123456789=?ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"
    );

    // RFC 6531 §3.3: atext is extended by UTF8-non-ascii; which of those, CharacterRules says.
    public static bool IsAtext(char c) => c >= 0x80 || Atext.Contains(c);

    /// <summary>The first character that is neither ASCII atext nor a dot.</summary>
    public static int EndOfAsciiDotString(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '.' && !Atext.Contains(text[i]))
                return i;
        }

        return text.Length;
    }

    public static bool IsInternational(string localPart) => !Ascii.IsValid(localPart);

    /// <summary>
    /// True for <c>=?utf-8?q?b?=</c> and its like. It is legal (all of it is atext), but many readers decode it even here,
    /// against RFC 2047 §5, and then see another address than SMTP does.
    /// </summary>
    public static bool LooksEncoded(ReadOnlySpan<char> localPart)
    {
        var start = localPart.IndexOf("=?");
        return start >= 0 && localPart[(start + 2)..].IndexOf("?=") >= 0;
    }

    /// <summary>RFC 5321 §4.1.2: "a sending system SHOULD transmit the form that uses the minimum quoting possible".</summary>
    public static string Write(string localPart)
    {
        if (IsDotString(localPart))
            return localPart;

        var written = new StringBuilder(localPart.Length + 8).Append('"');
        foreach (var c in localPart)
        {
            if (c is '"' or '\\')
                written.Append('\\');
            written.Append(c);
        }

        return written.Append('"').ToString();
    }

    public static string Fold(string localPart)
    {
        if (Ascii.IsValid(localPart))
            return localPart.ToLowerInvariant();
        return localPart.Normalize(NormalizationForm.FormC).ToLowerInvariant().Normalize(NormalizationForm.FormC);
    }

    private static bool IsDotString(string localPart)
    {
        var afterDot = true;
        foreach (var c in localPart)
        {
            if (c == '.' ? afterDot : !IsAtext(c))
                return false;
            afterDot = c == '.';
        }

        return !afterDot;
    }
}
