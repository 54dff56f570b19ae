using System.Globalization;

namespace Gateway.Mail.Smtp;

/// <summary>An enhanced status code <c>class.subject.detail</c> (RFC 3463 §2).</summary>
public readonly record struct EnhancedStatus(int Class, int Subject, int Detail)
{
    /// <summary>Reads a code that stands at the very start of <paramref name="text"/> and ends there or at a space.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EnhancedStatus status)
    {
        status = default;
        // RFC 3463 §2: class is 2, 4 or 5; subject and detail have one to three digits.
        if (text.Length < 5 || text[0] is not ('2' or '4' or '5') || text[1] != '.')
        {
            return false;
        }

        var at = 2;
        if (!Number(text, ref at, out var subject) || at >= text.Length || text[at++] != '.')
        {
            return false;
        }

        if (!Number(text, ref at, out var detail) || (at < text.Length && !EndsCode(text[at])))
        {
            return false;
        }

        status = new EnhancedStatus(text[0] - '0', subject, detail);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}.{Subject}.{Detail}");

    // A space by RFC 2034 §4; real servers also write "5.1.1: text", "5.1.1, text" and "(5.1.1)".
    private static bool EndsCode(char c) => c is ' ' or '\t' or '\n' or ':' or ',' or ';' or ')' or ']' or '-';

    private static bool Number(ReadOnlySpan<char> text, ref int at, out int value)
    {
        value = 0;
        var from = at;
        while (at < text.Length && at - from < 3 && char.IsAsciiDigit(text[at]))
        {
            value = value * 10 + (text[at++] - '0');
        }

        return at > from;
    }
}
