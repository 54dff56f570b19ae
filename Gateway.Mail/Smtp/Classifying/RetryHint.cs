using System.Globalization;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Reads "retry in 300 seconds", "try again in 5 minutes", "wait 00:05:00" out of a flattened text.</summary>
internal static class RetryHint
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);
    private static readonly string[] Cues =
    [
        "retry",
        "again",
        "wait",
        "greylist",
        "graylist",
        "delay",
        "defer",
        "later",
    ];

    public static TimeSpan? Find(string text)
    {
        if (!Array.Exists(Cues, cue => text.Contains(cue, StringComparison.Ordinal)))
        {
            return null;
        }

        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var word = Take(ref rest);
            if (word.IsEmpty || !char.IsAsciiDigit(word[0]))
            {
                continue;
            }

            var digits = word.IndexOfAnyExceptInRange('0', '9');
            var after = rest;
            var unit = digits < 0 ? Take(ref after) : word[digits..];
            if (Clock(word) is { } clock)
            {
                return clock;
            }

            if (
                Scale(unit, glued: digits >= 0) is { } scale
                && Number(digits < 0 ? word : word[..digits]) is { } number
            )
            {
                return Bound(number * scale);
            }
        }

        return null;
    }

    private static TimeSpan? Clock(ReadOnlySpan<char> word) =>
        word.Length == 8
        && word[2] == ':'
        && word[5] == ':'
        && TimeSpan.TryParseExact(word, @"hh\:mm\:ss", CultureInfo.InvariantCulture, out var clock)
            ? Bound(clock)
            : null;

    private static TimeSpan? Bound(TimeSpan hint) =>
        hint <= TimeSpan.Zero ? null
        : hint > Longest ? Longest
        : hint;

    private static int? Number(ReadOnlySpan<char> digits) =>
        digits.Length <= 6 ? int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private static TimeSpan? Scale(ReadOnlySpan<char> unit, bool glued)
    {
        if (unit.StartsWith("sec") || (glued && unit is "s"))
        {
            return TimeSpan.FromSeconds(1);
        }

        if (unit.StartsWith("min") || (glued && unit is "m"))
        {
            return TimeSpan.FromMinutes(1);
        }

        return unit.StartsWith("hour") || (glued && unit is "h") ? TimeSpan.FromHours(1) : null;
    }

    private static ReadOnlySpan<char> Take(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" (),;.\"'[<");
        var end = rest.IndexOfAny(" (),;\"'[]<>");
        var word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        // A stray closing bracket is no word: step over it, or the walk would stand still.
        rest = word.IsEmpty && !rest.IsEmpty ? rest[1..] : rest;
        return word.TrimEnd('.');
    }
}
