using System.Text.Json;
using Dapper;
using Gateway.Api.Problems;
using Gateway.Database;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Api.Operator;

/// <summary>What an action came to: what it changed, or why it may not be.</summary>
internal sealed record ActionOutcome(IReadOnlyList<ChangeView> Changes)
{
    public ApiProblem? Problem { get; init; }
    public Func<ActionView, ActionView> Describe { get; init; } = view => view;

    public static ActionOutcome Refused(ApiProblem problem) => new([]) { Problem = problem };
}

/// <summary>
/// The ledger as the operator works on it. An action is one transaction with its audit; a dry run is the same
/// transaction taken back at its end, so what it tells is what would happen.
/// </summary>
internal sealed class OperatorLedger(
    [FromKeyedServices(LedgerRole.Operator)] NpgsqlDataSource ledger,
    TimeProvider clock
)
{
    private const string Note = """
        INSERT INTO audit (audit_id, tenant_id, actor, action, target, reason, data)
        VALUES (@id, @tenant, 'operator', @action, @target, @reason, @data::jsonb)
        """;

    /// <summary>Write transactions are short: the event cursor waits for the oldest (D9).</summary>
    private const string Hurry = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '4s'";

    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        return await read(connection);
    }

    /// <param name="request">Why, and whether it is only tried.</param>
    /// <param name="action">As it stands in the audit: <c>tenant.suspend</c>.</param>
    /// <param name="target">What it is done to.</param>
    /// <param name="tenant">Null for the platform's own.</param>
    /// <param name="act">Reads under lock, decides, writes.</param>
    /// <param name="cancel">Only until the commit begins.</param>
    public async Task<IResult> ActAsync(
        OperatorRequest request,
        string action,
        string target,
        Guid? tenant,
        Func<NpgsqlConnection, Task<ActionOutcome>> act,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync(Hurry, transaction: transaction);
        var outcome = await act(connection);
        if (outcome.Problem is { } problem)
        {
            await transaction.RollbackAsync(CancellationToken.None);
            if (problem.Status != StatusCodes.Status404NotFound)
            {
                // What was tried and refused is told as well.
                await NoteAsync(connection, request, action, target, tenant, [new("refused", null, problem.Code)]);
            }

            return problem.ToResult();
        }

        if (request.DryRun)
        {
            await transaction.RollbackAsync(CancellationToken.None);
        }
        else if (outcome.Changes.Count > 0)
        {
            await NoteAsync(connection, request, action, target, tenant, outcome.Changes);
            await transaction.CommitAsync(CancellationToken.None);
        }

        var view = outcome.Describe(new ActionView(request.DryRun, action, target, outcome.Changes));
        return Results.Json(
            request.DryRun && view.Key is { } key ? view with { Key = key with { Key = null } } : view,
            OperatorJson.Readable.ActionView,
            statusCode: view is { DryRun: false, Key: not null }
                ? StatusCodes.Status201Created
                : StatusCodes.Status200OK
        );
    }

    /// <summary>An event that the tenant reads, about no message of it.</summary>
    public Task TellAsync(NpgsqlConnection connection, Guid tenant, string type, object data)
    {
        var id = LedgerId.New(clock.GetUtcNow());
        return connection.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, type, at, data)
            VALUES (@tenant, @id, @id, @type, @at, @data::jsonb)
            """,
            new
            {
                tenant,
                id,
                type,
                at = clock.GetUtcNow(),
                data = JsonSerializer.Serialize(data),
            }
        );
    }

    private Task NoteAsync(
        NpgsqlConnection connection,
        OperatorRequest request,
        string action,
        string target,
        Guid? tenant,
        IReadOnlyList<ChangeView> changes
    ) =>
        connection.ExecuteAsync(
            Note,
            new
            {
                id = LedgerId.New(clock.GetUtcNow()),
                tenant,
                action,
                target,
                reason = request.Reason,
                data = JsonSerializer.Serialize(
                    changes.ToDictionary(c => c.Field, c => new[] { c.Before, c.After }, StringComparer.Ordinal)
                ),
            }
        );
}
