namespace Gateway.Domains;

/// <summary>One record for the tenant to publish.</summary>
/// <param name="Purpose">ownership, dkim, spf, dmarc, return_path or path.</param>
/// <param name="Required">Without it the domain or its signatures do not work; others are advice.</param>
/// <param name="Type">TXT or CNAME.</param>
/// <param name="Why">For whoever edits the zone.</param>
public sealed record WantedRecord(string Purpose, bool Required, string Type, string Name, string Value, string Why)
{
    /// <summary>A CNAME that does as well, and follows our rotations by itself.</summary>
    public string? OrCnameTo { get; init; }

    /// <summary>Names that SPF must include.</summary>
    public IReadOnlyList<string> Includes { get; init; } = [];

    /// <summary>Of a retired key: the record may go after this time.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>All records of a domain, for every configured path at once.</summary>
public static class WantedRecords
{
    public static IReadOnlyList<WantedRecord> Of(
        DomainRow domain,
        IEnumerable<DkimRow> keys,
        DomainOptions options,
        IReadOnlyList<PathRecords> paths,
        DateTimeOffset now
    )
    {
        var wanted = new List<WantedRecord>();
        var name = domain.Domain;
        if (domain.ChallengeText is { } challenge)
        {
            wanted.Add(
                new(
                    "ownership",
                    true,
                    "TXT",
                    Challenge.RecordName(name),
                    challenge,
                    "Proves that the domain is yours; keep it."
                )
            );
        }

        wanted.AddRange(keys.Where(k => IsPublished(k, now)).Select(key => Dkim(name, key)));
        var includes = paths
            .Select(p => p.SpfInclude)
            .Prepend(options.SpfInclude)
            .OfType<string>()
            .Distinct()
            .ToArray();
        if (includes.Length > 0)
        {
            wanted.Add(
                new("spf", false, "TXT", name, $"v=spf1 include:{string.Join(" include:", includes)} ~all", Spf)
                {
                    Includes = includes,
                }
            );
        }

        wanted.Add(new("dmarc", false, "TXT", "_dmarc." + name, Dmarc(options), DmarcWhy));
        if (options.ReturnPathHost is { } host)
        {
            wanted.Add(
                new("return_path", false, "CNAME", "gw-bounce." + name, host, "Bounces come back to your own name.")
            );
        }

        wanted.AddRange(
            paths.SelectMany(p =>
                p.Records.Select(r => new WantedRecord(
                    "path",
                    true,
                    r.Type,
                    Fill(r.Name, name),
                    Fill(r.Value, name),
                    $"Path {p.Path} needs it."
                ))
            )
        );
        return wanted;
    }

    private const string Spf = "If you have an SPF record already, add the includes to it: there may be only one.";
    private const string DmarcWhy = "Receivers want one (RFC 9989); any policy of your own will do.";

    private static WantedRecord Dkim(string domain, DkimRow key) =>
        new(
            "dkim",
            key.State != DkimLife.Retired,
            "TXT",
            $"{key.Selector}._domainkey.{domain}",
            key.PublicRecord,
            key.State switch
            {
                DkimLife.Retired => "A key that signed until it was rotated: mail on its way still needs it.",
                DkimLife.Active => "Verifies our signatures.",
                DkimLife.Stopped => "The key does not sign: its record was not as it should be.",
                _ => "The key signs once its record was seen.",
            }
        )
        {
            OrCnameTo = key.Target,
            Until = key.PublishUntil,
        };

    private static bool IsPublished(DkimRow key, DateTimeOffset now) =>
        key.State != DkimLife.Retired || key.PublishUntil > now.UtcDateTime;

    private static string Dmarc(DomainOptions options) =>
        "v=DMARC1; p=none" + (options.DmarcReports is { } reports ? $"; rua=mailto:{reports}" : "");

    private static string Fill(string text, string domain) =>
        text.Replace("{domain}", domain, StringComparison.Ordinal);
}
