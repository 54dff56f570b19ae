using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Reads RFC 2047 encoded-words anywhere in a text. What is not a well-formed one, or is of an unknown charset, stays
/// as it is written; nothing is decoded twice; never throws.
/// </summary>
internal static class EncodedWords
{
    /// <summary>Stands before a literal "=?" inside <see cref="AppendLiteral"/>; a Unicode noncharacter, so no text holds it.</summary>
    private const char LiteralMark = '\uFFFF';

    /// <summary>Adds a text whose look-alikes of encoded-words must not be decoded (RFC 2047 §5 rule 3).</summary>
    public static void AppendLiteral(StringBuilder text, StringBuilder output)
    {
        foreach (var chunk in text.GetChunks())
        {
            foreach (var c in chunk.Span)
            {
                output.Append(c == LiteralMark ? '\uFFFD' : c);
                if (c == '=')
                    output.Append(LiteralMark);
            }
        }
    }

    /// <summary>The text with its encoded-words decoded, white space between two adjacent ones dropped (RFC 2047 §6.2).</summary>
    public static string Decode(string text)
    {
        var next = text.IndexOf("=?", StringComparison.Ordinal);
        if (next < 0)
            return WithoutMarks(text);

        var output = new StringBuilder(text.Length);
        var bytes = new ArrayBufferWriter<byte>(64);
        string? charset = null;
        var unknown = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var at = 0;
        while (next >= 0)
        {
            var plain = text.AsSpan(at, next - at);
            if (!EncodedWord.TryRead(text.AsSpan(next), out var word) || !IsKnown(word.Charset, unknown))
            {
                Flush(bytes, ref charset, output);
                output.Append(plain).Append("=?");
                at = next + 2;
            }
            else
            {
                var adjacent = charset is not null && plain.Trim(" \t\r\n").IsEmpty;
                if (!adjacent || !word.Charset.Equals(charset, StringComparison.OrdinalIgnoreCase))
                    Flush(bytes, ref charset, output);
                if (!adjacent)
                    output.Append(plain);

                // Some writers split a character over two words of one charset; joining their bytes mends it.
                charset = word.Charset;
                word.Decode(bytes);
                at = next + word.Length;
            }

            next = text.IndexOf("=?", at, StringComparison.Ordinal);
        }

        Flush(bytes, ref charset, output);
        return WithoutMarks(output.Append(text, at, text.Length - at).ToString());
    }

    private static string WithoutMarks(string text) =>
        text.Contains(LiteralMark, StringComparison.Ordinal)
            ? text.Replace(LiteralMark.ToString(), "", StringComparison.Ordinal)
            : text;

    // .NET says no to a charset by an exception, which a header of many such words would pay for each time.
    private static bool IsKnown(string charset, HashSet<string> unknown)
    {
        if (unknown.Contains(charset))
            return false;
        if (Charsets.TryFind(charset, out _))
            return true;
        unknown.Add(charset);
        return false;
    }

    private static void Flush(ArrayBufferWriter<byte> bytes, ref string? charset, StringBuilder output)
    {
        if (charset is null)
            return;
        // Our own words are UTF-8, and U+FEFF at the start of a name is part of it, no byte order mark.
        var isOurs = charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase);
        output.Append(
            isOurs ? Encoding.UTF8.GetString(bytes.WrittenSpan) : Charsets.Decode(charset, bytes.WrittenSpan)
        );
        bytes.ResetWrittenCount();
        charset = null;
    }
}

/// <summary>One well-formed encoded-word: <c>=?charset[*language]?B|Q?text?=</c> (RFC 2047 §2, RFC 2231 §5).</summary>
internal readonly ref struct EncodedWord
{
    private readonly ReadOnlySpan<char> content;
    private readonly bool isBase64;

    private EncodedWord(string charset, bool isBase64, ReadOnlySpan<char> content, int length)
    {
        Charset = charset;
        this.isBase64 = isBase64;
        this.content = content;
        Length = length;
    }

    /// <summary>Its name, without a language; perhaps one that nobody knows.</summary>
    public string Charset { get; }

    /// <summary>In characters, with its delimiters.</summary>
    public int Length { get; }

    public static bool TryRead(ReadOnlySpan<char> text, out EncodedWord word)
    {
        word = default;
        const int maxCharset = 64; // bounds the scan for the first '?', so that "=?=?=?…" costs linear time
        var head = text[2..Math.Min(text.Length, 2 + maxCharset)];
        var mark = head.IndexOf('?');
        if (mark <= 0 || head[..mark].ContainsAny(" \t\r\n=\"") || text.Length < mark + 6 || text[mark + 4] != '?')
            return false;

        var star = head[..mark].IndexOf('*'); // RFC 2231 §5: charset*language
        var charset = head[..(star < 0 ? mark : star)].ToString();
        var encoding = text[mark + 3] | 0x20;
        if (encoding is not ('b' or 'q'))
            return false;

        // Ends at the first '?': neither encoding may hold one. White space ends a word that is not one; writers that
        // leave spaces in Q text are common enough to be read (RFC 2047 §4.2 forbids them), line ends are not.
        var body = text[(mark + 5)..];
        var end = body.IndexOfAny('?', '\r', '\n');
        if (end < 0 || end + 1 >= body.Length || body[end] != '?' || body[end + 1] != '=')
            return false;

        word = new EncodedWord(charset, encoding == 'b', body[..end], mark + 5 + end + 2);
        return true;
    }

    public void Decode(IBufferWriter<byte> output)
    {
        if (isBase64)
            DecodeBase64(output);
        else
            DecodeQ(output);
    }

    // Whatever cannot be base64 is skipped, missing padding is no error: the shown name is worth more than the rule.
    private void DecodeBase64(IBufferWriter<byte> output)
    {
        var (bits, count) = (0, 0);
        foreach (var c in content)
        {
            if (c == '=')
                (bits, count) = (0, 0); // a second base64 text may follow the padding of the first
            var value = Value(c);
            if (value < 0)
                continue;
            bits = (bits << 6) | value;
            count += 6;
            if (count < 8)
                continue;
            count -= 8;
            output.GetSpan(1)[0] = (byte)(bits >> count);
            output.Advance(1);
            bits &= (1 << count) - 1;
        }
    }

    private static int Value(char c) =>
        c switch
        {
            >= 'A' and <= 'Z' => c - 'A',
            >= 'a' and <= 'z' => c - 'a' + 26,
            >= '0' and <= '9' => c - '0' + 52,
            '+' => 62,
            '/' => 63,
            _ => -1,
        };

    private void DecodeQ(IBufferWriter<byte> output)
    {
        for (var i = 0; i < content.Length; i++)
        {
            var c = content[i];
            if (c == '=' && i + 2 < content.Length && Hex(content[i + 1]) >= 0 && Hex(content[i + 2]) >= 0)
            {
                output.GetSpan(1)[0] = (byte)((Hex(content[i + 1]) << 4) | Hex(content[i + 2]));
                output.Advance(1);
                i += 2;
            }
            else
            {
                Span<char> one = [c == '_' ? ' ' : c];
                output.Advance(Encoding.UTF8.GetBytes(one, output.GetSpan(4)));
            }
        }
    }

    private static int Hex(char c) =>
        c switch
        {
            >= '0' and <= '9' => c - '0',
            >= 'A' and <= 'F' => c - 'A' + 10,
            >= 'a' and <= 'f' => c - 'a' + 10,
            _ => -1,
        };
}
