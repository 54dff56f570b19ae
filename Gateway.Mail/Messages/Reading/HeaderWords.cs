using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Encoded words in header text (RFC 2047). Linear in the length, whatever it holds; an encoded word that is broken,
/// or of a charset we do not decode, stays as it is written; nothing is decoded twice.
/// </summary>
public static class HeaderWords
{
    /// <summary>
    /// Decodes header text, folded or not: each fold with its white space is one space. Bytes above 127 are UTF-8
    /// (RFC 6532). CR, LF and NUL never come out.
    /// </summary>
    public static string Decode(ReadOnlySpan<byte> text) => HeaderSafe.Text(DecodeAsSent(text));

    /// <summary>Decodes header text that is already characters. CR, LF and NUL never come out.</summary>
    public static string Decode(ReadOnlySpan<char> text) =>
        text.ContainsAny('\r', '\n', '\0')
            ? Decode(Encoding.UTF8.GetBytes(text.ToString()))
            : HeaderSafe.Text(DecodeAsSent(text));

    /// <summary>The same for a caller that refuses what a word must not bring: CR, LF and NUL come out as they were sent.</summary>
    internal static string DecodeAsSent(ReadOnlySpan<char> text) =>
        text.IndexOf("=?") < 0 ? text.ToString() : DecodeAsSent(Encoding.UTF8.GetBytes(text.ToString()));

    private static string DecodeAsSent(ReadOnlySpan<byte> text)
    {
        var at = NextStart(text, 0);
        if (at == text.Length)
        {
            return RawHeaderText.Plain(text);
        }

        var to = new StringBuilder(Math.Min(text.Length, 4_096));
        var plain = 0;
        while (at < text.Length)
        {
            if (TryRead(text[at..], out var word, out var encoding))
            {
                to.Append(RawHeaderText.Plain(text[plain..at]));
                plain = at = Run(text, at, word, encoding, to);
            }
            else
            {
                at++;
            }

            at = NextStart(text, at);
        }

        return to.Append(RawHeaderText.Plain(text[plain..])).ToString();
    }

    private static int NextStart(ReadOnlySpan<byte> text, int from)
    {
        var next = text[from..].IndexOf("=?"u8);
        return next < 0 ? text.Length : from + next;
    }

    private static bool TryRead(ReadOnlySpan<byte> text, out EncodedWord word, out string charset)
    {
        charset = EncodedWord.TryRead(text, out word) ? word.Charset(text) : "";
        return charset.Length > 0 && Charsets.TryFind(charset, out _);
    }

    /// <summary>Appends a run of words that only white space parts; the offset after it.</summary>
    private static int Run(ReadOnlySpan<byte> text, int at, EncodedWord word, string charset, StringBuilder to)
    {
        var bytes = new ArrayBufferWriter<byte>(word.Length);
        while (true)
        {
            bytes.Write(word.Open(text[at..]));
            at += word.Length;

            // RFC 2047 §6.2: white space between two encoded words is not shown.
            var gap = text.Length - text[at..].TrimStart(" \t\r\n"u8).Length;
            var more = TryRead(text[gap..], out word, out var following);

            // RFC 2047 §5 asks for whole characters in each word, and many senders cut one: words of one charset are
            // joined as bytes before they are decoded.
            if (!more || !following.Equals(charset, StringComparison.OrdinalIgnoreCase))
            {
                to.Append(Charsets.DecodePiece(charset, bytes.WrittenSpan));
                bytes.ResetWrittenCount();
            }

            if (!more)
            {
                return at;
            }

            (at, charset) = (gap, following);
        }
    }
}
