namespace Gateway.Mail.Dns;

/// <summary>
/// Names below which anybody may register, by the rules of the Public Suffix List, both of its sections. What counts
/// is who controls a name, so the private section (hosting companies) counts as much as the registries'.
/// </summary>
public sealed class PublicSuffixes
{
    // The list has about 10,000 rules; a file far longer is some other file.
    private const int MaxRules = 100_000;

    /// <summary>
    /// Last labels that are no part of DNS, so that nobody registers anything there: RFC 6762 §3, RFC 7686, RFC 9476.
    /// </summary>
    private static readonly string[] Elsewhere = ["local", "onion", "alt"];

    private readonly HashSet<string> rules = new(StringComparer.Ordinal);
    private readonly HashSet<string> wildcards = new(StringComparer.Ordinal);
    private readonly HashSet<string> exceptions = new(StringComparer.Ordinal);

    private PublicSuffixes() { }

    public int Count => rules.Count + wildcards.Count + exceptions.Count;

    /// <summary>Reads the text of a list: one rule a line up to the first white space, comments after <c>//</c>.</summary>
    /// <param name="text">The list.</param>
    /// <param name="toAscii">A rule in A-labels; null where it is no domain.</param>
    /// <exception cref="FormatException">There is no rule in it, or far too many.</exception>
    public static PublicSuffixes Read(string text, Func<string, string?> toAscii)
    {
        var read = new PublicSuffixes();
        foreach (var line in text.Split('\n'))
        {
            var rule = line.Split([' ', '\t', '\r'], 2)[0];
            if (rule.Length == 0 || rule.StartsWith("//", StringComparison.Ordinal))
                continue;

            var (set, name) = rule switch
            {
                ['!', .. var exception] => (read.exceptions, exception),
                ['*', '.', .. var parent] => (read.wildcards, parent),
                _ => (read.rules, rule),
            };
            if ((System.Text.Ascii.IsValid(name) ? name.ToLowerInvariant() : toAscii(name)) is { } ascii)
                set.Add(ascii);
            if (read.Count > MaxRules)
                throw new FormatException($"a public suffix list has at most {MaxRules} rules");
        }

        return read.Count > 0 ? read : throw new FormatException("the public suffix list is empty");
    }

    /// <summary>
    /// The name one label below its public suffix: the part that one owner registered. Null where the name is itself a
    /// public suffix, or no name.
    /// </summary>
    /// <param name="domain">Lower-case A-labels without a dot at the end.</param>
    public string? Registrable(string domain)
    {
        if (domain.Length == 0 || domain[0] == '.' || domain.Contains("..", StringComparison.Ordinal))
            return null;

        // From the longest name to the shortest: the first rule that fits is the one with the most labels.
        string? below = null;
        for (var name = domain; ; )
        {
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            var parent = dot < 0 ? null : name[(dot + 1)..];
            if (exceptions.Contains(name))
                return name;
            // Where no rule fits, the last label is the suffix: the list's rule "*".
            if (rules.Contains(name) || parent is null || wildcards.Contains(parent))
                return Elsewhere.Contains(name) ? null : below;
            (below, name) = (name, parent);
        }
    }

    /// <summary>True for a name that nobody may claim as a whole.</summary>
    public bool IsPublicSuffix(string domain) => Registrable(domain) is null;
}
