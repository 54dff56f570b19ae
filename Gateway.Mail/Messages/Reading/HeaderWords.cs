using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Encoded words in header text (RFC 2047). Linear in the length, whatever it holds; an encoded word that is broken,
/// or of a charset we do not decode, stays as it is written. CR, LF and NUL never come out.
/// </summary>
public static class HeaderWords
{
    /// <summary>
    /// Decodes header text, folded or not: each fold with its white space is one space. Bytes above 127 are UTF-8
    /// (RFC 6532).
    /// </summary>
    public static string Decode(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf("=?"u8) < 0)
        {
            return HeaderSafe.Text(RawHeaderText.Plain(text));
        }

        var to = new StringBuilder(Math.Min(text.Length, 4_096));
        var reader = new EncodedWordReader(text);
        var plain = 0;
        for (var at = reader.NextStart(0); at < text.Length; )
        {
            if (reader.TryRead(at, out var word))
            {
                to.Append(RawHeaderText.Plain(text[plain..at]));
                plain = Words(text, ref reader, word, to);
                at = reader.NextStart(plain);
            }
            else
            {
                at = reader.NextStart(at + 1);
            }
        }

        to.Append(RawHeaderText.Plain(text[plain..]));
        return HeaderSafe.Text(to.ToString());
    }

    /// <summary>Decodes header text that is already characters.</summary>
    public static string Decode(ReadOnlySpan<char> text)
    {
        if (text.IndexOf("=?", StringComparison.Ordinal) < 0 && !text.ContainsAny('\r', '\n', '\0'))
        {
            return text.ToString();
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        return Decode(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)));
    }

    /// <summary>Appends a run of words that only white space parts; the offset after it.</summary>
    private static int Words(
        ReadOnlySpan<byte> text,
        ref EncodedWordReader reader,
        EncodedWordReader.Word word,
        StringBuilder to
    )
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, word.Stop - word.Start));
        while (true)
        {
            bytes.Write(reader.Open(word));
            var at = word.Next;

            // RFC 2047 §6.2: white space between two encoded words is not shown.
            var gap = at + text[at..].Length - text[at..].TrimStart(" \t\r\n"u8).Length;
            var more = reader.TryRead(gap, out var following);

            // RFC 2047 §5 asks for whole characters in each word, and many senders cut one: words of one charset are
            // joined as bytes before they are decoded.
            if (!more || !following.Charset.Equals(word.Charset, StringComparison.OrdinalIgnoreCase))
            {
                to.Append(Charsets.Decode(word.Charset, bytes.WrittenSpan));
                bytes.ResetWrittenCount();
            }

            if (!more)
            {
                return at;
            }

            word = following;
        }
    }
}
