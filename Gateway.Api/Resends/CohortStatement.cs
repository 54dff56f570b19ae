using System.Text;
using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Reading;
using Gateway.Cohorts;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Resends;

/// <summary>Chooses deliveries by a filter: for a preview, or into a job.</summary>
internal static class CohortStatement
{
    /// <summary>As whom the operator asks.</summary>
    public const string Operator = "operator";

    private const int MostGroups = 1_000;

    /// <summary>Facts by group: what decides is said by the database, the decision is <see cref="ChangeRule"/>'s.</summary>
    private const string Groups = """
        SELECT c.tenant_id, c.state, c.cause, f.begun, f.resent, f.content, f.late, f.suppressed, count(*)
        FROM chosen c
        CROSS JOIN LATERAL (SELECT m.stream, m.deadline_at, m.body_message_id FROM messages m
            WHERE m.tenant_id = c.tenant_id AND m.message_id = c.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT
            coalesce((SELECT q.begun FROM deliveries_due q WHERE q.delivery_id = c.delivery_id), false) AS begun,
            EXISTS (SELECT FROM deliveries r WHERE r.tenant_id = c.tenant_id AND r.message_id = c.message_id
                AND r.resend_of = c.delivery_id) AS resent,
            {0} AS content,
            coalesce(m.deadline_at <= now(), false) AS late,
            EXISTS (SELECT FROM suppressions s WHERE s.tenant_id = c.tenant_id AND s.address = c.recipient_key
                AND s.stream = m.stream AND (s.expires_at IS NULL OR s.expires_at > now()){1}) AS suppressed) f
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        """;

    private const string TenantsContent = """
        EXISTS (SELECT FROM bodies b WHERE b.tenant_id = c.tenant_id AND b.message_id = m.body_message_id
            AND b.content IS NOT NULL)
        """;

    private const string NotByBounce = " AND s.reason NOT IN ('hard_bounce', 'soft_bounce')";

    private const string OperatorsContent = "has_content(c.tenant_id, m.body_message_id)";

    /// <summary>Columns as <see cref="ReadPreviewAsync"/> takes them; one more than may match is counted, and no more.</summary>
    public static NpgsqlBatchCommand Preview(CohortRequest request, Asker asker)
    {
        var command = new NpgsqlBatchCommand();
        var chosen = Choose(command, request, leaveOut: false);
        var groups = Groups.Replace(
            "{0}",
            asker == Asker.Operator ? OperatorsContent : TenantsContent,
            StringComparison.Ordinal
        );
        groups = groups.Replace("{1}", request.LiftBounces ? NotByBounce : "", StringComparison.Ordinal);
        command.CommandText = $"WITH chosen AS MATERIALIZED ({chosen})\n{groups}";
        return command;
    }

    /// <summary>Puts the deliveries into the job; returns how many.</summary>
    public static NpgsqlBatchCommand Put(Guid cohort, CohortRequest request)
    {
        var command = new NpgsqlBatchCommand().With(cohort);
        var chosen = Choose(command, request, leaveOut: true);
        command.CommandText = $"""
            WITH chosen AS MATERIALIZED ({chosen}), put AS (
                INSERT INTO cohort_deliveries (cohort_id, tenant_id, message_id, delivery_id)
                SELECT $1, tenant_id, message_id, delivery_id FROM chosen
            )
            SELECT count(*) FROM chosen
            """;
        return command;
    }

    public static NpgsqlBatchCommand Make(
        Guid cohort,
        CohortRequest request,
        string askedBy,
        string? reason,
        int total
    ) => new NpgsqlBatchCommand(
            """
            INSERT INTO cohorts (cohort_id, tenant_id, action, asked_by, reason, filter, path, rate, total, lift_bounces,
                state, finished_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                -- What has nothing to do is done.
                CASE WHEN $9 = 0 THEN 'done' ELSE 'running' END, CASE WHEN $9 = 0 THEN now() END)
            """
        ).With(cohort).With(NpgsqlDbType.Uuid, askedBy == Operator ? null : request.Filter.Tenant).With(request.Action).With(askedBy).With(NpgsqlDbType.Text, reason).With(NpgsqlDbType.Jsonb, request.Filter.ToJson()).With(NpgsqlDbType.Text, request.Over).With(request.Rate).With(total).With(request.LiftBounces);

    /// <summary>What a tenant asked for stands in the audit, beside what the operator did.</summary>
    public static NpgsqlBatchCommand Note(Guid cohort, CohortRequest request, string key, string? reason, int total) =>
        new NpgsqlBatchCommand(
            """
            INSERT INTO audit (audit_id, tenant_id, actor, action, target, reason, data)
            VALUES ($1, $2, 'key:' || $3, 'resend.create', $4, $5, jsonb_build_object('deliveries', $6::int))
            """
        ).With(cohort).With(request.Filter.Tenant!.Value).With(key).With(cohort.ToString()).With(NpgsqlDbType.Text, reason).With(total);

    /// <summary>Reads all groups, decided.</summary>
    public static async Task<CohortPreview> ReadPreviewAsync(
        NpgsqlDataReader reader,
        CohortRequest request,
        Asker asker,
        CancellationToken cancel
    )
    {
        var groups = new Dictionary<(Guid, string, string?, string?), long>();
        while (await reader.ReadAsync(cancel))
        {
            var facts = new ChangeFacts(reader.GetString(1), reader.TextOrNull(2), reader.GetBoolean(3))
            {
                WasResent = reader.GetBoolean(4),
                HasContent = reader.GetBoolean(5),
                IsLate = reader.GetBoolean(6),
                IsSuppressed = reader.GetBoolean(7),
            };
            var skipped =
                request.Filter.LeavesUnusualVolume && facts is { State: DeliveryState.Held, Cause: VolumeWatch.Cause }
                    ? ChangeReason.HeldByOperator
                    : CohortAction.WhyNot(request.Action, facts, asker);
            var key = (reader.GetGuid(0), facts.State, facts.Cause, skipped);
            groups[key] = groups.GetValueOrDefault(key) + reader.GetInt64(8);
        }

        return new CohortPreview(
            DryRun: true,
            groups.Values.Sum(),
            groups.Where(g => g.Key.Item4 is null).Sum(g => g.Value),
            [
                .. groups
                    .OrderByDescending(g => g.Value)
                    .Take(MostGroups)
                    .Select(g => new CohortGroup(
                        asker == Asker.Operator ? g.Key.Item1 : null,
                        g.Key.Item2,
                        g.Key.Item3,
                        g.Key.Item4,
                        g.Value
                    )),
            ]
        );
    }

    /// <summary>The filter as SQL.</summary>
    /// <param name="leaveOut">What the caller may not have is left out; else it is there, to be told with its reason.</param>
    private static string Choose(NpgsqlBatchCommand command, CohortRequest request, bool leaveOut)
    {
        var filter = request.Filter;
        var where = new StringBuilder(StateFilter.Of(filter.States));
        Also("d.message_id >=", filter.From);
        Also("d.message_id <", filter.Below);
        if (filter.Tenant is { } tenant)
        {
            Also("d.tenant_id =", tenant);
        }

        if (filter.Path is { } path)
        {
            Also("d.path =", path);
        }

        if (filter.Cause is { } cause)
        {
            Also("d.cause =", cause);
        }

        if (filter.LeavesUnusualVolume && leaveOut)
        {
            where.Append($" AND NOT (d.state = 'held' AND d.cause = '{VolumeWatch.Cause}')");
        }

        if (filter.Recipients.Length > 0)
        {
            where.Append($" AND d.recipient_key = ANY ({Next(filter.Recipients)})");
        }

        if (filter.Tag is not null || filter.Stream is not null)
        {
            where.Append(
                " AND EXISTS (SELECT FROM messages m WHERE m.tenant_id = d.tenant_id AND m.message_id = d.message_id"
            );
            where.Append(filter.Tag is { } tag ? $" AND {Next(tag)} = ANY (m.tags)" : "");
            where.Append(filter.Stream is { } stream ? $" AND m.stream = {Next(stream)}" : "");
            where.Append(')');
        }

        // What is queued is found in the queue, which is small, and all else by the index on what failed.
        var from = filter.States.Contains(DeliveryState.Queued)
            ? """
                deliveries_due q CROSS JOIN LATERAL (SELECT * FROM deliveries x WHERE x.tenant_id = q.tenant_id
                AND x.message_id = q.message_id AND x.delivery_id = q.delivery_id LIMIT 1) d
                """
            : "deliveries d";
        return $"""
            SELECT d.tenant_id, d.message_id, d.delivery_id, d.state, d.cause, d.recipient_key FROM {from}
            WHERE {where} ORDER BY d.delivery_id LIMIT {Next(request.Most + 1)}
            """;

        void Also<T>(string test, T value) => where.Append($" AND {test} {Next(value)}");

        string Next<T>(T value) => $"${command.With(value).Parameters.Count}";
    }
}
