namespace Gateway.Mail.Messages;

/// <summary>date-time (RFC 5322 §3.3) with its obsolete forms (§4.3).</summary>
public static class MailDate
{
    /// <summary>
    /// Reads a Date value, or the date at the end of a Received value. The weekday is not checked. A missing or
    /// unknown zone counts as UTC (§4.3: "-0000"). False for what names no instant; never throws.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> rawValue, out DateTimeOffset date)
    {
        // RFC 5322 §3.6.7: received = "Received:" *received-token ";" date-time
        var semicolon = rawValue.LastIndexOf((byte)';');
        var words = new DateWords(semicolon < 0 ? rawValue : rawValue[(semicolon + 1)..]);
        date = default;
        var first = words.Next();
        if (DateWords.IsWeekday(first) || (first.EndsWith(","u8) && first.Length > 1))
        {
            first = words.Next();
        }

        return DateWords.Month(first) is var month and > 0
            ? Asctime(ref words, month, out date)
            : DayFirst(first, ref words, out date);
    }

    // 21 Nov 1997 09:55:06 -0600
    private static bool DayFirst(ReadOnlySpan<byte> first, ref DateWords words, out DateTimeOffset date)
    {
        date = default;
        if (!DateWords.TryNumber(first, 2, out var day))
        {
            return false;
        }

        var month = DateWords.Month(words.Next());
        var yearWord = words.Next();
        return month > 0
            && DateWords.TryNumber(yearWord, 4, out var year)
            && DateWords.TryTime(words.Next(), out var time)
            && Make(Century(year, yearWord.Length), month, day, time, MailZone.Offset(words.Next()), out date);
    }

    // Fri Sep 14 14:36:56 EDT 2018, as C's asctime and date(1) write it.
    private static bool Asctime(ref DateWords words, int month, out DateTimeOffset date)
    {
        date = default;
        if (!DateWords.TryNumber(words.Next(), 2, out var day) || !DateWords.TryTime(words.Next(), out var time))
        {
            return false;
        }

        var zone = words.Next();
        if (DateWords.TryNumber(zone, 4, out var year) && zone.Length == 4 && zone[0] is not ((byte)'+' or (byte)'-'))
        {
            return Make(year, month, day, time, MailZone.Offset(words.Next()), out date);
        }

        return DateWords.TryNumber(words.Next(), 4, out year)
            && Make(year, month, day, time, MailZone.Offset(zone), out date);
    }

    // RFC 5322 §4.3: 00 to 49 is 2000 on, 50 to 99 and three digits count from 1900.
    private static int Century(int year, int digits) =>
        digits switch
        {
            2 => year < 50 ? 2000 + year : 1900 + year,
            3 => 1900 + year,
            _ => year,
        };

    private static bool Make(int year, int month, int day, int seconds, TimeSpan offset, out DateTimeOffset date)
    {
        date = default;
        if (year is < 1900 or > 9990 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        // DateTimeOffset holds at most 14 hours; RFC 5322 §3.3 lets a zone write 99:59. The instant is what counts.
        var utc = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).AddSeconds(seconds) - offset;
        date = new DateTimeOffset(utc, TimeSpan.Zero);
        date = offset.Duration() <= TimeSpan.FromHours(14) ? date.ToOffset(offset) : date;
        return true;
    }
}
