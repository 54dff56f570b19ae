using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Content-Transfer-Encoding (RFC 2045 §6.1).</summary>
public enum PartEncoding
{
    /// <summary>The default when the field is absent.</summary>
    SevenBit,
    EightBit,
    Binary,
    QuotedPrintable,
    Base64,

    /// <summary>x-uuencode, never standard and still met.</summary>
    UuEncode,

    /// <summary>A token we do not know: the content is taken as it stands (RFC 2045 §6.4).</summary>
    Unknown,
}

internal static class TransferEncodings
{
    public static PartEncoding Of(HeaderFields headers)
    {
        if (headers.First("content-transfer-encoding") is not { } field)
        {
            return PartEncoding.SevenBit;
        }

        var token = field.RawValue.Span.Trim(" \t\r\n"u8);
        var end = token.IndexOfAny(" \t\r\n;("u8);
        token = end < 0 ? token : token[..end];
        return token switch
        {
            _ when Is(token, "base64") => PartEncoding.Base64,
            _ when Is(token, "quoted-printable") => PartEncoding.QuotedPrintable,
            _ when Is(token, "7bit") => PartEncoding.SevenBit,
            _ when Is(token, "8bit") => PartEncoding.EightBit,
            _ when Is(token, "binary") => PartEncoding.Binary,
            _ when Is(token, "x-uuencode") || Is(token, "uuencode") || Is(token, "x-uue") || Is(token, "uue") =>
                PartEncoding.UuEncode,
            _ => PartEncoding.Unknown,
        };
    }

    public static byte[] Decode(PartEncoding encoding, ReadOnlySpan<byte> body) =>
        encoding switch
        {
            PartEncoding.Base64 => Base64Decoder.Decode(body),
            PartEncoding.QuotedPrintable => QuotedPrintableDecoder.Decode(body),
            PartEncoding.UuEncode => UuDecoder.Decode(body),
            _ => body.ToArray(),
        };

    private static bool Is(ReadOnlySpan<byte> token, string name) => Ascii.EqualsIgnoreCase(token, name);
}
