using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Finds and opens encoded words, =?charset?encoding?text?= (RFC 2047 §2), from front to back.</summary>
internal ref struct EncodedWordReader(ReadOnlySpan<byte> text)
{
    // IANA's longest registered charset name has 45 characters; RFC 2231 §5 may add "*language".
    private const int MaxCharsetBytes = 100;

    private readonly ReadOnlySpan<byte> text = text;

    // The next "?=", kept so that many beginnings with one far end stay linear. -1: not looked for yet.
    private int end = -1;

    /// <summary>True if a word that we can decode begins at <paramref name="at"/>; then also where it ends.</summary>
    public bool TryRead(int at, out Word word)
    {
        word = default;
        var rest = text[at..];
        if (!rest.StartsWith("=?"u8))
        {
            return false;
        }

        rest = rest[2..];
        var charset = rest[..Math.Min(rest.Length, MaxCharsetBytes)].IndexOf((byte)'?');
        if (charset <= 0 || charset + 2 >= rest.Length || rest[charset + 2] != '?')
        {
            return false;
        }

        var start = at + 2 + charset + 3;
        var stop = End(start);
        if (stop == text.Length || text[start..stop].IndexOf("=?"u8) >= 0)
        {
            // No end, or another word begins before it: this one is only text.
            return false;
        }

        var isBase64 = (rest[charset + 1] | 0x20) == 'b';
        if (!isBase64 && (rest[charset + 1] | 0x20) != 'q')
        {
            return false;
        }

        // RFC 2231 §5: "charset*language".
        var name = rest[..charset];
        var star = name.IndexOf((byte)'*');
        word = new Word(start, stop, isBase64, Encoding.Latin1.GetString(star < 0 ? name : name[..star]));
        return Charsets.TryFind(word.Charset, out _);
    }

    /// <summary>The bytes that the word writes, in its charset.</summary>
    public readonly byte[] Open(Word word)
    {
        var content = text[word.Start..word.Stop];
        return word.IsBase64 ? Base64Decoder.Decode(content) : Q(content);
    }

    /// <summary>The next "=?" after <paramref name="from"/>, or the end.</summary>
    public readonly int NextStart(int from)
    {
        var next = from >= text.Length ? -1 : text[from..].IndexOf("=?"u8);
        return next < 0 ? text.Length : from + next;
    }

    private int End(int from)
    {
        if (end < from)
        {
            var found = from >= text.Length ? -1 : text[from..].IndexOf("?="u8);
            end = found < 0 ? text.Length : from + found;
        }

        return end;
    }

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

    internal readonly record struct Word(int Start, int Stop, bool IsBase64, string Charset)
    {
        /// <summary>The offset after the closing "?=".</summary>
        public int Next => Stop + 2;
    }
}
