using System.Text.Json;

namespace Gateway.Tenants;

// Named as the columns of the table limits, and as the fields of plans.limits.
#pragma warning disable IDE1006, SA1300

/// <summary>A limit as it is stored.</summary>
public sealed class LimitRow
{
    /// <summary>What <see cref="over"/> is where nobody said it.</summary>
    public const string OverByStream = "by_stream";

    public string scope { get; init; } = "";
    public string subject { get; init; } = "";
    public string unit { get; init; } = "";
    public int window_seconds { get; init; }
    public long cap { get; init; }
    public string over { get; init; } = "";

    /// <summary>Trial tenants reach no more than 100 recipients a day (D24), whatever else is agreed.</summary>
    private static readonly Limit TrialDay = new(
        LimitScope.Tenant,
        "",
        LimitUnit.Recipients,
        TimeSpan.FromDays(1),
        Cap: 100,
        OverLimit.Refuse
    );

    public static IReadOnlyList<LimitRow> Parse(string planLimits) =>
        JsonSerializer.Deserialize<LimitRow[]>(planLimits) ?? [];

    /// <summary>
    /// The plan's limits, the operator's for this tenant in place of those that equal them in all but cap and consequence;
    /// then what the tenant set itself wherever that is narrower.
    /// </summary>
    public static IReadOnlyList<Limit> Merge(
        string trust,
        IEnumerable<LimitRow> plan,
        IEnumerable<LimitRow> own,
        IEnumerable<LimitRow>? narrower = null
    )
    {
        var merged = new Dictionary<(LimitScope, string, LimitUnit, TimeSpan), Limit>();
        foreach (var limit in plan.Concat(own).Select(row => row.ToLimit()))
        {
            merged[(limit.Scope, limit.Subject, limit.Unit, limit.Window)] = limit;
        }

        foreach (var limit in (narrower ?? []).Select(row => row.ToLimit()))
        {
            var key = (limit.Scope, limit.Subject, limit.Unit, limit.Window);
            if (!merged.TryGetValue(key, out var given) || limit.Cap < given.Cap)
            {
                merged[key] = limit;
            }
        }

        return trust == "trial" ? [.. merged.Values, TrialDay] : [.. merged.Values];
    }

    /// <summary>The limit as it is written.</summary>
    public static LimitRow Of(Limit limit) =>
        new()
        {
            scope = limit.Scope switch
            {
                LimitScope.Tenant => "tenant",
                LimitScope.Key => "key",
                LimitScope.SendingDomain => "domain",
                LimitScope.Stream => "stream",
                _ => "recipient_domain",
            },
            subject = limit.Subject,
            unit = limit.Unit == LimitUnit.Messages ? "messages" : "recipients",
            window_seconds = (int)limit.Window.TotalSeconds,
            cap = limit.Cap,
            over = limit.Over switch
            {
                OverLimit.Wait => "wait",
                OverLimit.Refuse => "refuse",
                _ => OverByStream,
            },
        };

    public Limit ToLimit() =>
        new(
            scope switch
            {
                "tenant" => LimitScope.Tenant,
                "key" => LimitScope.Key,
                "domain" => LimitScope.SendingDomain,
                "stream" => LimitScope.Stream,
                "recipient_domain" => LimitScope.RecipientDomain,
                _ => throw new InvalidOperationException($"a limit is stored with the scope '{scope}'"),
            },
            subject,
            unit == "messages" ? LimitUnit.Messages : LimitUnit.Recipients,
            TimeSpan.FromSeconds(window_seconds),
            cap,
            over switch
            {
                "wait" => OverLimit.Wait,
                OverByStream => OverLimit.ByStream,
                _ => OverLimit.Refuse,
            }
        );
}
#pragma warning restore IDE1006, SA1300
