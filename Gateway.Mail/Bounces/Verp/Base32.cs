namespace Gateway.Mail.Bounces;

/// <summary>Base32 (RFC 4648 §6) in lower case without padding: survives hosts that fold the case of local parts.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Encode(ReadOnlySpan<byte> octets)
    {
        Span<char> text = stackalloc char[(octets.Length * 8 + 4) / 5];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = Alphabet[Five(octets, i * 5)];
        }

        return text.ToString();
    }

    /// <summary>False for a wrong length, another character, or spare bits that are not zero: one text per value.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> octets)
    {
        octets.Clear();
        if (text.Length != (octets.Length * 8 + 4) / 5)
        {
            return false;
        }

        for (var i = 0; i < text.Length; i++)
        {
            var value = Alphabet.IndexOf(char.ToLowerInvariant(text[i]), StringComparison.Ordinal);
            if (value < 0 || !char.IsAscii(text[i]))
            {
                return false;
            }

            for (var bit = 0; bit < 5; bit++)
            {
                var at = i * 5 + bit;
                var set = (value >> (4 - bit)) & 1;
                if (at >= octets.Length * 8)
                {
                    if (set != 0)
                    {
                        return false;
                    }
                }
                else
                {
                    octets[at / 8] |= (byte)(set << (7 - at % 8));
                }
            }
        }

        return true;
    }

    private static int Five(ReadOnlySpan<byte> octets, int bit)
    {
        var value = 0;
        for (var i = bit; i < bit + 5; i++)
        {
            var set = i < octets.Length * 8 && (octets[i / 8] & (1 << (7 - i % 8))) != 0;
            value = (value << 1) | (set ? 1 : 0);
        }

        return value;
    }
}
