using System.Buffers;
using System.Buffers.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Base64 (RFC 2045 §6.8), lenient: other bytes are passed over, padding ends the data, bits that fill no byte are
/// dropped.
/// </summary>
public static class Base64Decoder
{
    /// <summary>The decoded bytes; never throws.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> encoded)
    {
        var to = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length) + 3];
        if (Base64.DecodeFromUtf8(encoded, to, out _, out var written) != OperationStatus.Done)
        {
            written = Lenient(encoded, to);
        }

        return written == to.Length ? to : to[..written];
    }

    private static int Lenient(ReadOnlySpan<byte> encoded, Span<byte> to)
    {
        var bits = 0;
        var have = 0;
        var length = 0;
        foreach (var c in encoded)
        {
            // RFC 2045 §6.8: a "=" may be taken as evidence that the end of the data has been reached.
            if (c == '=' && have is not 0 and not 6)
            {
                break;
            }

            var value = Value(c);
            if (value < 0)
            {
                // RFC 2045 §6.8: all characters outside the alphabet must be ignored.
                continue;
            }

            bits = ((bits << 6) | value) & 0xFFFF;
            have += 6;
            if (have >= 8)
            {
                have -= 8;
                to[length++] = (byte)(bits >> have);
            }
        }

        return length;
    }

    private static int Value(byte c) =>
        c switch
        {
            >= (byte)'A' and <= (byte)'Z' => c - 'A',
            >= (byte)'a' and <= (byte)'z' => c - 'a' + 26,
            >= (byte)'0' and <= (byte)'9' => c - '0' + 52,
            (byte)'+' => 62,
            (byte)'/' => 63,
            _ => -1,
        };
}
