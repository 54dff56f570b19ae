using System.Numerics;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// One encoded word by its shape: <c>=?charset[*language]?B|Q?text?=</c> (RFC 2047 §2, RFC 2231 §5). Its charset is
/// perhaps one that nobody knows. Lengths are in elements of the text it was found in.
/// </summary>
internal readonly record struct EncodedWord(int CharsetLength, bool IsBase64, int Length)
{
    // IANA's longest registered charset name has 45 characters; RFC 2231 §5 may add "*language".
    private const int MaxCharset = 100;

    private int ContentStart => CharsetLength + 5;

    /// <summary>True if <paramref name="text"/>, of bytes or of characters, begins with one. Looks no further than the next "=?".</summary>
    public static bool TryRead<T>(ReadOnlySpan<T> text, out EncodedWord word)
        where T : unmanaged, IBinaryInteger<T>
    {
        word = default;
        var (equals, mark) = (T.CreateTruncating('='), T.CreateTruncating('?'));
        if (text.Length < 7 || text[0] != equals || text[1] != mark)
        {
            return false;
        }

        var charset = text[2..Math.Min(text.Length, 2 + MaxCharset)].IndexOf(mark);
        if (charset <= 0 || text.Length < charset + 7 || text[charset + 4] != mark)
        {
            return false;
        }

        var isBase64 = Is(text[charset + 3], 'b');
        if ((!isBase64 && !Is(text[charset + 3], 'q')) || !IsToken(text.Slice(2, charset)))
        {
            return false;
        }

        // RFC 2047 §4.2 allows no '?' in the text, and senders leave it there: the first "?=" ends the word. Where
        // another word begins before, this one is only text.
        for (var at = charset + 5; ; at++)
        {
            var next = text[at..].IndexOf(mark);
            at += next;
            if (next < 0 || at + 1 == text.Length)
            {
                return false;
            }

            if (text[at + 1] == equals)
            {
                word = new EncodedWord(charset, isBase64, at + 2);
                return true;
            }

            if (next > 0 && text[at - 1] == equals)
            {
                return false;
            }
        }
    }

    /// <summary>The name of the charset in the text that begins with this word, without a language.</summary>
    public string Charset(ReadOnlySpan<byte> text)
    {
        var name = text.Slice(2, CharsetLength);
        var star = name.IndexOf((byte)'*');
        return Encoding.Latin1.GetString(star < 0 ? name : name[..star]);
    }

    /// <summary>What stands between the encoding and the end.</summary>
    public ReadOnlySpan<T> Content<T>(ReadOnlySpan<T> text) => text[ContentStart..(Length - 2)];

    /// <summary>The bytes that the word writes, in its charset.</summary>
    public byte[] Open(ReadOnlySpan<byte> text) => IsBase64 ? Base64Decoder.Decode(Content(text)) : Q(Content(text));

    private static bool Is<T>(T given, char lower)
        where T : unmanaged, IBinaryInteger<T> => (given | T.CreateTruncating(0x20)) == T.CreateTruncating(lower);

    private static bool IsToken<T>(ReadOnlySpan<T> charset)
        where T : unmanaged, IBinaryInteger<T> =>
        !charset.ContainsAnyInRange(T.Zero, T.CreateTruncating(' '))
        && !charset.ContainsAny(T.CreateTruncating('='), T.CreateTruncating('"'));

    // RFC 2047 §4.2. A line end with its white space is a fold in the wrong place, and no content.
    private static byte[] Q(ReadOnlySpan<byte> content)
    {
        var to = new byte[content.Length];
        var length = 0;
        for (var i = 0; i < content.Length; i++)
        {
            var c = content[i];
            if (c == '=' && i + 2 < content.Length && Hex.TryPair(content[i + 1], content[i + 2], out var value))
            {
                to[length++] = value;
                i += 2;
            }
            else if (c is (byte)'\r' or (byte)'\n')
            {
                while (i + 1 < content.Length && content[i + 1] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
                {
                    i++;
                }
            }
            else
            {
                to[length++] = c == '_' ? (byte)' ' : c;
            }
        }

        return to[..length];
    }
}
