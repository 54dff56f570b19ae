using Gateway.Mail.Addresses;
using Gateway.Mail.Dns;

namespace Gateway.Domains;

/// <summary>
/// The Public Suffix List of this machine (Debian: package <c>publicsuffix</c>). The list changes weekly and has its own
/// licence, so it is not part of the product. Without it a few plain facts stand in its place: the proof by TXT record
/// protects the rest, since nobody but a registry can publish at a registry's name.
/// </summary>
public sealed class PublicSuffixList
{
    public const string DebianFile = "/usr/share/publicsuffix/public_suffix_list.dat";

    // Below two-letter top levels these are registries' own almost everywhere.
    private static readonly string[] RegistryLabels =
    [
        "ac",
        "co",
        "com",
        "edu",
        "gob",
        "gov",
        "gv",
        "ltd",
        "me",
        "mil",
        "ne",
        "net",
        "nom",
        "or",
        "org",
        "plc",
        "sch",
    ];

    // Names below which strangers get a name of their own, and mail is sent from.
    private static readonly string[] Hosters =
    [
        "appspot.com",
        "azurewebsites.net",
        "blogspot.com",
        "cloudfront.net",
        "fly.dev",
        "github.io",
        "gitlab.io",
        "herokuapp.com",
        "netlify.app",
        "pages.dev",
        "vercel.app",
        "web.app",
        "workers.dev",
    ];

    private readonly PublicSuffixes? list;

    private PublicSuffixList(PublicSuffixes? list) => this.list = list;

    /// <summary>The rules read; 0 where there is no file.</summary>
    public int Count => list?.Count ?? 0;

    /// <exception cref="InvalidOperationException">A file is named and is not there, or is no list.</exception>
    public static PublicSuffixList Load(string? named)
    {
        var file = named ?? DebianFile;
        if (named is null && !File.Exists(file))
        {
            return new PublicSuffixList(null);
        }

        try
        {
            return new PublicSuffixList(PublicSuffixes.Read(File.ReadAllText(file), ToAscii));
        }
        catch (Exception problem) when (problem is IOException or FormatException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"Gateway:Domains:PublicSuffixList={file} is no public suffix list: {problem.Message}",
                problem
            );
        }
    }

    public static PublicSuffixList WithoutFile { get; } = new(null);

    public bool IsPublicSuffix(string domain) => Registrable(domain) is null;

    /// <summary>The part of a name that one owner registered; null where the name is a public suffix.</summary>
    public string? Registrable(string domain)
    {
        if (list is not null)
        {
            return list.Registrable(domain);
        }

        var labels = domain.Split('.');
        var suffix =
            Hosters.Any(h => domain == h || domain.EndsWith("." + h, StringComparison.Ordinal)) ? 2
            : labels is [.., var second, { Length: 2 }] && RegistryLabels.Contains(second) ? 2
            : 1;
        return labels.Length > suffix && labels[^1] is not ("local" or "onion" or "alt")
            ? string.Join('.', labels[^(suffix + 1)..])
            : null;
    }

    /// <summary>An international rule in the form that is compared; a lone label is read below another.</summary>
    private static string? ToAscii(string rule) =>
        EmailAddress.TryParse("a@a." + rule, out var address, out _) ? address.Domain[2..] : null;
}
