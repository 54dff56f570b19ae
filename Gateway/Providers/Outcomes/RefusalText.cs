using System.Text;

namespace Gateway.Providers.Outcomes;

/// <summary>
/// A refusal without what differs from message to message and what a sender could have put there: quoted pieces,
/// addresses, domains, words with digits. Tables match only this, so nobody can write a subject that closes a path.
/// </summary>
internal static class RefusalText
{
    private const int LongestText = 300;

    /// <summary>Lower case, one space between words, <c>#</c> for each piece left out.</summary>
    public static string Of(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, LongestText));
        var rest = WithoutQuotes(text).AsSpan();
        while (!rest.IsEmpty && clean.Length < LongestText)
        {
            rest = rest.TrimStart(" \t\r\n\f\v\u00A0");
            var end = rest.IndexOfAny(" \t\r\n\f\v\u00A0");
            var word = end < 0 ? rest : rest[..end];
            rest = rest[word.Length..];
            if (word.IsEmpty)
            {
                continue;
            }

            clean.Append(clean.Length > 0 ? " " : "");
            if (IsVariable(word))
            {
                clean.Append('#');
            }
            else
            {
                foreach (var c in word)
                {
                    clean.Append(char.ToLowerInvariant(c));
                }
            }
        }

        return clean.Length > LongestText ? clean.ToString(0, LongestText) : clean.ToString();
    }

    // Apostrophes stand inside words, too: a quotation opens only where a word begins.
    private static string WithoutQuotes(string text)
    {
        var kept = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var opens = text[i] is '"' or '`' or '\'' or '“' or '‘' && (i == 0 || !char.IsLetterOrDigit(text[i - 1]));
            var close = opens ? text.IndexOf(Closing(text[i]), i + 1) : -1;
            if (close > i)
            {
                kept.Append(" # ");
                i = close;
            }
            else
            {
                kept.Append(text[i]);
            }
        }

        return kept.ToString();
    }

    private static char Closing(char open) =>
        open switch
        {
            '“' => '”',
            '‘' => '’',
            _ => open,
        };

    private static bool IsVariable(ReadOnlySpan<char> word)
    {
        for (var i = 0; i < word.Length; i++)
        {
            // A dot inside a word: a domain, or a field's path.
            if (word[i] == '@' || char.IsDigit(word[i]) || (word[i] == '.' && i > 0 && i + 1 < word.Length))
            {
                return true;
            }
        }

        return false;
    }
}
