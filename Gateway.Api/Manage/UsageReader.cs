using Gateway.Api.Reading;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Manage;

/// <summary>What was accepted in one period, and where it stands now.</summary>
/// <param name="Period">A UTC day (2026-01-31) or month (2026-01).</param>
/// <param name="Recipients">Deliveries, resends included.</param>
/// <param name="States">Deliveries by their present state; states without any are left out.</param>
public sealed record UsageItem(string Period, long Messages, long Recipients, IReadOnlyDictionary<string, long> States);

/// <summary>Newest first; <c>next</c> is null where nothing older is kept.</summary>
/// <param name="MonthQuota">Recipients in a UTC calendar month; null is without bound.</param>
public sealed record UsagePage(IReadOnlyList<UsageItem> Items, string? Next, long? MonthQuota);

/// <summary>Counts a tenant's ledger by day: an id is a time, so each day is counted in its own partition only.</summary>
internal sealed class UsageReader(TenantLedger ledger)
{
    // Limits keep each count a scan of the tenant's part of one day's index.
    private const string Count = """
        SELECT p.place, NULL, m.count FROM unnest($2::int[], $3::uuid[], $4::uuid[]) AS p (place, first, below)
        CROSS JOIN LATERAL (SELECT count(*) FROM messages x
            WHERE x.tenant_id = $1 AND x.message_id >= p.first AND x.message_id < p.below) m
        UNION ALL
        SELECT p.place, d.state, d.count FROM unnest($2::int[], $3::uuid[], $4::uuid[]) AS p (place, first, below)
        CROSS JOIN LATERAL (SELECT x.state, count(*) FROM deliveries x
            WHERE x.tenant_id = $1 AND x.message_id >= p.first AND x.message_id < p.below GROUP BY x.state) d
        """;

    public async Task<IReadOnlyList<UsageItem>> ReadAsync(Guid tenant, UsageRange range, CancellationToken cancel)
    {
        var periods = range.Periods;
        var days = periods.SelectMany((p, place) => Days(p).Select(day => (place, day))).ToArray();
        var command = Statement
            .Of(Count, tenant)
            .With(NpgsqlDbType.Array | NpgsqlDbType.Integer, Array.ConvertAll(days, d => d.place))
            .With(NpgsqlDbType.Array | NpgsqlDbType.Uuid, Array.ConvertAll(days, d => LedgerId.DayStart(d.day)))
            .With(
                NpgsqlDbType.Array | NpgsqlDbType.Uuid,
                Array.ConvertAll(days, d => LedgerId.DayStart(d.day.AddDays(1)))
            );
        return await ledger.ReadAsync(tenant, [command], reader => ReadAsync(reader, range, cancel), cancel);
    }

    private static async Task<IReadOnlyList<UsageItem>> ReadAsync(
        NpgsqlDataReader reader,
        UsageRange range,
        CancellationToken cancel
    )
    {
        var messages = new long[range.Periods.Count];
        var states = range.Periods.Select(_ => new SortedDictionary<string, long>(StringComparer.Ordinal)).ToArray();
        while (await reader.ReadAsync(cancel))
        {
            var (place, count) = (reader.GetInt32(0), reader.GetInt64(2));
            if (reader.TextOrNull(1) is { } state)
            {
                states[place][state] = states[place].GetValueOrDefault(state) + count;
            }
            else
            {
                messages[place] += count;
            }
        }

        return
        [
            .. range.Periods.Select(
                (p, i) => new UsageItem(p.Name(range.ByMonth), messages[i], states[i].Values.Sum(), states[i])
            ),
        ];
    }

    private static IEnumerable<DateOnly> Days(UsagePeriod period)
    {
        for (var day = period.First; day < period.Below; day = day.AddDays(1))
        {
            yield return day;
        }
    }
}
