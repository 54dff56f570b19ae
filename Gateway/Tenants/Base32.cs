namespace Gateway.Tenants;

/// <summary>Base32 in lower case without padding (RFC 4648 §6), one spelling for each value.</summary>
public static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[((bytes.Length * 8) + 4) / 5];
        var (held, bits, at) = (0, 0, 0);
        foreach (var b in bytes)
        {
            held = (held << 8) | b;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                text[at++] = Alphabet[(held >> (bits - 5)) & 31];
            }
        }

        if (bits > 0)
        {
            text[at] = Alphabet[(held << (5 - bits)) & 31];
        }

        return new string(text);
    }

    public static bool IsAlphabet(ReadOnlySpan<char> text) => text.IndexOfAnyExcept(Alphabet) < 0;
}
