namespace Gateway.Mail.Bounces.Classifying;

/// <summary>
/// What bears words out. Some hosts say "user unknown" for a filter's refusal after DATA, and wide words ("not found")
/// are said of many things.
/// </summary>
internal enum Witness
{
    /// <summary>The words count alone.</summary>
    None,

    /// <summary>A status that agrees, an answer to RCPT TO, or the host that owns the mailboxes says it itself.</summary>
    Any,

    /// <summary>A status that agrees, or an answer to RCPT TO.</summary>
    Server,
}

/// <summary>
/// One line of a table: holds when one of its phrases is in the text. A phrase is lower case; <c>a &amp; b</c> wants
/// both, in this order and close together.
/// </summary>
internal sealed class PhraseRule
{
    private readonly string[][] phrases;

    public PhraseRule(string name, BounceClass kind, Outcome outcome, OutcomeScope scope, string phrases)
    {
        (Name, Class, Outcome, Scope) = (name, kind, outcome, scope);
        this.phrases = [.. PhraseList.Of(phrases).Select(p => p.Split(" & "))];
    }

    public string Name { get; }
    public BounceClass Class { get; }
    public Outcome Outcome { get; }
    public OutcomeScope Scope { get; }

    /// <summary>What must bear these words out before they count.</summary>
    public Witness Needs { get; init; }

    // The words of one sentence, not of a whole notice. A bounded window keeps the search linear.
    private const int Window = 60;

    public bool Holds(string text)
    {
        foreach (var parts in phrases)
        {
            if (parts.Length == 1 ? text.Contains(parts[0], StringComparison.Ordinal) : Near(text, parts[0], parts[1]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Near(string text, string first, string second)
    {
        for (var at = text.IndexOf(first, StringComparison.Ordinal); at >= 0; )
        {
            var from = at + first.Length;
            var length = Math.Min(Window, text.Length - from);
            if (text.AsSpan(from, length).Contains(second, StringComparison.Ordinal))
            {
                return true;
            }

            at = text.IndexOf(first, from, StringComparison.Ordinal);
        }

        return false;
    }
}
