using System.Text.Json;
using Dapper;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Domains;

/// <summary>Claims in the database, each transaction bound to one tenant, whichever host works.</summary>
public sealed class DomainStore(NpgsqlDataSource ledger)
{
    private const string Write = """
        WITH changed AS (
            UPDATE sending_domains SET state = @state, failures = @failures, degraded_since = @degradedSince,
                claimed_at = @claimedAt, challenge = @challenge, checked_at = @now, next_check_at = @next,
                problem = @problem, problem_detail = @detail, version = version + 1,
                verified_at = CASE WHEN @state = 'verified' AND state NOT IN ('verified', 'degraded') THEN @now
                    ELSE verified_at END
            WHERE tenant_id = @tenant AND domain_id = @id AND version = @version
            RETURNING domain_id
        )
        INSERT INTO events (tenant_id, bucket, id, type, at, data)
        SELECT @tenant, @event, @event, @type, @now, @data::jsonb FROM changed WHERE @type::text IS NOT NULL
        """;

    public async Task<DomainRow?> FindAsync(Guid tenant, Guid id, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await BeginAsync(connection, tenant, cancel);
        return await connection.QuerySingleOrDefaultAsync<DomainRow>(
            $"SELECT {DomainRow.Columns} FROM sending_domains WHERE tenant_id = @tenant AND domain_id = @id AND state <> 'removed'",
            new { tenant, id },
            transaction
        );
    }

    /// <summary>What the paths that operators describe need in the tenant's zones.</summary>
    public async Task<IReadOnlyList<PathRecords>> PathRecordsAsync(Guid tenant, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var stored = await connection.QueryAsync<(string Path, string Settings)>(
            new CommandDefinition(
                "SELECT path, settings::text FROM path_records(@tenant)",
                new { tenant },
                cancellationToken: cancel
            )
        );
        return [.. stored.Select(p => Domains.PathRecords.Read(p.Path, p.Settings))];
    }

    /// <summary>Who owns exactly this name, or null.</summary>
    public async Task<Guid?> FindOwnerAsync(string domain, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(
            "SELECT tenant_id FROM find_domain_owner(@domain)",
            new { domain }
        );
    }

    public async Task<bool> IsApprovedAsync(DomainRow claim, Guid owner, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        return await connection.ExecuteScalarAsync<bool>(
            "SELECT is_domain_approved(@Id, @Domain, @owner)",
            new
            {
                claim.Id,
                claim.Domain,
                owner,
            }
        );
    }

    /// <summary>Has whoever owns the name looked up at once.</summary>
    public async Task RecheckOwnerAsync(string domain, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("SELECT recheck_domain_owner(@domain)", new { domain });
    }

    /// <summary>
    /// Writes what a look came to, with its event, unless somebody wrote before. False where another tenant owns the
    /// domain already: the index lets one be.
    /// </summary>
    public async Task<bool> WriteAsync(DomainRow before, DomainStep step, DomainProblem? problem, DateTimeOffset now)
    {
        var after = step.Standing;
        await using var connection = await ledger.OpenConnectionAsync();
        await using var transaction = await BeginAsync(connection, before.TenantId, CancellationToken.None);
        try
        {
            await connection.ExecuteAsync(
                Write,
                new
                {
                    tenant = before.TenantId,
                    id = before.Id,
                    version = before.Version,
                    state = after.State.Word(),
                    failures = after.Failures,
                    degradedSince = after.DegradedSince?.UtcDateTime,
                    claimedAt = after.ClaimedAt.UtcDateTime,
                    challenge = step.NewChallenge ? Challenge.New() : before.Challenge,
                    now = now.UtcDateTime,
                    next = step.NextCheck?.UtcDateTime,
                    problem = problem?.Code,
                    detail = problem?.Detail,
                    @event = LedgerId.New(now),
                    type = step.Event,
                    data = Describe(before, step, problem),
                },
                transaction
            );
            await transaction.CommitAsync();
            return true;
        }
        catch (PostgresException taken)
            when (taken is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "sending_domains_owner" })
        {
            return false;
        }
    }

    /// <summary>Row-level security sees the tenant's rows only, and the statement says so again (D1).</summary>
    public static async Task<NpgsqlTransaction> BeginAsync(
        NpgsqlConnection connection,
        Guid tenant,
        CancellationToken cancel
    )
    {
        var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync(
            "SELECT set_config('gw.tenants', @tenants, true), set_config('statement_timeout', '4s', true)",
            new { tenants = $"{{{tenant}}}" },
            transaction
        );
        return transaction;
    }

    private static string Describe(DomainRow row, DomainStep step, DomainProblem? problem) =>
        JsonSerializer.Serialize(
            new
            {
                domain = row.Domain,
                domain_id = row.Id,
                state = step.Standing.State.Word(),
                before = row.StateWord,
                problem = problem?.Code,
                fails_at = step.Standing.DegradedSince + DomainLife.Warning,
            }
        );
}

/// <summary>What is wrong with a claim: a stable word, and a sentence for people.</summary>
public sealed record DomainProblem(string Code, string Detail);
