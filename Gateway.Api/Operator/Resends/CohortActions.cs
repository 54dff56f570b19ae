using System.Globalization;
using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Operator.Paths;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Api.Resends;
using Gateway.Cohorts;
using Gateway.Ledger;
using Gateway.Submissions;
using Npgsql;

namespace Gateway.Api.Operator.Resends;

/// <summary>One action on many deliveries, of one tenant or of all: tried first, then a job with a rate and a cap (D22).</summary>
internal static class CohortActions
{
    /// <summary>A preview writes nothing and so keeps no event waiting.</summary>
    private const string TakeTime = "SET LOCAL statement_timeout = '20s'";

    /// <param name="http">Its body is the filter, with reason, rate and max.</param>
    /// <param name="action">One of <see cref="CohortAction"/>.</param>
    /// <param name="verb">As it stands in the audit.</param>
    /// <param name="isNarrow">False refuses a filter that would mean everybody's mail.</param>
    public static async Task<IResult> ActAsync(
        HttpContext http,
        OperatorLedger ledger,
        TimeProvider clock,
        string action,
        string verb,
        Func<CohortFilter, bool>? isNarrow = null
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var now = clock.GetUtcNow();
        var cohort = CohortRequest.Read(action, request.Fields, byOperator: true, now);
        var tenant = ReadTenant(request.Fields);
        cohort = cohort with { Filter = cohort.Filter with { Tenant = tenant } };
        request = request with { DryRun = request.DryRun | request.Fields.Flag("dry_run") };
        if (isNarrow?.Invoke(cohort.Filter) == false)
        {
            request.Fields.Refuse("tenant", null, "one of tenant, path, stream or recipients", "required");
        }

        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        var id = LedgerId.New(now);
        return await ledger.ActAsync(
            request,
            verb,
            id.ToString(),
            tenant,
            async connection =>
                await WhyNotOverAsync(connection, cohort) is { } no
                    ? ActionOutcome.Refused(no)
                    : await InTimeAsync(() =>
                        request.DryRun
                            ? TryAsync(connection, cohort, http.RequestAborted)
                            : MakeAsync(connection, id, cohort, request.Reason, http.RequestAborted)
                    ),
            http.RequestAborted
        );
    }

    /// <summary>Without a tenant there is no index for what is sent: too much of it is an answer, not an outage.</summary>
    private static async Task<ActionOutcome> InTimeAsync(Func<Task<ActionOutcome>> act)
    {
        try
        {
            return await act();
        }
        catch (PostgresException late) when (late.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            return ActionOutcome.Refused(CohortRequest.TooWide());
        }
    }

    public static async Task<CohortView?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var command in CohortReader.FindCommands(id, tenant: null))
        {
            batch.BatchCommands.Add(command);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        return await CohortReader.ReadAsync(reader, cancel);
    }

    private static async Task<ActionOutcome> TryAsync(
        NpgsqlConnection connection,
        CohortRequest cohort,
        CancellationToken cancel
    )
    {
        await connection.ExecuteAsync(TakeTime);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(CohortStatement.Preview(cohort, Asker.Operator));
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var preview = await CohortStatement.ReadPreviewAsync(reader, cohort, Asker.Operator, cancel);
        return preview.Matched > cohort.Most
            ? ActionOutcome.Refused(cohort.TooMany())
            : new ActionOutcome(Changes(preview.WouldAct)) { Describe = view => view with { Preview = preview } };
    }

    private static async Task<ActionOutcome> MakeAsync(
        NpgsqlConnection connection,
        Guid id,
        CohortRequest cohort,
        string reason,
        CancellationToken cancel
    )
    {
        var total = (int)await ScalarAsync(connection, CohortStatement.Put(id, cohort), cancel);
        if (total > cohort.Most)
        {
            return ActionOutcome.Refused(cohort.TooMany());
        }

        if (total == 0)
        {
            return new ActionOutcome([]);
        }

        await ScalarAsync(
            connection,
            CohortStatement.Make(id, cohort, CohortStatement.Operator, reason, total),
            cancel
        );
        var job = (await FindAsync(connection, id, cancel))!;
        return new ActionOutcome(Changes(total)) { Describe = view => view with { Job = job } };
    }

    private static IReadOnlyList<ChangeView> Changes(long deliveries) =>
        deliveries == 0 ? [] : [new("deliveries", null, deliveries.ToString(CultureInfo.InvariantCulture))];

    private static async Task<long> ScalarAsync(
        NpgsqlConnection connection,
        NpgsqlBatchCommand command,
        CancellationToken cancel
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(command);
        return await batch.ExecuteScalarAsync(cancel) is long count ? count : 0;
    }

    private static Guid? ReadTenant(BodyFields fields)
    {
        if (fields.Text("tenant", 36) is not { } text)
        {
            return null;
        }

        if (LedgerIds.TryParse(text, out var id))
        {
            return id;
        }

        fields.Refuse("tenant", text, "a tenant's id");
        return null;
    }

    /// <summary>Mail that is pinned to a path waits for it, so the path must be able to carry what the filter finds.</summary>
    private static async Task<ApiProblem?> WhyNotOverAsync(NpgsqlConnection connection, CohortRequest cohort)
    {
        if (cohort.Over is not { } over)
        {
            return null;
        }

        var path = await PathQueries.FindAsync(connection, over);
        return
            path is { mode: "active" }
            && path.State.NeverCarries is null
            && (path.tenant_id is null || path.tenant_id == cohort.Filter.Tenant)
            ? null
            : ApiProblem.Invalid(
                FieldError.Of(
                    "not_accepted",
                    "over",
                    over,
                    "a path that is active and not ejected, of the platform or of the filter's own tenant"
                )
            );
    }
}
