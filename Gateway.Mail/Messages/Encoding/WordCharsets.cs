using System.Collections.Frozen;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// The charsets of encoded-words: what .NET knows, without UTF-7 (it can hide any character in ASCII). Looked up
/// without exceptions, because a hostile header may name thousands of charsets that do not exist.
/// </summary>
internal static class WordCharsets
{
    // The code page provider knows all others; these live in the runtime itself.
    private static readonly FrozenDictionary<string, Encoding>.AlternateLookup<ReadOnlySpan<char>> BuiltIn =
        new Dictionary<string, Encoding>(StringComparer.OrdinalIgnoreCase)
        {
            ["utf-8"] = Encoding.UTF8,
            ["utf8"] = Encoding.UTF8,
            ["us-ascii"] = Encoding.UTF8, // its superset: senders who say ASCII and send UTF-8 are read
            ["ascii"] = Encoding.UTF8,
            ["iso-8859-1"] = Encoding.Latin1,
            ["iso8859-1"] = Encoding.Latin1,
            ["iso_8859-1"] = Encoding.Latin1,
            ["latin1"] = Encoding.Latin1,
            ["utf-16"] = Encoding.BigEndianUnicode, // RFC 2781 §4.3: big-endian without a byte order mark
            ["utf-16be"] = Encoding.BigEndianUnicode,
            ["utf-16le"] = Encoding.Unicode,
        }
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase)
            .GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool TryFind(ReadOnlySpan<char> name, out Encoding charset)
    {
        var star = name.IndexOf('*'); // RFC 2231 §5: charset*language
        if (star >= 0)
            name = name[..star];
        if (BuiltIn.TryGetValue(name, out var found))
        {
            charset = found;
            return true;
        }

        charset = CodePagesEncodingProvider.Instance.GetEncoding(name.ToString()) ?? Encoding.UTF8;
        return charset.CodePage is not (65000 or 65001);
    }
}
