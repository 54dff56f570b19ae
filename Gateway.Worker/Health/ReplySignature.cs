using System.Text;

namespace Gateway.Worker.Health;

/// <summary>What two replies have in common that differ only in whom they name: no digits, addresses or ids.</summary>
internal static class ReplySignature
{
    /// <summary>Replies that begin alike are alike.</summary>
    private const int Length = 160;

    public static string Of(string reply)
    {
        var text = new StringBuilder(Length);
        foreach (var word in reply.Split((char[])[' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (text.Length >= Length)
            {
                break;
            }

            // An address, a message id, a URL, a queue id: what names one case and not the kind.
            if (word.Contains('@', StringComparison.Ordinal) || word.Contains("://", StringComparison.Ordinal))
            {
                text.Append("* ");
            }
            else
            {
                // The code and its enhanced status are words of the kind.
                text.Append(
                        text.Length > 0 && word.Any(char.IsAsciiDigit) && !IsStatus(word)
                            ? "#"
                            : word.ToLowerInvariant()
                    )
                    .Append(' ');
            }
        }

        return text.ToString(0, Math.Min(text.Length, Length)).TrimEnd();
    }

    private static bool IsStatus(string word) =>
        word.Length <= 9
        && word.All(c => char.IsAsciiDigit(c) || c == '.')
        && word.Contains('.', StringComparison.Ordinal);
}
