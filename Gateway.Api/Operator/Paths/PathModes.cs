using Dapper;
using Gateway.Api.Problems;
using Gateway.Submissions;
using Npgsql;

namespace Gateway.Api.Operator.Paths;

/// <summary>
/// The operator's word on a path: it reaches every worker within a second, mail that is queued already follows, and it
/// stands whatever the workers see (D22).
/// </summary>
internal static class PathModes
{
    private const double MostMinutes = 60 * 24 * 30;

    /// <summary>Sets a mode; without minutes until another is set.</summary>
    public const string Set = """
        INSERT INTO path_modes AS m (path, mode, instead, until, reason)
        VALUES (@path, @mode, @instead, now() + @minutes * interval '1 minute', @reason)
        ON CONFLICT (path) DO UPDATE
        SET mode = excluded.mode, instead = excluded.instead, until = excluded.until, reason = excluded.reason,
            changed_at = now()
        """;

    public static Task<IResult> SwitchAsync(string path, HttpContext http, OperatorLedger ledger, PathLedger paths) =>
        ActAsync(path, "off", "switch", http, ledger, paths);

    public static Task<IResult> DrainAsync(string path, HttpContext http, OperatorLedger ledger, PathLedger paths) =>
        ActAsync(path, "draining", "drain", http, ledger, paths);

    public static Task<IResult> ResumeAsync(string path, HttpContext http, OperatorLedger ledger, PathLedger paths) =>
        ActAsync(path, "active", "resume", http, ledger, paths);

    private static async Task<IResult> ActAsync(
        string path,
        string mode,
        string verb,
        HttpContext http,
        OperatorLedger ledger,
        PathLedger paths
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var instead = verb == "switch" ? request.Fields.Text("instead", 40) : null;
        var minutes = verb == "resume" ? null : request.Fields.Number("minutes", 0.05, MostMinutes, whole: false);
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await ledger.ActAsync(
            request,
            $"path.{verb}",
            path.Length <= 100 ? path : path[..100],
            null,
            async connection =>
            {
                if (await PathQueries.FindAsync(connection, path) is not { } row)
                {
                    return ActionOutcome.Refused(ApiProblem.NotFound("path"));
                }

                if (instead is not null && await WhyNotInsteadAsync(connection, row, instead) is { } no)
                {
                    return ActionOutcome.Refused(no);
                }

                var changes = Changes(row, mode, instead, minutes);
                if (changes.Count > 0)
                {
                    await connection.ExecuteAsync(
                        Set,
                        new
                        {
                            path,
                            mode,
                            instead,
                            minutes,
                            reason = request.Reason,
                        }
                    );
                    await paths.TellAsync(connection, path, $"path.{verb}", request.Reason, new { instead, minutes });
                }

                return new ActionOutcome(changes);
            },
            http.RequestAborted
        );
    }

    private static List<ChangeView> Changes(PathRow row, string mode, string? instead, double? minutes)
    {
        var changes = new List<ChangeView>();
        if (row.mode != mode || minutes is not null)
        {
            changes.Add(new ChangeView("mode", row.mode, mode));
        }

        if (row.instead != instead)
        {
            changes.Add(new ChangeView("instead", row.instead, instead));
        }

        // An active path is resumed once more where its circuit is open: the canary asks at once.
        return changes.Count == 0 && mode == "active" ? [new ChangeView("mode", row.mode, mode)] : changes;
    }

    private static async Task<ApiProblem?> WhyNotInsteadAsync(NpgsqlConnection connection, PathRow row, string instead)
    {
        var other = instead == row.path ? null : await PathQueries.FindAsync(connection, instead);
        return other is { mode: "active" } && (other.tenant_id is null || other.tenant_id == row.tenant_id)
            ? null
            : ApiProblem.Invalid(
                FieldError.Of(
                    "not_accepted",
                    "instead",
                    instead,
                    "another path that is active, of the platform or of the same tenant"
                )
            );
    }
}
