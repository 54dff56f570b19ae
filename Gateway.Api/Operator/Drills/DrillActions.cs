using Dapper;
using Gateway.Api.Operator.Paths;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Api.Operator.Drills;

/// <summary>Blocks a path on purpose for a while that ends by itself, and says beforehand what it will meet.</summary>
internal static class DrillActions
{
    private const double LeastMinutes = 0.05;
    private const double MostMinutes = 60;

    private const string Queue = $"""
        SELECT {Traffic.Columns}
        FROM (SELECT tenant_id, message_id, delivery_id FROM deliveries_due
            WHERE waiting_for IS DISTINCT FROM 'release' LIMIT 20000) q
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = q.tenant_id AND x.message_id = q.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT recipient_key FROM deliveries x WHERE x.tenant_id = q.tenant_id
            AND x.message_id = q.message_id AND x.delivery_id = q.delivery_id LIMIT 1) d
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        """;

    // Accepted within the hour and tried over the path.
    private const string LastHour = $"""
        SELECT {Traffic.Columns}
        FROM (SELECT tenant_id, message_id, delivery_id FROM attempts
            WHERE message_id >= @from AND path = @path LIMIT 20000) q
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = q.tenant_id AND x.message_id = q.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT recipient_key FROM deliveries x WHERE x.tenant_id = q.tenant_id
            AND x.message_id = q.message_id AND x.delivery_id = q.delivery_id LIMIT 1) d
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        """;

    private const string Begin = """
        INSERT INTO path_drills (drill_id, path, started_at, until, reason)
        VALUES (@id, @path, clock_timestamp(), now() + @minutes * interval '1 minute', @reason)
        """;

    public static async Task<IResult> StartAsync(
        string path,
        HttpContext http,
        OperatorLedger ledger,
        PathLedger paths,
        TimeProvider clock
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var minutes = request.Fields.Number("minutes", LeastMinutes, MostMinutes, whole: false, required: true);
        request = request with { DryRun = request.DryRun | request.Fields.Flag("dry_run") };
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        var (now, id) = (clock.GetUtcNow(), LedgerId.New(clock.GetUtcNow()));
        return await ledger.ActAsync(
            request,
            "path.drill",
            path.Length <= 100 ? path : path[..100],
            null,
            async connection =>
            {
                if (await PathQueries.FindAsync(connection, path) is not { } row)
                {
                    return ActionOutcome.Refused(ApiProblem.NotFound("path"));
                }

                if (row.mode != "active")
                {
                    return ActionOutcome.Refused(NotActive(row));
                }

                var plan = await PlanAsync(connection, paths, path, now);
                plan = plan with { Until = now.AddMinutes(minutes!.Value), Id = request.DryRun ? null : id };
                var what = new
                {
                    id,
                    path,
                    mode = "off",
                    instead = (string?)null,
                    minutes,
                    reason = $"drill: {request.Reason}",
                };
                await connection.ExecuteAsync(PathModes.Set, what);
                await connection.ExecuteAsync(Begin, what);
                await paths.TellAsync(connection, path, "path.drill", request.Reason, new { drill = id, minutes });
                return new ActionOutcome([new("mode", row.mode, "off"), new("drill", null, id.ToString())])
                {
                    Describe = view => view with { Drill = plan },
                };
            },
            http.RequestAborted
        );
    }

    private static async Task<DrillPlan> PlanAsync(
        NpgsqlConnection connection,
        PathLedger paths,
        string path,
        DateTimeOffset now
    )
    {
        var routing = await RoutingAsync(connection, paths, path, now);
        var queued = (await connection.QueryAsync<Traffic>(Queue)).AsList();
        var recent = await connection.QueryAsync<Traffic>(
            LastHour,
            new { path, from = LedgerIds.From(now.AddHours(-1)) }
        );
        return new DrillPlan(
            null,
            path,
            now,
            queued.Sum(t => t.count),
            queued.Sum(routing.OnPath),
            routing.Stranded(queued.Concat(recent))
        );
    }

    public static async Task<DrillRouting> RoutingAsync(
        NpgsqlConnection connection,
        PathLedger paths,
        string path,
        DateTimeOffset now
    ) =>
        new(
            PathLedger.Snapshot(await PathLedger.ReadAsync(connection), await PathLedger.ReadRoutesAsync(connection)),
            paths.Health(await paths.OpenAsync()),
            path,
            now
        );

    private static ApiProblem NotActive(PathRow row) =>
        new(
            StatusCodes.Status409Conflict,
            "path_not_active",
            "This path carries nothing now",
            $"Its mode is {row.mode}: a drill would end that before its time. Resume it first."
        )
        {
            Field = "path",
            Value = row.path,
            Accepted = "a path that is active",
        };
}
