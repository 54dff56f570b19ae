using Gateway.Api.Auth;
using Gateway.Database;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Manage;

/// <summary>When keys were last used, to the minute.</summary>
public sealed class KeyUse(TimeProvider clock) : UseNotes<string>(clock, Each)
{
    public static readonly TimeSpan Each = TimeSpan.FromMinutes(1);

    public void Note(Caller caller) => Note(caller.Tenant.Id, caller.KeyId);
}

internal sealed class KeyUseWriter(
    KeyUse use,
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TimeProvider clock
) : UseWriter<string>(use, ledger, clock, Write)
{
    // Another replica may have told a later use.
    private const string Write = """
        UPDATE api_keys k SET last_used_at = u.at, first_used_at = coalesce(k.first_used_at, u.at)
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u (tenant_id, key_id, at)
        WHERE k.tenant_id = u.tenant_id AND k.key_id = u.key_id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
        """;
}
