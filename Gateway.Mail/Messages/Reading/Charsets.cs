using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// The charsets that .NET knows by name, with its code pages. Decoding never throws; a byte that means nothing, an
/// overlong form among them, becomes U+FFFD. UTF-7 is never decoded: it hides markup in plain ASCII.
/// </summary>
public static class Charsets
{
    // Names come from strangers: only names that .NET knows are kept, and there are some 200 of these.
    private static readonly ConcurrentDictionary<string, Encoding> Known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The encoding of a MIME charset name, or false for an unknown or refused one.</summary>
    public static bool TryFind(string name, out Encoding encoding)
    {
        if (Known.TryGetValue(name, out encoding!))
        {
            return true;
        }

        // IANA's longest registered name has 45 characters.
        if (name.Length is 0 or > 64 || Find(name.Trim().ToLowerInvariant()) is not { } found)
        {
            return false;
        }

        encoding = (Encoding)found.Clone();
        encoding.DecoderFallback = new DecoderReplacementFallback("\uFFFD");
        if (Known.Count < 1_000)
        {
            Known.TryAdd(name, encoding);
        }

        return true;
    }

    /// <summary>
    /// Text of these bytes. No charset, an unknown one, or us-ascii with bytes above 127: UTF-8 if it is valid UTF-8,
    /// else windows-1252, which is what such senders meant.
    /// </summary>
    public static string Decode(string? charset, ReadOnlySpan<byte> bytes)
    {
        if (!string.IsNullOrEmpty(charset) && TryFind(charset, out var encoding) && encoding is not ASCIIEncoding)
        {
            return WithoutMark((IsBigEndian(charset, bytes) ? Encoding.BigEndianUnicode : encoding).GetString(bytes));
        }

        var guess = System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8 : Windows1252;
        return WithoutMark(guess.GetString(bytes));
    }

    /// <summary>The same for a piece of a header. U+FEFF at its start is part of it in UTF-8, no byte order mark.</summary>
    internal static string DecodePiece(string? charset, ReadOnlySpan<byte> bytes) =>
        string.Equals(charset, "utf-8", StringComparison.OrdinalIgnoreCase)
            ? Encoding.UTF8.GetString(bytes)
            : Decode(charset, bytes);

    private static Encoding Windows1252 { get; } = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    // RFC 2781 §4.3: text labelled UTF-16 says its byte order by a mark, and is big-endian without one.
    private static bool IsBigEndian(string charset, ReadOnlySpan<byte> bytes) =>
        (
            charset.Equals("utf-16", StringComparison.OrdinalIgnoreCase)
            || charset.Equals("utf16", StringComparison.OrdinalIgnoreCase)
        ) && !bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]);

    private static string WithoutMark(string text) => text.StartsWith('\uFEFF') ? text[1..] : text;

    // Nothing here throws for a name that nobody knows: a header of a thousand such names would pay for each.
    private static Encoding? Find(string name) =>
        name switch
        {
            "utf-8" or "utf8" or "utf_8" or "utf-8-mac" => Encoding.UTF8,
            "unicode-1-1-utf-8" or "unicode-2-0-utf-8" or "x-unicode-1-1-utf-8" or "x-unicode-2-0-utf-8" =>
                Encoding.UTF8,
            "us-ascii" or "ascii" or "us" or "csascii" or "iso646-us" or "iso-ir-6" or "iso_646.irv:1991" =>
                Encoding.ASCII,
            "ansi_x3.4-1968" or "ansi_x3.4-1986" => Encoding.ASCII,
            "iso-8859-1" or "iso8859-1" or "8859-1" or "iso_8859-1" or "iso_8859-1:1987" or "iso-ir-100" =>
                Encoding.Latin1,
            "latin1" or "latin-1" or "l1" or "csisolatin1" => Encoding.Latin1,
            "utf-16" or "utf16" or "utf-16le" or "ucs-2" or "iso-10646-ucs-2" or "unicode" => Encoding.Unicode,
            "utf-16be" or "unicodefffe" => Encoding.BigEndianUnicode,
            "utf-32" or "utf-32le" => Encoding.UTF32,
            "utf-32be" => new UTF32Encoding(bigEndian: true, byteOrderMark: true),
            "gb2312" or "gbk" or "x-gbk" or "cp936" => ByPage(54936),
            "ks_c_5601-1987" or "euc-kr" or "cp949" => ByPage(949),
            "iso-8859-8-i" or "iso-8859-8-e" => ByPage(28598),
            _ => CodePagesEncodingProvider.Instance.GetEncoding(name) ?? ByNumber(name),
        };

    // "cp1252", "cp-850", "windows1251", "ibm437": a code page by its number.
    private static Encoding? ByNumber(string name)
    {
        foreach (var prefix in (ReadOnlySpan<string>)["cp-", "cp", "windows-", "windows", "ibm-", "ibm", "ms", "x-cp"])
        {
            if (
                name.StartsWith(prefix, StringComparison.Ordinal)
                && int.TryParse(
                    name.AsSpan(prefix.Length),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var page
                )
            )
            {
                return ByPage(page);
            }
        }

        return null;
    }

    // The pages that .NET itself holds, but for UTF-7 (65000); all others are in the provider.
    private static Encoding? ByPage(int page) =>
        page switch
        {
            367 or 20127 => Encoding.ASCII,
            819 or 28591 => Encoding.Latin1,
            1200 => Encoding.Unicode,
            1201 => Encoding.BigEndianUnicode,
            12000 => Encoding.UTF32,
            65001 => Encoding.UTF8,
            < 1 or > 65535 => null,
            _ => CodePagesEncodingProvider.Instance.GetEncoding(page),
        };
}
