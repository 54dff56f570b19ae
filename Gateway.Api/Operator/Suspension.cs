using Dapper;
using Gateway.Api.Problems;
using Gateway.Ledger;
using Npgsql;
using static Gateway.Api.Operator.OperatorRoutes;

namespace Gateway.Api.Operator;

/// <summary>
/// Suspends a tenant or one of its streams, and resumes it: the tenant's state and its lanes, never the rows of the
/// queue (D7). What is queued stays as it is and flows on afterwards.
/// </summary>
internal static class Suspension
{
    private static readonly string[] Streams = ["transactional", "broadcast"];

    private const string PauseLanes = """
        INSERT INTO lanes AS l (tenant_id, stream, active, paused_at, paused_by, paused_reason)
        SELECT @tenant, s, false, now(), @by, @reason FROM unnest(@streams) AS s
        ON CONFLICT (tenant_id, stream) DO UPDATE
        SET active = false, paused_at = excluded.paused_at, paused_by = excluded.paused_by,
            paused_reason = excluded.paused_reason
        WHERE l.active
        RETURNING stream
        """;

    private const string ResumeLanes = """
        UPDATE lanes SET active = true, paused_at = NULL, paused_by = NULL, paused_reason = NULL, warned_at = NULL
        WHERE tenant_id = @tenant AND stream = ANY (@streams) AND NOT active AND (@by IS NULL OR paused_by = @by)
        RETURNING stream
        """;

    // What it came to before is forgiven: else the first look would pause it again.
    private const string Forgive = "DELETE FROM lane_outcomes WHERE tenant_id = @tenant AND stream = ANY (@streams)";

    public static Task<IResult> SuspendAsync(string id, HttpContext http, OperatorLedger ledger) =>
        ActAsync(id, http, ledger, "suspend", SuspendAsync);

    public static Task<IResult> ResumeAsync(string id, HttpContext http, OperatorLedger ledger) =>
        ActAsync(id, http, ledger, "resume", ResumeAsync);

    private static async Task<IResult> ActAsync(
        string id,
        HttpContext http,
        OperatorLedger ledger,
        string verb,
        Func<NpgsqlConnection, TenantRow, string?, string, OperatorLedger, Task<ActionOutcome>> act
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var stream = request.Fields.OneOf("stream", Streams);
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await OfTenantAsync(
            id,
            async tenant =>
                await ledger.ActAsync(
                    request,
                    stream is null ? $"tenant.{verb}" : $"stream.{verb}",
                    stream is null ? id : $"{id}/{stream}",
                    tenant,
                    async connection =>
                    {
                        if (await TenantRow.LockAsync(connection, tenant) is not { } row)
                        {
                            return ActionOutcome.Refused(TenantRow.NotFound());
                        }

                        var outcome = await act(connection, row, stream, request.Reason, ledger);
                        var after = (await TenantRow.FindAsync(connection, tenant))!.View;
                        return outcome with { Describe = view => view with { Tenant = after } };
                    },
                    http.RequestAborted
                )
        );
    }

    private static async Task<ActionOutcome> SuspendAsync(
        NpgsqlConnection connection,
        TenantRow row,
        string? stream,
        string reason,
        OperatorLedger ledger
    )
    {
        var changes = new List<ChangeView>();
        var tenant = row.tenant_id;
        if (stream is null && !row.IsSuspended)
        {
            await connection.ExecuteAsync(
                """
                UPDATE tenants SET state = 'suspended', suspended_at = now(), suspended_reason = @reason
                WHERE tenant_id = @tenant
                """,
                new { tenant, reason }
            );
            changes.Add(new ChangeView("state", row.state, "suspended"));
            await ledger.TellAsync(connection, tenant, "tenant.suspended", new { });
        }

        var paused = await connection.QueryAsync<string>(
            PauseLanes,
            new
            {
                tenant,
                reason,
                by = stream is null ? "suspension" : "operator",
                streams = stream is null ? Streams : [stream],
            }
        );
        foreach (var name in paused)
        {
            changes.Add(new ChangeView($"lane {name}", "active", "paused"));
            if (stream is not null)
            {
                await ledger.TellAsync(connection, tenant, "tenant.stream_paused", new { stream, by = "operator" });
            }
        }

        return new ActionOutcome(changes);
    }

    private static async Task<ActionOutcome> ResumeAsync(
        NpgsqlConnection connection,
        TenantRow row,
        string? stream,
        string reason,
        OperatorLedger ledger
    )
    {
        if (stream is not null && row.IsSuspended)
        {
            return ActionOutcome.Refused(
                new ApiProblem(
                    StatusCodes.Status409Conflict,
                    "tenant_suspended",
                    "The whole tenant is suspended",
                    "Resume the tenant first; a stream that was paused by itself stays paused then."
                )
                {
                    Field = "stream",
                    Value = stream,
                    Accepted = "no stream: the whole tenant",
                }
            );
        }

        var changes = new List<ChangeView>();
        var tenant = row.tenant_id;
        if (row.IsSuspended)
        {
            await connection.ExecuteAsync(
                """
                UPDATE tenants SET state = 'active', suspended_at = NULL, suspended_reason = NULL WHERE tenant_id = @tenant
                """,
                new { tenant }
            );
            changes.Add(new ChangeView("state", row.state, "active"));
            await ledger.TellAsync(connection, tenant, "tenant.resumed", new { });
        }

        // With the tenant go the lanes that were paused with it; who paused a stream by name resumes it by name.
        var resumed = (
            await connection.QueryAsync<string>(
                ResumeLanes,
                new
                {
                    tenant,
                    by = stream is null ? "suspension" : null,
                    streams = stream is null ? Streams : [stream],
                }
            )
        ).AsList();
        foreach (var name in resumed)
        {
            changes.Add(new ChangeView($"lane {name}", "paused", "active"));
        }

        if (stream is not null && resumed.Count > 0)
        {
            await connection.ExecuteAsync(Forgive, new { tenant, streams = resumed.ToArray() });
            await ledger.TellAsync(connection, tenant, "tenant.stream_resumed", new { stream });
        }

        if (resumed.Count > 0)
        {
            // Told with the commit, and so not after a dry run: workers look at once instead of at their next poll.
            await connection.ExecuteAsync($"NOTIFY {WakeUp.Channel}");
        }

        return new ActionOutcome(changes);
    }
}
