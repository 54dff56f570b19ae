using Gateway.Database;
using Npgsql;

namespace Gateway.Api.Auth;

/// <summary>
/// Hears that tenants, keys or domains changed and drops the copies. While nobody listens nothing may be trusted to be
/// fresh, so losing the connection drops them too.
/// </summary>
public sealed class TenantListener(
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TenantDirectory directory,
    TimeProvider clock,
    ILogger<TenantListener> log
) : LedgerListener(ledger, "gw_tenants", clock, log)
{
    protected override void Heard() => directory.Forget();

    protected override void Connected() => directory.Told();

    protected override void Lost() => directory.Untold();
}
