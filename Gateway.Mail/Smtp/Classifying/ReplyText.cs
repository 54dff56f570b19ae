using System.Text;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Brings a reply's lines to the form in which phrases are looked up: one line, lower case, single spaces.</summary>
internal static class ReplyText
{
    // Longer texts are templates with links; what decides stands at their beginning.
    private const int MaxLength = 4096;

    public static string Flatten(SmtpReply reply)
    {
        var flat = new StringBuilder(Math.Min(reply.Text.Length, MaxLength));
        foreach (var line in reply.Text.AsSpan(0, Math.Min(reply.Text.Length, MaxLength)).EnumerateLines())
        {
            var rest = line.Trim();
            if (EnhancedStatus.TryParse(rest, out var status))
            {
                rest = rest[status.ToString().Length..];
            }

            var space = flat.Length > 0;
            foreach (var c in rest)
            {
                if (char.IsWhiteSpace(c))
                {
                    space = flat.Length > 0;
                    continue;
                }

                if (space)
                {
                    flat.Append(' ');
                    space = false;
                }

                // Typographic apostrophes: the same sentence comes in both spellings.
                flat.Append(c is '\u2019' ? '\'' : char.ToLowerInvariant(c));
            }
        }

        return flat.ToString();
    }
}
