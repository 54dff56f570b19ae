namespace Gateway.Mail.Bounces.Classifying;

/// <summary>
/// One line of a table: holds when one of its phrases is in the text. A phrase is lower case; <c>a &amp; b</c> wants both
/// parts, in any order.
/// </summary>
internal sealed class PhraseRule
{
    private readonly string[][] phrases;

    public PhraseRule(string name, BounceClass kind, Outcome outcome, OutcomeScope scope, params string[] phrases)
    {
        (Name, Class, Outcome, Scope) = (name, kind, outcome, scope);
        this.phrases = [.. phrases.Select(p => p.Split(" & "))];
    }

    public string Name { get; }
    public BounceClass Class { get; }
    public Outcome Outcome { get; }
    public OutcomeScope Scope { get; }

    /// <summary>
    /// The words alone do not prove it: some hosts say them for a filter's refusal after DATA. They count when a status
    /// agrees, when RCPT TO was refused, or when the host speaks of its own mailboxes.
    /// </summary>
    public bool NeedsWitness { get; init; }

    public bool Holds(string text)
    {
        foreach (var parts in phrases)
        {
            if (Array.TrueForAll(parts, part => text.Contains(part, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }
}
