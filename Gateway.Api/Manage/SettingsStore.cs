using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Manage;

/// <summary>A tenant's settings with what it was given, at one instant.</summary>
internal sealed record StoredSettings(
    string Json,
    string Plan,
    string Trust,
    long? MonthQuota,
    IReadOnlyList<LimitRow> PlanLimits,
    IReadOnlyList<LimitRow> OwnLimits
)
{
    public SettingsView View => SettingsView.Of(this, SettingsView.Parse(Json));
}

/// <summary>
/// The settings in the ledger, so that every replica answers the newest; fields that this door does not know stay as
/// they are.
/// </summary>
internal sealed class SettingsStore(TenantLedger ledger, TimeProvider clock)
{
    private const string Get = """
        SELECT t.settings::text, t.plan, t.trust, p.month_quota, p.limits::text,
            (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]')::text
                FROM (SELECT scope, subject, unit, window_seconds, cap, over FROM limits WHERE tenant_id = $1) l)
        FROM tenants t JOIN plans p USING (plan) WHERE t.tenant_id = $1
        """;

    private const string Lock = Get + " FOR NO KEY UPDATE OF t";

    private const string Change = """
        UPDATE tenants SET settings = jsonb_strip_nulls(settings || $2::jsonb) WHERE tenant_id = $1
        """;

    private const string Note = """
        INSERT INTO audit (audit_id, tenant_id, actor, action, target, data)
        VALUES ($2, $1, $3, 'settings.change', $1::text, $4::jsonb)
        """;

    public Task<StoredSettings> ReadAsync(Guid tenant, CancellationToken cancel) =>
        ledger.ReadAsync(tenant, [Statement.Of(Get, tenant)], reader => ReadAsync(reader, cancel), cancel);

    public async Task<(StoredSettings? After, ApiProblem? Problem)> ChangeAsync(
        Caller caller,
        SettingsChange change,
        CancellationToken cancel
    )
    {
        var tenant = caller.Tenant.Id;
        StoredSettings? after = null;
        ApiProblem? problem = null;
        await ledger.ChangeAsync(
            tenant,
            [Statement.Of(Lock, tenant)],
            async reader => (StoredSettings?)await ReadAsync(reader, cancel),
            stored =>
            {
                after = stored with { Json = change.Apply(stored.Json) };
                problem = SettingsChange.WhyNot(SettingsView.Parse(after.Json));
                return problem is not null || change.Stored.Count == 0 ? [] : Writes(caller, change);
            },
            cancel
        );
        return (after, problem);
    }

    private IReadOnlyList<NpgsqlBatchCommand> Writes(Caller caller, SettingsChange change)
    {
        var json = change.Stored.ToJsonString();
        return
        [
            Statement.Of(Change, caller.Tenant.Id).With(NpgsqlDbType.Text, json),
            Statement
                .Of(Note, caller.Tenant.Id)
                .With(LedgerId.New(clock.GetUtcNow()))
                .With($"key:{caller.KeyId}")
                .With(NpgsqlDbType.Text, json),
        ];
    }

    private static async Task<StoredSettings> ReadAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        await reader.ReadAsync(cancel);
        return new StoredSettings(
            reader.GetString(0),
            reader.GetString(1),
            reader.GetString(2),
            reader.IsDBNull(3) ? null : reader.GetInt64(3),
            LimitRow.Parse(reader.GetString(4)),
            LimitRow.Parse(reader.GetString(5))
        );
    }
}
