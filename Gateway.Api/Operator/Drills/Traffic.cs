using System.Collections.Frozen;
using System.Collections.Immutable;
using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Api.Operator.Drills;

// Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
/// <summary>Deliveries that routing cannot tell apart.</summary>
internal sealed class Traffic
{
    public const string Columns = """
        m.tenant_id, m.mode, m.stream, m.from_address, m.from_domain, split_part(d.recipient_key, '@', 2) AS recipient_domain,
            coalesce(m.tags, '{}') AS tags, m.door IN ('raw', 'smtp') AS is_raw, count(*) AS count
        """;

    public Guid tenant_id { get; init; }
    public string mode { get; init; } = "";
    public string stream { get; init; } = "";
    public string from_address { get; init; } = "";
    public string from_domain { get; init; } = "";
    public string recipient_domain { get; init; } = "";
    public string[] tags { get; init; } = [];
    public bool is_raw { get; init; }
    public long count { get; init; }

    /// <summary>Attempts only: the path that was tried, and when first and last.</summary>
    public string? path { get; init; }
    public DateTime first { get; init; }
    public DateTime last { get; init; }

    public RouteQuery Query(DateTimeOffset now) =>
        new()
        {
            Tenant = tenant_id,
            Mode = mode,
            Stream = stream,
            FromAddress = from_address,
            FromDomain = from_domain,
            RecipientDomain = recipient_domain,
            Tags = [.. tags.ToImmutableArray()],
            Size = 0,
            Needs = is_raw ? MailNeeds.Raw : MailNeeds.None,
            Now = now,
        };
}
#pragma warning restore IDE1006, SA1300

/// <summary>What the router says of traffic with a path and without it; pure.</summary>
internal sealed class DrillRouting(RoutingSnapshot routing, HealthSnapshot health, string path, DateTimeOffset now)
{
    /// <summary>Chance is asked at this many even steps.</summary>
    private const int Draws = 20;

    private readonly RoutingSnapshot with = Set(routing, path, PathMode.Active);
    private readonly RoutingSnapshot without = Set(routing, path, PathMode.Off);

    /// <summary>Deliveries that would go over the path, were it active.</summary>
    public long OnPath(Traffic traffic)
    {
        var query = traffic.Query(now);
        var hits = 0;
        for (var draw = 0; draw < Draws; draw++)
        {
            var plan = Router.Plan(with, HealthSnapshot.AllWell, query, (draw + 0.5) / Draws);
            hits += plan.Candidates is [var first, ..] && first.Path == path ? 1 : 0;
        }

        return (long)Math.Round((double)traffic.count * hits / Draws);
    }

    /// <summary>What goes over the path, and has no other now; by tenant, stream and domain, the most mail first.</summary>
    public IReadOnlyList<StrandedMail> Stranded(IEnumerable<Traffic> traffic) =>
        [
            .. traffic
                .Where(t => OnPath(t) > 0)
                .Select(t => (Mail: t, Plan: Router.Plan(without, health, t.Query(now), 0.5)))
                .Where(t => t.Plan.Candidates.Count == 0)
                .GroupBy(t => (t.Mail.tenant_id, t.Mail.stream, t.Mail.from_domain))
                .Select(g => new StrandedMail(
                    g.Key.tenant_id,
                    g.Key.stream,
                    g.Key.from_domain,
                    g.Sum(t => t.Mail.count),
                    [.. g.First().Plan.Rejected.Select(r => $"{r.Path}: {r.Describe()}")]
                ))
                .OrderByDescending(s => s.Deliveries)
                .Take(100),
        ];

    private static RoutingSnapshot Set(RoutingSnapshot routing, string path, PathMode mode) =>
        routing with
        {
            Paths = routing.Paths.ToFrozenDictionary(
                p => p.Key,
                p => p.Key == path ? p.Value with { Mode = mode, Instead = null } : p.Value,
                StringComparer.Ordinal
            ),
        };
}
