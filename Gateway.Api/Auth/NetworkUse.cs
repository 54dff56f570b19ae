using Gateway.Database;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Auth;

/// <summary>From which networks a tenant's keys are used, to ten minutes.</summary>
public sealed class NetworkUse(TimeProvider clock) : UseNotes<SourceNetwork>(clock, Each)
{
    public static readonly TimeSpan Each = TimeSpan.FromMinutes(10);

    public void Note(TenantSnapshot tenant, SourceNetwork? from)
    {
        // Of a tenant with too many networks to tell apart, none is written any more.
        if (from is { } network && tenant.History is not { Networks: null })
        {
            Note(tenant.Id, network);
        }
    }
}

internal sealed class NetworkUseWriter(
    NetworkUse use,
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TimeProvider clock
) : UseWriter<SourceNetwork>(use, ledger, clock, Write)
{
    // A network that was away for 30 days is as new as one that was never seen.
    private const string Write = """
        INSERT INTO tenant_networks AS n (tenant_id, network, first_seen_at, last_seen_at)
        SELECT tenant_id, network, max(at), max(at) FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
            AS u (tenant_id, network, at) GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (tenant_id, network) DO UPDATE
        SET first_seen_at = CASE WHEN n.last_seen_at < excluded.last_seen_at - interval '30 days'
                THEN excluded.first_seen_at ELSE n.first_seen_at END,
            last_seen_at = greatest(n.last_seen_at, excluded.last_seen_at)
        """;
}
