using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Extended parameter values (RFC 2231): charset'language'percent-encoded, and values cut into sections.</summary>
public static class Rfc2231
{
    /// <summary>Decodes one extended value; without its two quotes it is taken as UTF-8 (RFC 2231 §4). Never throws.</summary>
    public static string Decode(ReadOnlySpan<byte> extended, out string? language)
    {
        var (charset, lang, text) = Prefix(extended);
        language = lang;
        var bytes = new ArrayBufferWriter<byte>(text.Length + 1);
        Unescape(text, bytes);
        return HeaderSafe.Text(Charsets.DecodePiece(charset, bytes.WrittenSpan));
    }

    /// <summary>Sections in order: a character may begin in one and end in the next, so bytes are joined first.</summary>
    internal static MimeParameter Join(string name, List<ParameterSection> sections)
    {
        string? charset = null;
        string? language = null;
        var bytes = new ArrayBufferWriter<byte>();
        for (var i = 0; i < sections.Count; i++)
        {
            ReadOnlySpan<byte> text = sections[i].Value;
            if (!sections[i].Extended)
            {
                bytes.Write(text);
                continue;
            }

            if (i == 0)
            {
                (charset, language, var rest) = Prefix(text);
                text = rest;
            }
            else if (
                charset is not null
                && Ascii.EqualsIgnoreCase(text[..Math.Min(charset.Length, text.Length)], charset)
            )
            {
                // Only the first section may name the charset (RFC 2231 §4.1); some senders repeat it with one quote.
                text = WithoutRepeatedCharset(text, charset.Length);
            }

            Unescape(text, bytes);
        }

        return new MimeParameter(name, HeaderSafe.Text(Charsets.DecodePiece(charset, bytes.WrittenSpan)), language);
    }

    private static ReadOnlySpan<byte> WithoutRepeatedCharset(ReadOnlySpan<byte> text, int charset) =>
        charset > 0 && text.Length > charset && text[charset] == '\'' ? text[(charset + 1)..] : text;

    private static Parts Prefix(ReadOnlySpan<byte> extended)
    {
        var first = extended.IndexOf((byte)'\'');
        var second = first < 0 ? -1 : extended[(first + 1)..].IndexOf((byte)'\'');
        if (second < 0)
        {
            return new Parts(null, null, extended);
        }

        var language = Encoding.Latin1.GetString(extended.Slice(first + 1, second));
        return new Parts(
            Encoding.Latin1.GetString(extended[..first]),
            language.Length == 0 ? null : language,
            extended[(first + second + 2)..]
        );
    }

    private static void Unescape(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> to)
    {
        while (!text.IsEmpty)
        {
            var percent = text.IndexOf((byte)'%');
            if (percent < 0)
            {
                to.Write(text);
                return;
            }

            to.Write(text[..percent]);
            text = text[percent..];
            if (text.Length > 2 && Hex.TryPair(text[1], text[2], out var value))
            {
                to.Write([value]);
                text = text[3..];
            }
            else
            {
                to.Write("%"u8);
                text = text[1..];
            }
        }
    }

    private readonly ref struct Parts(string? charset, string? language, ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> text = text;

        public void Deconstruct(out string? charsetName, out string? languageTag, out ReadOnlySpan<byte> rest)
        {
            charsetName = charset;
            languageTag = language;
            rest = text;
        }
    }
}
