using System.Security.Cryptography;
using Dapper;
using Gateway.Database;
using Gateway.Domains;
using Gateway.Ledger;
using Gateway.Mail.Dkim;
using Gateway.Mail.Dns;
using Gateway.Secrets;
using Gateway.Tenants;
using Gateway.Worker.Signing;
using Npgsql;

namespace Gateway.Worker.Domains;

/// <summary>
/// Looks at the record of a key as receivers would, with a trial signature, and lets the key sign or stops it (D14).
/// </summary>
public sealed class DkimChecks(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    MasterKey master,
    IPublishedKeys published,
    TimeProvider clock,
    ILogger<DkimChecks> log
)
{
    // One statement: the step, its event, and where a key takes over, the others of its algorithm with their events.
    private const string Write = """
        WITH changed AS (
            UPDATE dkim_keys SET state = @to, checked_at = @now, next_check_at = @next, problem = @problem,
                ttl_seconds = coalesce(@ttl, ttl_seconds),
                activated_at = CASE WHEN @to = 'active' AND state <> 'active' THEN @now ELSE activated_at END
            WHERE tenant_id = @tenant AND domain = @domain AND selector = @selector AND state = @from
            RETURNING selector
        ), retired AS (
            UPDATE dkim_keys k SET state = 'retired', next_check_at = NULL, problem = NULL,
                publish_until = @now + @stays + make_interval(secs => coalesce(k.ttl_seconds, 0))
            FROM changed
            WHERE @retires AND k.tenant_id = @tenant AND k.domain = @domain AND k.algorithm = @algorithm
                AND k.selector <> @selector AND k.state IN ('active', 'stopped')
            RETURNING k.selector, k.publish_until
        ), told AS (
            SELECT @type AS type, selector, jsonb_build_object('problem', @problem) AS more FROM changed
            WHERE @type::text IS NOT NULL
            UNION ALL
            SELECT 'domain.dkim_retired', selector, jsonb_build_object('publish_until', publish_until) FROM retired
        )
        INSERT INTO events (tenant_id, bucket, id, type, at, data)
        SELECT @tenant, i.id, i.id, t.type, @now,
            jsonb_strip_nulls(jsonb_build_object('domain', @domain, 'selector', t.selector) || t.more)
        FROM (SELECT *, row_number() OVER () AS n FROM told) t JOIN unnest(@ids) WITH ORDINALITY AS i (id, n) USING (n)
        """;

    // A domain has one active key of an algorithm, and perhaps one that is stopped.
    private const int MostEvents = 8;

    public async Task CheckAsync(DueKey due, CancellationToken cancel)
    {
        var seen = await published.FindAsync(due.Selector, due.Domain, due.PublicRecord, DnsFreshness.Fresh, cancel);
        var (finding, problem) = Judge(due, seen);
        var now = clock.GetUtcNow();
        var step = DkimLife.After(due.State, finding, now);
        await WriteAsync(due, step, problem, seen.Record is null ? null : seen.Ttl, now);
        if (step.State == DkimLife.Stopped && due.State == DkimLife.Active)
        {
            SigningLog.KeyStopped(log, due.Selector, due.Domain, due.TenantId, problem ?? "");
        }
    }

    private (DkimFinding, string? Problem) Judge(DueKey due, PublishedKey seen)
    {
        if (!seen.Known)
        {
            return (DkimFinding.Unknown, seen.Reason);
        }

        if (seen.Record is not { } record)
        {
            return (DkimFinding.Differs, seen.Reason);
        }

        var secret = master.Open(due.PrivateSealed, DkimSecret.Place(due.TenantId, due.Domain, due.Selector));
        try
        {
            using var key = DkimKey.ImportPkcs8(secret);
            return DkimSelfCheck.Compare(key, record, out var reason) == DkimKeyMatch.Matches
                ? (DkimFinding.Matches, null)
                : (DkimFinding.Differs, reason);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private async Task WriteAsync(DueKey due, DkimStep step, string? problem, TimeSpan? ttl, DateTimeOffset now)
    {
        await using var connection = await ledger.OpenConnectionAsync();
        await connection.ExecuteAsync(
            Write,
            new
            {
                tenant = due.TenantId,
                domain = due.Domain,
                selector = due.Selector,
                algorithm = due.Algorithm,
                from = due.State,
                to = step.State,
                now = now.UtcDateTime,
                next = step.NextCheck?.UtcDateTime,
                problem,
                ttl = (int?)ttl?.TotalSeconds,
                retires = step.RetiresOthers,
                stays = DkimLife.StaysPublished,
                type = step.Event,
                ids = Enumerable.Range(0, MostEvents).Select(_ => LedgerId.New(now)).ToArray(),
            }
        );
    }
}
