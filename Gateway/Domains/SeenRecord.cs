using Gateway.Mail.Dns;

namespace Gateway.Domains;

/// <summary>What stands in DNS where a record is wanted.</summary>
/// <param name="State">ok, missing, different or unknown.</param>
/// <param name="Seen">What was found, each record as text.</param>
public sealed record SeenRecord(string State, IReadOnlyList<string> Seen)
{
    public const string Ok = "ok";

    /// <summary>Texts shown of one name: the zone's owner decides how many there are.</summary>
    private const int MostSeen = 10;

    /// <summary>Looks at the record's name now.</summary>
    public static async Task<SeenRecord> LookAsync(WantedRecord wanted, IDnsResolver dns, CancellationToken cancel)
    {
        if (!DnsName.TryParse(wanted.Name, out var name))
        {
            return new SeenRecord("unknown", []);
        }

        var type = wanted.Type == "CNAME" ? DnsType.Cname : DnsType.Txt;
        return Judge(wanted, await dns.ResolveAsync(new(name, type), DnsFreshness.Fresh, cancel));
    }

    public static SeenRecord Judge(WantedRecord wanted, DnsAnswer answer)
    {
        if (!answer.IsKnown)
        {
            return new SeenRecord("unknown", []);
        }

        IReadOnlyList<string> all =
            wanted.Type == "CNAME" ? [.. answer.Names.Select(n => n.ToString().ToLowerInvariant())] : answer.Texts;
        // Other records live beside SPF and DMARC at their names, and are nobody's business here.
        string? version = wanted.Purpose switch
        {
            "spf" => "v=spf1",
            "dmarc" => "v=DMARC1",
            _ => null,
        };
        var seen = version is null ? all : [.. all.Where(t => IsOf(t, version))];
        var state =
            seen.Count == 0 ? "missing"
            : Fits(wanted, seen) ? Ok
            : "different";
        return new SeenRecord(state, [.. seen.Take(MostSeen)]);
    }

    private static bool Fits(WantedRecord wanted, IReadOnlyList<string> seen) =>
        wanted.Purpose switch
        {
            // RFC 7208 §4.5 and RFC 9989: two of them are as bad as none.
            "spf" => seen.Count == 1 && wanted.Includes.All(i => Mechanisms(seen[0]).Contains("include:" + i)),
            "dmarc" => seen.Count == 1,
            "ownership" => Challenge.IsAmong(seen, wanted.Value),
            // RFC 6376 §3.6.2.2: what several records mean is undefined.
            "dkim" => seen.Count == 1 && KeyOf(seen[0]) is { Length: > 0 } key && key == KeyOf(wanted.Value),
            _ => seen.Any(s => s.Trim().Equals(wanted.Value.TrimEnd('.'), StringComparison.OrdinalIgnoreCase)),
        };

    private static bool IsOf(string text, string version) =>
        text.AsSpan().TrimStart().StartsWith(version, StringComparison.OrdinalIgnoreCase);

    private static HashSet<string> Mechanisms(string spf) =>
        spf.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(m => m.TrimStart('+', '?', '~').ToLowerInvariant())
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>The key itself: spaces and the order of tags may differ (RFC 6376 §3.2).</summary>
    private static string? KeyOf(string record) =>
        record
            .Split(';')
            .Select(tag => string.Concat(tag.Where(c => !char.IsWhiteSpace(c))))
            .FirstOrDefault(tag => tag.StartsWith("p=", StringComparison.Ordinal))
            ?[2..];
}
