using Gateway.Api.Problems;
using Gateway.Mail.Addresses;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>What a key may be, and what a key may give; pure.</summary>
internal static class KeyRules
{
    public const int NameLength = 100;

    /// <summary>Keys of one tenant that work at one time.</summary>
    public const int LiveKeys = 100;
    public const int DomainsOfKey = 50;
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(24);
    public static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(90);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3660);

    /// <param name="fields">The body; its problems are collected there.</param>
    /// <param name="owned">The tenant's verified domains.</param>
    /// <param name="now">The present.</param>
    public static KeyRequest Read(BodyFields fields, IReadOnlySet<string> owned, DateTimeOffset now)
    {
        var name = fields.Text("name", NameLength, required: true);
        var mode = fields.OneOf("mode", ["live", "test"]);
        var scopes = fields.Texts("scopes", Scope.All.Length, "some of " + string.Join(", ", Scope.All));
        foreach (var (at, scope) in (scopes ?? []).Index().Where(s => !Scope.All.Contains(s.Item)))
        {
            fields.Refuse($"scopes[{at}]", scope, "one of " + string.Join(", ", Scope.All));
        }

        if (!fields.Has("scopes") || fields.IsNull("scopes") || scopes is { Count: 0 })
        {
            fields.Refuse("scopes", null, "some of " + string.Join(", ", Scope.All), "required");
        }

        var domains = ReadDomains(fields, owned);
        var expires = fields.Time("expires_at", now, now + LongestLife);
        return new KeyRequest(
            name ?? "",
            mode ?? "live",
            [.. Scope.All.Where(s => scopes?.Contains(s) == true)],
            domains,
            expires
        );
    }

    /// <summary>A key gives nothing that it has not itself: else a leaked one could make itself greater.</summary>
    public static ApiProblem? WhyNotGive(Caller giver, KeyRequest wanted)
    {
        if (giver.Mode == "test" && wanted.Mode != "test")
        {
            return NotHeld("mode_not_held", "mode", wanted.Mode, "test: a test key makes test keys only");
        }

        if (wanted.Scopes.FirstOrDefault(s => !giver.May(s)) is { } scope)
        {
            var held = string.Join(", ", Scope.All.Where(giver.May));
            return NotHeld("scope_not_held", "scopes", scope, $"scopes of the calling key: {held}");
        }

        if (giver.Domains.Count > 0)
        {
            var accepted =
                "domains of the calling key: " + string.Join(", ", giver.Domains.Order(StringComparer.Ordinal));
            if (wanted.Domains.Count == 0)
            {
                return NotHeld("domain_not_held", "domains", null, accepted);
            }

            if (wanted.Domains.FirstOrDefault(d => !giver.Domains.Contains(d)) is { } domain)
            {
                return NotHeld("domain_not_held", "domains", domain, accepted);
            }
        }

        return null;
    }

    /// <summary>Until when the older key works: as asked, yet never longer than it would have anyway.</summary>
    public static DateTimeOffset OverlapEnd(DateTimeOffset? asked, DateTimeOffset? ownEnd, DateTimeOffset now)
    {
        var end = asked ?? now + DefaultOverlap;
        return ownEnd < end ? ownEnd.Value : end;
    }

    private static List<string> ReadDomains(BodyFields fields, IReadOnlySet<string> owned)
    {
        var accepted =
            owned.Count == 0
                ? "a domain you verified; none is yet"
                : "a domain you verified: " + string.Join(", ", owned.Order(StringComparer.Ordinal).Take(5));
        var domains = new List<string>();
        foreach (var (at, text) in (fields.Texts("domains", DomainsOfKey, accepted) ?? []).Index())
        {
            // Spelt as people spell it; compared as DNS does.
            var domain = EmailAddress.TryParse("a@" + text, out var address, out _) ? address.Domain : null;
            if (domain is null || !owned.Contains(domain))
            {
                fields.Refuse($"domains[{at}]", text, accepted, "domain_not_verified");
            }
            else if (!domains.Contains(domain))
            {
                domains.Add(domain);
            }
        }

        return domains;
    }

    private static ApiProblem NotHeld(string code, string field, string? value, string accepted) =>
        ApiProblem.Invalid(FieldError.Of(code, field, value, accepted), StatusCodes.Status403Forbidden);
}
