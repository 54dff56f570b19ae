using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>RFC 3492, both ways, without the "xn--" prefix and without any mapping.</summary>
internal static class Punycode
{
    private const int Base = 36;
    private const int TMin = 1;
    private const int TMax = 26;
    private const int InitialBias = 72;
    private const int InitialN = 0x80;

    /// <summary>Longer input is refused: decoding inserts, which is quadratic.</summary>
    public const int MaxLength = 1_024;

    public static bool TryEncode(ReadOnlySpan<char> text, out string encoded)
    {
        encoded = "";
        if (text.Length > MaxLength)
            return false;
        var points = new List<int>(text.Length);
        var output = new StringBuilder(text.Length + 8);
        foreach (var rune in text.EnumerateRunes())
        {
            points.Add(rune.Value);
            if (rune.IsAscii)
                output.Append((char)rune.Value);
        }

        var basic = output.Length;
        var handled = basic;
        if (basic > 0)
            output.Append('-');

        var (n, delta, bias) = (InitialN, 0, InitialBias);
        while (handled < points.Count)
        {
            var next = int.MaxValue;
            foreach (var point in points)
                next = point >= n && point < next ? point : next;
            delta += (next - n) * (handled + 1); // ≤ 0x110000 × 1025: fits
            n = next;
            foreach (var point in points)
            {
                if (point < n)
                    delta++;
                if (point != n)
                    continue;
                AppendDelta(output, delta, bias);
                bias = Adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled++;
            }

            delta++;
            n++;
        }

        encoded = output.ToString();
        return true;
    }

    public static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        decoded = "";
        if (text.Length > MaxLength || !Ascii.IsValid(text))
            return false;
        var points = new List<int>(text.Length);
        var basic = text.LastIndexOf('-');
        for (var i = 0; i < basic; i++)
            points.Add(text[i]);

        long n = InitialN;
        var bias = InitialBias;
        long index = 0;
        for (var at = basic + 1; at < text.Length; )
        {
            var before = index;
            long weight = 1;
            for (var k = Base; ; k += Base)
            {
                var digit = at < text.Length ? Digit(text[at++]) : -1;
                if (digit < 0)
                    return false;
                index += digit * weight;
                if (index > int.MaxValue) // RFC 3492 §6.4: overflow must be detected
                    return false;
                var t = Threshold(k, bias);
                if (digit < t)
                    break;
                weight *= Base - t;
                if (weight > int.MaxValue)
                    return false;
            }

            var count = points.Count + 1;
            bias = Adapt((int)(index - before), count, before == 0);
            n += index / count;
            index %= count;
            if (!Rune.IsValid((int)Math.Min(n, int.MaxValue)))
                return false;
            points.Insert((int)index, (int)n);
            index++;
        }

        var output = new StringBuilder(points.Count);
        foreach (var point in points)
            output.Append(new Rune(point).ToString());
        decoded = output.ToString();
        return true;
    }

    private static void AppendDelta(StringBuilder output, int delta, int bias)
    {
        for (var k = Base; ; k += Base)
        {
            var t = Threshold(k, bias);
            if (delta < t)
            {
                output.Append(Letter(delta));
                return;
            }

            output.Append(Letter(t + ((delta - t) % (Base - t))));
            delta = (delta - t) / (Base - t);
        }
    }

    private static int Threshold(int k, int bias) => Math.Clamp(k - bias, TMin, TMax);

    // RFC 3492 §6.1, with its damp of 700 and skew of 38
    private static int Adapt(int delta, int count, bool first)
    {
        delta = first ? delta / 700 : delta / 2;
        delta += delta / count;
        var k = 0;
        for (; delta > (Base - TMin) * TMax / 2; k += Base)
            delta /= Base - TMin;
        return k + ((Base - TMin + 1) * delta / (delta + 38));
    }

    private static char Letter(int digit) => (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);

    private static int Digit(char c) =>
        c switch
        {
            >= 'a' and <= 'z' => c - 'a',
            >= 'A' and <= 'Z' => c - 'A',
            >= '0' and <= '9' => c - '0' + 26,
            _ => -1,
        };
}
