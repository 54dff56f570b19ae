using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Secrets;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;
using static Gateway.Api.Operator.OperatorRoutes;

namespace Gateway.Api.Operator;

/// <summary>A tenant's keys in the operator's hands: for who lost them, and for what leaked.</summary>
internal static class KeyActions
{
    public static async Task<IResult> ListAsync(string id, HttpContext http, OperatorLedger ledger, TimeProvider clock)
    {
        var query = new QueryFields(http.Request.Query);
        var (after, limit) = (KeyCursor.Read(query), query.Limit());
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        return await OfTenantAsync(
            id,
            async tenant =>
                await ledger.ReadAsync(
                    async connection =>
                    {
                        if (await TenantRow.FindAsync(connection, tenant) is null)
                        {
                            return TenantRow.NotFound().ToResult();
                        }

                        await using var batch = new NpgsqlBatch(connection);
                        batch.BatchCommands.Add(
                            Statement.Of(KeyRow.List, tenant).With(NpgsqlDbType.Text, after).With(limit + 1)
                        );
                        await using var reader = await batch.ExecuteReaderAsync(http.RequestAborted);
                        var page = await KeyRow.ReadPageAsync(reader, limit, clock.GetUtcNow(), http.RequestAborted);
                        return Results.Json(page, ManageJson.Readable.KeyPage);
                    },
                    http.RequestAborted
                )
        );
    }

    public static async Task<IResult> CreateAsync(
        string id,
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

        return await OfTenantAsync(
            id,
            async tenant =>
            {
                var owned = await ledger.ReadAsync(c => OwnedAsync(c, tenant), http.RequestAborted);
                var wanted = KeyRules.Read(request.Fields, owned, clock.GetUtcNow());
                if (request.Problem() is { } refused)
                {
                    return refused.ToResult();
                }

                var key = ApiKey.Create(wanted.Mode, ring);
                return await ledger.ActAsync(
                    request,
                    "key.create",
                    key.Id,
                    tenant,
                    async connection =>
                    {
                        if (await TenantRow.LockAsync(connection, tenant) is null)
                        {
                            return ActionOutcome.Refused(TenantRow.NotFound());
                        }

                        await TenantActions.InsertKeyAsync(connection, tenant, key, wanted, clock.GetUtcNow());
                        return new ActionOutcome([
                            new("name", null, wanted.Name),
                            new("mode", null, wanted.Mode),
                            new("scopes", null, string.Join(", ", wanted.Scopes)),
                        ])
                        {
                            Describe = view => view with { Key = keys.View(key, wanted, null) },
                        };
                    },
                    http.RequestAborted
                );
            }
        );
    }

    public static async Task<IResult> RevokeAsync(string id, string key, HttpContext http, OperatorLedger ledger)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if ((problem ?? request!.Problem()) is { } refused)
        {
            return refused.ToResult();
        }

        return await OfTenantAsync(
            id,
            async tenant =>
                await ledger.ActAsync(
                    request!,
                    "key.revoke",
                    KeyCursor.IsKeyId(key) ? key : "",
                    tenant,
                    async connection =>
                    {
                        if (await TenantRow.LockAsync(connection, tenant) is null)
                        {
                            return ActionOutcome.Refused(TenantRow.NotFound());
                        }

                        var revoked = await connection.QuerySingleOrDefaultAsync<bool?>(
                            """
                            SELECT revoked_at IS NOT NULL FROM api_keys WHERE tenant_id = @tenant AND key_id = @key
                            """,
                            new { tenant, key = KeyCursor.IsKeyId(key) ? key : "" }
                        );
                        if (revoked is not false)
                        {
                            return revoked is null
                                ? ActionOutcome.Refused(ApiProblem.NotFound("key"))
                                : new ActionOutcome([]);
                        }

                        await connection.ExecuteAsync(
                            "UPDATE api_keys SET revoked_at = now() WHERE tenant_id = @tenant AND key_id = @key",
                            new { tenant, key }
                        );
                        return new ActionOutcome([new ChangeView("state", "active", "revoked")]);
                    },
                    http.RequestAborted
                )
        );
    }

    private static async Task<HashSet<string>> OwnedAsync(NpgsqlConnection connection, Guid tenant) =>
        [
            .. await connection.QueryAsync<string>(
                "SELECT domain FROM sending_domains WHERE tenant_id = @tenant AND state IN ('verified', 'degraded')",
                new { tenant }
            ),
        ];
}
