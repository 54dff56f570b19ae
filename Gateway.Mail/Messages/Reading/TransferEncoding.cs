using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Content-Transfer-Encoding (RFC 2045 §6.1).</summary>
public enum TransferEncoding
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
    public static TransferEncoding Of(HeaderFields headers)
    {
        if (headers.First("content-transfer-encoding") is not { } field)
        {
            return TransferEncoding.SevenBit;
        }

        var token = field.RawValue.Span.Trim(" \t\r\n"u8);
        var end = token.IndexOfAny(" \t\r\n;("u8);
        token = end < 0 ? token : token[..end];
        return token switch
        {
            _ when Is(token, "base64") => TransferEncoding.Base64,
            _ when Is(token, "quoted-printable") => TransferEncoding.QuotedPrintable,
            _ when Is(token, "7bit") => TransferEncoding.SevenBit,
            _ when Is(token, "8bit") => TransferEncoding.EightBit,
            _ when Is(token, "binary") => TransferEncoding.Binary,
            _ when Is(token, "x-uuencode") || Is(token, "uuencode") || Is(token, "x-uue") || Is(token, "uue") =>
                TransferEncoding.UuEncode,
            _ => TransferEncoding.Unknown,
        };
    }

    public static byte[] Decode(TransferEncoding encoding, ReadOnlySpan<byte> body) =>
        encoding switch
        {
            TransferEncoding.Base64 => Base64Decoder.Decode(body),
            TransferEncoding.QuotedPrintable => QuotedPrintableDecoder.Decode(body),
            TransferEncoding.UuEncode => UuDecoder.Decode(body),
            _ => body.ToArray(),
        };

    private static bool Is(ReadOnlySpan<byte> token, string name) => Ascii.EqualsIgnoreCase(token, name);
}
