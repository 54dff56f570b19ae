using System.Text.Json;
using Dapper;
using Gateway.Api.Manage;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;
using static Gateway.Api.Operator.OperatorRoutes;

namespace Gateway.Api.Operator;

/// <summary>Limits of one tenant, in place of those of its plan that equal them in all but cap and consequence.</summary>
internal static class LimitActions
{
    private const string Read = """
        SELECT scope, subject, unit, window_seconds, cap, over FROM limits WHERE tenant_id = @tenant
        ORDER BY scope, subject, unit, window_seconds
        """;

    public static Task<IResult> GetAsync(string id, HttpContext http, OperatorLedger ledger) =>
        OfTenantAsync(
            id,
            async tenant =>
                await ledger.ReadAsync(
                    async connection =>
                        await TenantRow.FindAsync(connection, tenant) is null
                            ? TenantRow.NotFound().ToResult()
                            : Results.Json(
                                new LimitPage(await ReadAsync(connection, tenant), null),
                                OperatorJson.Readable.LimitPage
                            ),
                    http.RequestAborted
                )
        );

    public static Task<IResult> SetAsync(string id, HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        ReplaceAsync(
            id,
            http,
            ledger,
            clock,
            "limits.set",
            request =>
            {
                var limits = LimitFields.Read(request.Fields, "limits");
                if (limits is null && !request.Fields.Has("limits"))
                {
                    request.Fields.Refuse("limits", null, "a list of limits; DELETE takes all away", "required");
                }

                return limits ?? [];
            }
        );

    public static Task<IResult> DeleteAsync(string id, HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        ReplaceAsync(id, http, ledger, clock, "limits.delete", _ => []);

    internal static async Task<IReadOnlyList<LimitRow>> ReadAsync(NpgsqlConnection connection, Guid tenant) =>
        (await connection.QueryAsync<LimitRow>(Read, new { tenant })).AsList();

    private static async Task<IResult> ReplaceAsync(
        string id,
        HttpContext http,
        OperatorLedger ledger,
        TimeProvider clock,
        string action,
        Func<OperatorRequest, IReadOnlyList<LimitRow>> read
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var limits = read(request);
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await OfTenantAsync(
            id,
            async tenant =>
                await ledger.ActAsync(
                    request,
                    action,
                    id,
                    tenant,
                    connection => ReplaceAsync(connection, tenant, limits, clock.GetUtcNow()),
                    http.RequestAborted
                )
        );
    }

    private static async Task<ActionOutcome> ReplaceAsync(
        NpgsqlConnection connection,
        Guid tenant,
        IReadOnlyList<LimitRow> limits,
        DateTimeOffset now
    )
    {
        if (await TenantRow.LockAsync(connection, tenant) is null)
        {
            return ActionOutcome.Refused(TenantRow.NotFound());
        }

        var before = Text(await ReadAsync(connection, tenant));
        await connection.ExecuteAsync("DELETE FROM limits WHERE tenant_id = @tenant", new { tenant });
        foreach (var limit in limits)
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO limits (limit_id, tenant_id, scope, subject, unit, window_seconds, cap, over)
                VALUES (@id, @tenant, @scope, @subject, @unit, @window_seconds, @cap, @over)
                """,
                new
                {
                    id = LedgerId.New(now),
                    tenant,
                    limit.scope,
                    limit.subject,
                    limit.unit,
                    limit.window_seconds,
                    limit.cap,
                    limit.over,
                }
            );
        }

        var after = Text(await ReadAsync(connection, tenant));
        return new ActionOutcome(before == after ? [] : [new ChangeView("limits", before, after)]);
    }

    internal static string Text(IReadOnlyList<LimitRow> limits) => JsonSerializer.Serialize(limits);
}
