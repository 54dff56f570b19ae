using System.Globalization;
using System.Text.Json;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Trust;

/// <summary>
/// Judges lanes by what was counted of them, and pauses or warns: the lane, an event for the tenant and the audit in one
/// statement. The queue's rows stay as they are and flow on when the lane is resumed.
/// </summary>
internal sealed class LanePause(NpgsqlDataSource ledger, TimeProvider clock)
{
    private const string Sum = """
        SELECT w.tenant_id, w.stream, o.outcomes, o.hard_bounces, o.complaints
        FROM unnest($1::uuid[], $2::text[]) AS w (tenant_id, stream)
        CROSS JOIN LATERAL (SELECT sum(outcomes)::bigint AS outcomes, sum(hard_bounces)::bigint AS hard_bounces,
                sum(complaints)::bigint AS complaints FROM lane_outcomes x
            WHERE x.tenant_id = w.tenant_id AND x.stream = w.stream AND x.hour > now() - $3::interval) o
        WHERE o.outcomes >= $4
        """;

    private const string Pause = """
        WITH changed AS (
            UPDATE lanes SET active = false, paused_at = now(), paused_by = 'gateway', paused_reason = $4
            WHERE tenant_id = $1 AND stream = $2 AND active RETURNING 1
        )
        """;

    private const string Warn = """
        WITH changed AS (
            UPDATE lanes SET warned_at = now()
            WHERE tenant_id = $1 AND stream = $2 AND active AND (warned_at IS NULL OR warned_at < now() - interval '24 hours')
            RETURNING 1
        )
        """;

    private const string Tell = """
        , told AS (
            INSERT INTO events (tenant_id, bucket, id, type, at, data)
            SELECT $1, $5, $5, $6, $7, $8::jsonb FROM changed
        ), noted AS (
            INSERT INTO audit (audit_id, tenant_id, actor, action, target, reason, data)
            SELECT $5, $1, 'gateway', $3, $1::text || '/' || $2, $4, $8::jsonb FROM changed
        )
        SELECT EXISTS (SELECT FROM changed)
        """;

    private const string Forget = "DELETE FROM lane_outcomes WHERE hour < now() - 2 * $1::interval";

    /// <summary>What was changed; a lane that is paused already, or was warned today, is not in it.</summary>
    public async Task<IReadOnlyList<(Guid Tenant, string Stream, TrustJudgement Judgement)>> JudgeAsync(
        IReadOnlyCollection<(Guid Tenant, string Stream)> lanes,
        CancellationToken cancel
    )
    {
        var changed = new List<(Guid, string, TrustJudgement)>();
        if (lanes.Count == 0)
        {
            return changed;
        }

        await using var connection = await ledger.OpenConnectionAsync(cancel);
        foreach (var (tenant, stream, outcomes) in await SumAsync(connection, lanes, cancel))
        {
            var judgement = LaneTrust.Judge(outcomes);
            if (
                judgement.Verdict != TrustVerdict.Fine
                && await ApplyAsync(connection, tenant, stream, judgement, outcomes, cancel)
            )
            {
                changed.Add((tenant, stream, judgement));
            }
        }

        return changed;
    }

    /// <summary>Drops hours that no window reaches any more.</summary>
    public async Task ForgetAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Forget);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = LaneTrust.Window });
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<List<(Guid, string, LaneOutcomes)>> SumAsync(
        NpgsqlConnection connection,
        IReadOnlyCollection<(Guid Tenant, string Stream)> lanes,
        CancellationToken cancel
    )
    {
        await using var command = new NpgsqlCommand(Sum, connection);
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.Uuid, lanes.Select(l => l.Tenant).ToArray());
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.Text, lanes.Select(l => l.Stream).ToArray());
        Add(command, NpgsqlDbType.Interval, LaneTrust.Window);
        Add(command, NpgsqlDbType.Bigint, LaneTrust.LeastOutcomes);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var sums = new List<(Guid, string, LaneOutcomes)>();
        while (await reader.ReadAsync(cancel))
        {
            var count = new LaneOutcomes(reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
            sums.Add((reader.GetGuid(0), reader.GetString(1), count));
        }

        return sums;
    }

    private async Task<bool> ApplyAsync(
        NpgsqlConnection connection,
        Guid tenant,
        string stream,
        TrustJudgement judgement,
        LaneOutcomes outcomes,
        CancellationToken cancel
    )
    {
        var (pauses, now) = (judgement.Verdict == TrustVerdict.Pause, clock.GetUtcNow());
        await using var command = new NpgsqlCommand((pauses ? Pause : Warn) + Tell, connection);
        Add(command, NpgsqlDbType.Uuid, tenant);
        Add(command, NpgsqlDbType.Text, stream);
        Add(command, NpgsqlDbType.Text, pauses ? "stream.pause" : "stream.warn");
        Add(command, NpgsqlDbType.Text, Describe(judgement.Cause!, outcomes));
        Add(command, NpgsqlDbType.Uuid, LedgerId.New(now));
        Add(command, NpgsqlDbType.Text, pauses ? "tenant.stream_paused" : "tenant.stream_warned");
        Add(command, NpgsqlDbType.TimestampTz, now.UtcDateTime);
        Add(command, NpgsqlDbType.Text, Data(stream, judgement.Cause!, outcomes));
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    private static string Describe(string cause, LaneOutcomes outcomes) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(cause == "complaints" ? outcomes.Complaints : outcomes.HardBounces)} {cause.Replace('_', ' ')} of {outcomes.Outcomes} outcomes in {LaneTrust.Window.TotalHours} hours"
        );

    private static string Data(string stream, string cause, LaneOutcomes outcomes) =>
        JsonSerializer.Serialize(
            new Dictionary<string, object>
            {
                ["stream"] = stream,
                ["by"] = "gateway",
                ["cause"] = cause,
                ["outcomes"] = outcomes.Outcomes,
                ["hard_bounces"] = outcomes.HardBounces,
                ["complaints"] = outcomes.Complaints,
            }
        );

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, T value) =>
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
}
