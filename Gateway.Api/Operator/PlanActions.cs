using System.Globalization;
using System.Text.Json;
using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Submissions;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Operator;

/// <summary>Plans: a change touches every tenant of the plan, and so has a cap.</summary>
internal static class PlanActions
{
    /// <summary>More tenants are touched only by whoever names a higher number.</summary>
    public const int DefaultMaxTenants = 100;
    private const double MostWeight = 1_000;
    private const double MostQuota = 1e12;

    private const string Read = """
        SELECT p.plan, p.weight, p.month_quota, p.limits::text AS limits,
            (SELECT count(*) FROM tenants t WHERE t.plan = p.plan) AS tenants
        FROM plans p
        """;

    public static async Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger) =>
        await ledger.ReadAsync(
            async connection =>
            {
                var rows = await connection.QueryAsync<PlanRow>(Read + " ORDER BY p.weight, p.plan");
                return Results.Json(new PlanPage([.. rows.Select(r => r.View)], null), OperatorJson.Readable.PlanPage);
            },
            http.RequestAborted
        );

    public static async Task<IResult> ChangeAsync(string plan, HttpContext http, OperatorLedger ledger)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var fields = request.Fields;
        var weight = fields.Number("weight", 0.01, MostWeight, whole: false);
        var (hasQuota, quota) = (fields.Has("month_quota"), (long?)fields.Number("month_quota", 1, MostQuota));
        var limits = LimitFields.Read(fields, "limits");
        var cap = (int)(fields.Number("max_tenants", 0, int.MaxValue) ?? DefaultMaxTenants);
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await ledger.ActAsync(
            request,
            "plan.change",
            plan.Length <= 100 ? plan : plan[..100],
            null,
            connection => ChangeAsync(connection, plan, row => row.With(weight, hasQuota, quota, limits), cap),
            http.RequestAborted
        );
    }

    private static async Task<ActionOutcome> ChangeAsync(
        NpgsqlConnection connection,
        string plan,
        Func<PlanRow, PlanRow> change,
        int cap
    )
    {
        var row = plan.Contains('\0', StringComparison.Ordinal)
            ? null
            : await connection.QuerySingleOrDefaultAsync<PlanRow>(
                Read + " WHERE p.plan = @plan FOR NO KEY UPDATE OF p",
                new { plan }
            );
        if (row is null)
        {
            return ActionOutcome.Refused(ApiProblem.NotFound("plan"));
        }

        if (row.tenants > cap)
        {
            return ActionOutcome.Refused(CapExceeded(row.tenants, cap));
        }

        var after = change(row);
        var changes = row.Differences(after);
        if (changes.Count > 0)
        {
            await connection.ExecuteAsync(
                "UPDATE plans SET weight = @weight, month_quota = @month_quota, limits = @limits::jsonb WHERE plan = @plan",
                new
                {
                    plan,
                    after.weight,
                    after.month_quota,
                    after.limits,
                }
            );
            changes.Add(new ChangeView("tenants", null, row.tenants.ToString(CultureInfo.InvariantCulture)));
        }

        return new ActionOutcome(changes);
    }

    private static ApiProblem CapExceeded(long tenants, int cap) =>
        ApiProblem.Invalid(
            FieldError.Of(
                "cap_exceeded",
                "max_tenants",
                cap.ToString(CultureInfo.InvariantCulture),
                $"at least {tenants}: so many tenants have this plan"
            ),
            StatusCodes.Status409Conflict
        );

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed record PlanRow
    {
        public string plan { get; init; } = "";
        public double weight { get; init; }
        public long? month_quota { get; init; }
        public string limits { get; init; } = "[]";
        public long tenants { get; init; }

        public PlanView View => new(plan, weight, month_quota, LimitRow.Parse(limits), tenants);

        public PlanRow With(double? newWeight, bool hasQuota, long? quota, IReadOnlyList<LimitRow>? newLimits) =>
            this with
            {
                weight = newWeight ?? weight,
                month_quota = hasQuota ? quota : month_quota,
                limits = newLimits is null ? limits : JsonSerializer.Serialize(newLimits),
            };

        public List<ChangeView> Differences(PlanRow after)
        {
            var (had, has) = (
                LimitActions.Text(LimitRow.Parse(limits)),
                LimitActions.Text(LimitRow.Parse(after.limits))
            );
            (string Field, string? Before, string? After)[] all =
            [
                ("weight", Number(weight), Number(after.weight)),
                (
                    "month_quota",
                    month_quota?.ToString(CultureInfo.InvariantCulture),
                    after.month_quota?.ToString(CultureInfo.InvariantCulture)
                ),
                ("limits", had, has),
            ];
            return [.. all.Where(c => c.Before != c.After).Select(c => new ChangeView(c.Field, c.Before, c.After))];
        }

        private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
    }
#pragma warning restore IDE1006, SA1300
}
