using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Ledger;
using Gateway.Secrets;
using Gateway.Submissions;
using Gateway.Tenants;
using Npgsql;
using static Gateway.Api.Operator.OperatorRoutes;

namespace Gateway.Api.Operator;

/// <summary>Makes tenants and changes what they are.</summary>
internal static class TenantActions
{
    private const int NameLength = 200;
    private static readonly string[] Trusts = ["trial", "normal", "trusted"];
    private static readonly KeyRequest FirstKey = new("first key", "live", Scope.All, [], null);

    public static async Task<IResult> CreateAsync(
        HttpContext http,
        OperatorLedger ledger,
        KeyRing ring,
        KeyStore keys,
        TimeProvider clock
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var name = request.Fields.Text("name", NameLength, required: true);
        var plan = request.Fields.Text("plan", NameLength) ?? "standard";
        var trust = request.Fields.OneOf("trust", Trusts) ?? "normal";
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        var id = LedgerId.New(clock.GetUtcNow());
        return await ledger.ActAsync(
            request,
            "tenant.create",
            id.ToString(),
            id,
            async connection =>
            {
                if (await WhyNotPlanAsync(connection, plan) is { } noPlan)
                {
                    return ActionOutcome.Refused(noPlan);
                }

                await connection.ExecuteAsync(
                    "INSERT INTO tenants (tenant_id, name, plan, trust) VALUES (@id, @name, @plan, @trust)",
                    new
                    {
                        id,
                        name,
                        plan,
                        trust,
                    }
                );
                var key = ApiKey.Create("live", ring);
                await InsertKeyAsync(connection, id, key, FirstKey, clock.GetUtcNow());
                var row = (await TenantRow.FindAsync(connection, id))!;
                return new ActionOutcome([
                    new("name", null, name),
                    new("plan", null, plan),
                    new("trust", null, trust),
                    new("key", null, key.Id),
                ])
                {
                    Describe = view => view with { Tenant = row.View, Key = keys.View(key, FirstKey, null) },
                };
            },
            http.RequestAborted
        );
    }

    public static async Task<IResult> ChangeAsync(string id, HttpContext http, OperatorLedger ledger)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var name = request.Fields.Text("name", NameLength);
        var plan = request.Fields.Text("plan", NameLength);
        var trust = request.Fields.OneOf("trust", Trusts);
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await OfTenantAsync(
            id,
            async tenant =>
                await ledger.ActAsync(
                    request,
                    "tenant.change",
                    id,
                    tenant,
                    connection => ChangeAsync(connection, tenant, name, plan, trust),
                    http.RequestAborted
                )
        );
    }

    internal static async Task InsertKeyAsync(
        NpgsqlConnection connection,
        Guid tenant,
        ApiKey key,
        KeyRequest wanted,
        DateTimeOffset now
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(KeyStore.InsertCommand(tenant, key, wanted, replaces: null, now));
        await batch.ExecuteNonQueryAsync();
    }

    private static async Task<ActionOutcome> ChangeAsync(
        NpgsqlConnection connection,
        Guid tenant,
        string? name,
        string? plan,
        string? trust
    )
    {
        if (await TenantRow.LockAsync(connection, tenant) is not { } row)
        {
            return ActionOutcome.Refused(TenantRow.NotFound());
        }

        if (plan is not null && await WhyNotPlanAsync(connection, plan) is { } noPlan)
        {
            return ActionOutcome.Refused(noPlan);
        }

        var changes = new List<ChangeView>();
        Note("name", row.name, name);
        Note("plan", row.plan, plan);
        Note("trust", row.trust, trust);
        if (changes.Count > 0)
        {
            await connection.ExecuteAsync(
                """
                UPDATE tenants SET name = coalesce(@name, name), plan = coalesce(@plan, plan), trust = coalesce(@trust, trust)
                WHERE tenant_id = @tenant
                """,
                new
                {
                    tenant,
                    name,
                    plan,
                    trust,
                }
            );
        }

        var after = (await TenantRow.FindAsync(connection, tenant))!.View;
        return new ActionOutcome(changes) { Describe = view => view with { Tenant = after } };

        void Note(string field, string before, string? wanted)
        {
            if (wanted is not null && wanted != before)
            {
                changes.Add(new ChangeView(field, before, wanted));
            }
        }
    }

    private static async Task<ApiProblem?> WhyNotPlanAsync(NpgsqlConnection connection, string plan)
    {
        var plans = (await connection.QueryAsync<string>("SELECT plan FROM plans ORDER BY weight, plan")).AsList();
        return plans.Contains(plan)
            ? null
            : ApiProblem.Invalid(FieldError.Of("not_accepted", "plan", plan, "one of " + string.Join(", ", plans)));
    }
}
