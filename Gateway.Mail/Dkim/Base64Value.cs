using System.Buffers;
using System.Buffers.Text;

namespace Gateway.Mail.Dkim;

/// <summary>base64string of RFC 6376 §2.10: white space anywhere, padding optional by that grammar.</summary>
internal static class Base64Value
{
    public static bool TryDecode(ReadOnlySpan<byte> text, out byte[] value)
    {
        value = [];
        var compact = new byte[text.Length + 3];
        var length = 0;
        foreach (var octet in text)
        {
            if (octet is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                compact[length++] = octet;
            }
        }

        while (length % 4 != 0)
        {
            compact[length++] = (byte)'=';
        }

        if (Base64.DecodeFromUtf8InPlace(compact.AsSpan(0, length), out var written) != OperationStatus.Done)
        {
            return false;
        }

        value = compact[..written];
        return true;
    }
}
