using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>The words of a date, comments and white space left out (RFC 5322 §4.3 allows them anywhere).</summary>
internal ref struct DateWords(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> text = text;
    private int at;

    /// <summary>The next word, empty at the end. A comma ends the weekday and belongs to it.</summary>
    public ReadOnlySpan<byte> Next()
    {
        while (at < text.Length)
        {
            if (text[at] == '(')
            {
                at = Comments.Skip(text, at);
            }
            else if (text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'_')
            {
                // "_" for a space: some relays mangle folded lines so.
                at++;
            }
            else
            {
                break;
            }
        }

        var rest = text[at..];
        var length = rest.IndexOfAny(" \t\r\n(,"u8);
        length = length < 0 ? rest.Length : length + (rest[length] == ',' ? 1 : 0);
        at += length;
        return rest[..length];
    }

    public static bool IsWeekday(ReadOnlySpan<byte> word) =>
        word.Length >= 3 && Index(word, "MonTueWedThuFriSatSun") >= 0;

    /// <summary>1 to 12, or 0. Full names are read too.</summary>
    public static int Month(ReadOnlySpan<byte> word) => Index(word, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;

    public static bool TryNumber(ReadOnlySpan<byte> word, int maxDigits, out int number)
    {
        number = 0;
        foreach (var c in word)
        {
            if (c is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = Math.Min((number * 10) + (c - '0'), 100_000);
        }

        return word.Length > 0 && word.Length <= maxDigits;
    }

    /// <summary>hh:mm or hh:mm:ss as seconds of the day; second 60 is a leap second (RFC 5322 §3.3).</summary>
    public static bool TryTime(ReadOnlySpan<byte> word, out int seconds)
    {
        seconds = 0;
        var first = word.IndexOf((byte)':');
        if (first < 0 || !TryNumber(word[..first], 2, out var hour) || hour > 23)
        {
            return false;
        }

        var rest = word[(first + 1)..];
        var second = rest.IndexOf((byte)':');
        var secs = 0;
        if (second >= 0 && (!TryNumber(rest[(second + 1)..], 2, out secs) || secs > 60))
        {
            return false;
        }

        if (!TryNumber(second < 0 ? rest : rest[..second], 2, out var minute) || minute > 59)
        {
            return false;
        }

        seconds = (hour * 3600) + (minute * 60) + secs;
        return true;
    }

    private static int Index(ReadOnlySpan<byte> word, string names)
    {
        if (word.Length < 3)
        {
            return -1;
        }

        for (var i = 0; i < names.Length; i += 3)
        {
            if (Ascii.EqualsIgnoreCase(word[..3], names.AsSpan(i, 3)))
            {
                return i / 3;
            }
        }

        return -1;
    }
}
