using System.Globalization;
using System.Text;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>
/// Brings a reply to the form in which phrases are looked up: one line, lower case, single spaces, and without the codes
/// that stand between the words where a bounce has joined the lines of a reply.
/// </summary>
internal static class ReplyText
{
    // Longer texts are templates with links; what decides stands at their beginning.
    private const int MaxLength = 4096;

    public static string Flatten(SmtpReply reply)
    {
        var code = reply.Code.ToString(CultureInfo.InvariantCulture);
        var status = reply.Enhanced?.ToString();
        var text = reply.Text.AsSpan(0, Math.Min(reply.Text.Length, MaxLength));
        var flat = new StringBuilder(text.Length);
        foreach (var range in text.SplitAny([' ', '\t', '\n']))
        {
            var word = text[range];
            if (word.IsEmpty || IsCode(word, code, status))
            {
                continue;
            }

            if (flat.Length > 0)
            {
                flat.Append(' ');
            }

            foreach (var c in word)
            {
                // Typographic apostrophes: the same sentence comes in both spellings.
                flat.Append(c is '\u2019' ? '\'' : char.ToLowerInvariant(c));
            }
        }

        return flat.ToString();
    }

    // "550", "5.1.1" and "550-5.1.1", where they are this reply's own.
    private static bool IsCode(ReadOnlySpan<char> word, string code, string? status)
    {
        if (word.StartsWith(code, StringComparison.Ordinal))
        {
            word = word[code.Length..];
            return word.IsEmpty || (word[0] == '-' && (word.Length == 1 || word[1..].SequenceEqual(status)));
        }

        return status is not null && word.SequenceEqual(status);
    }
}
