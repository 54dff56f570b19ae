using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Gateway.Api.Acceptance;
using Gateway.Tenants;

namespace Gateway.Api.Throttling;

/// <summary>A tenant's limits as messages look for them; made once for each snapshot of the tenant.</summary>
internal sealed class LimitSet
{
    /// <summary>Keys, domains and streams that limits were applied to; a tenant has few.</summary>
    private const int MostApplied = 10_000;

    private static readonly ConditionalWeakTable<TenantSnapshot, LimitSet> Made = [];

    private readonly Guid tenant;
    private readonly long? quota;
    private readonly List<Limit> wide = [];
    private readonly Dictionary<string, List<Limit>> byRecipientDomain = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<(Limit, string Mode, string Subject), AppliedLimit> applied = new();
    private MonthLimit? month;

    private LimitSet(TenantSnapshot tenant)
    {
        (this.tenant, quota) = (tenant.Id, tenant.MonthQuota);
        foreach (var limit in tenant.Limits)
        {
            if (limit.Scope != LimitScope.RecipientDomain)
            {
                wide.Add(limit);
            }
            else if (byRecipientDomain.TryGetValue(limit.Subject, out var same))
            {
                same.Add(limit);
            }
            else if (byRecipientDomain.Count < AppliedLimit.MostRecipientDomains)
            {
                byRecipientDomain[limit.Subject] = [limit];
            }
        }
    }

    public static LimitSet Of(TenantSnapshot tenant) => Made.GetValue(tenant, static t => new LimitSet(t));

    /// <summary>Each limit that the message counts for, and how many recipients it has there.</summary>
    public IEnumerable<(AppliedLimit Limit, int Recipients)> For(Submission message)
    {
        foreach (var limit in wide)
        {
            var own = SubjectOf(limit.Scope, message);
            if (limit.Subject.Length == 0 || limit.Subject == own)
            {
                yield return (Apply(limit, message.Mode, own), message.Recipients.Count);
            }
        }

        if (byRecipientDomain.Count > 0)
        {
            foreach (var (domain, recipients) in CountDomains(message))
            {
                foreach (var limit in byRecipientDomain[domain])
                {
                    yield return (Apply(limit, message.Mode, domain), recipients);
                }
            }
        }
    }

    /// <summary>The limits that hold for a caller whatever he sends; of equal ones the lower.</summary>
    public IReadOnlyList<AppliedLimit> For(Caller caller, DateTimeOffset now)
    {
        var limits = new List<AppliedLimit>(wide.Count + 1);
        foreach (var limit in wide)
        {
            var subject = limit.Scope switch
            {
                LimitScope.Tenant => "",
                LimitScope.Key when limit.Subject.Length == 0 || limit.Subject == caller.KeyId => caller.KeyId,
                LimitScope.Stream when limit.Subject.Length > 0 => limit.Subject,
                _ => null,
            };
            if (subject is null)
            {
                continue;
            }

            var next = Apply(limit, caller.Mode, subject);
            var same = limits.FindIndex(l => l.Throttle.Key == next.Throttle.Key);
            if (same < 0)
            {
                limits.Add(next);
            }
            else if (next.Cap < limits[same].Cap)
            {
                limits[same] = next;
            }
        }

        if (caller.Mode == "live" && Month(now) is { } quotaOfMonth)
        {
            limits.Add(quotaOfMonth);
        }

        return limits;
    }

    /// <summary>The quota of that month; null where none is agreed.</summary>
    public AppliedLimit? Month(DateTimeOffset at)
    {
        if (quota is not { } most)
        {
            return null;
        }

        var known = Volatile.Read(ref month);
        var (year, number) = (at.UtcDateTime.Year, at.UtcDateTime.Month);
        if (known is null || known.Year != year || known.Month != number)
        {
            known = new MonthLimit(year, number, AppliedLimit.OfMonth(most, tenant, at));
            Volatile.Write(ref month, known);
        }

        return known.Limit;
    }

    private Dictionary<string, int> CountDomains(Submission message)
    {
        var counts = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var limited = byRecipientDomain.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var recipient in message.Recipients)
        {
            if (limited.TryGetValue(DomainOf(recipient), out var domain, out _))
            {
                counts[domain] = counts.GetValueOrDefault(domain) + 1;
            }
        }

        return counts;
    }

    private AppliedLimit Apply(Limit limit, string mode, string subject)
    {
        if (applied.TryGetValue((limit, mode, subject), out var known))
        {
            return known;
        }

        var made = AppliedLimit.Of(limit, tenant, mode, subject);
        if (applied.Count < MostApplied)
        {
            applied[(limit, mode, subject)] = made;
        }

        return made;
    }

    /// <summary>Behind the last @: a quoted local part may hold others.</summary>
    public static ReadOnlySpan<char> DomainOf(Recipient recipient) =>
        recipient.Key.AsSpan(recipient.Key.LastIndexOf('@') + 1);

    private static string SubjectOf(LimitScope scope, Submission message) =>
        scope switch
        {
            LimitScope.Key => message.KeyId,
            LimitScope.SendingDomain => message.FromDomain,
            LimitScope.Stream => message.Stream,
            _ => "",
        };

    private sealed record MonthLimit(int Year, int Month, AppliedLimit Limit);
}
