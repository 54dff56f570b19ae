using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Zones of RFC 5322 §3.3 and §4.3.</summary>
internal static class MailZone
{
    /// <summary>"-0330", "EST"; anything unknown, a military letter among them, is UTC.</summary>
    public static TimeSpan Offset(ReadOnlySpan<byte> word)
    {
        if (word.Length == 5 && word[0] is (byte)'+' or (byte)'-' && DateWords.TryNumber(word[1..], 4, out var value))
        {
            var offset = new TimeSpan(value / 100, value % 100, 0);
            return word[0] == '-' ? -offset : offset;
        }

        // RFC 5322 §4.3. "EST5EDT", a Unix zone name, begins with the zone that holds in winter.
        return word switch
        {
            _ when Begins(word, "EDT") => TimeSpan.FromHours(-4),
            _ when Begins(word, "EST") || Begins(word, "CDT") => TimeSpan.FromHours(-5),
            _ when Begins(word, "CST") || Begins(word, "MDT") => TimeSpan.FromHours(-6),
            _ when Begins(word, "MST") || Begins(word, "PDT") => TimeSpan.FromHours(-7),
            _ when Begins(word, "PST") => TimeSpan.FromHours(-8),
            _ => TimeSpan.Zero,
        };
    }

    private static bool Begins(ReadOnlySpan<byte> word, string zone) =>
        word.Length >= 3
        && Ascii.EqualsIgnoreCase(word[..3], zone)
        && (word.Length == 3 || char.IsAsciiDigit((char)word[3]));
}
