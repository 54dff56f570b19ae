using Gateway.Mail;

namespace Gateway.Providers.Http;

/// <summary>
/// One line of a provider's table: it holds where one of its phrases stands in the refusal, as
/// <see cref="Outcomes.RefusalText"/> writes it. <c>a &amp; b</c> wants both parts. First line that holds wins.
/// </summary>
internal sealed class TextRule(string name, Outcome outcome, OutcomeScope scope, params string[] phrases)
{
    private readonly string[][] phrases = [.. phrases.Select(p => p.Split(" & "))];

    public HttpVerdict Verdict { get; } = new(outcome, scope, name);

    public bool Holds(string refusal) =>
        Array.Exists(phrases, parts => Array.TrueForAll(parts, p => refusal.Contains(p, StringComparison.Ordinal)));

    public static HttpVerdict? First(TextRule[] rules, string refusal) =>
        Array.Find(rules, r => r.Holds(refusal))?.Verdict;
}
