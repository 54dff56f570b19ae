using System.Globalization;
using Dapper;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Database;

/// <summary>
/// The days of the ledger (D4). A day is made apart and then attached, and detached before it is dropped, so that
/// neither waits for the traffic nor makes it wait. Runs as the owner.
/// </summary>
public static class Partitions
{
    public const int DaysAhead = 7;

    /// <summary>A day stays at least this long after it began, and <see cref="KeepAfterEnd"/> after its last delivery ended.</summary>
    public static readonly TimeSpan KeepAtLeast = TimeSpan.FromDays(65);
    public static readonly TimeSpan KeepAfterEnd = TimeSpan.FromDays(30);

    public static readonly string[] Tables =
    [
        "messages",
        "bodies",
        "deliveries",
        "attempts",
        "events",
        "webhook_deliveries",
    ];

    /// <summary>
    /// How a day's pages are filled. A mail of a few kilobytes stays in its row: out of line it would be two rows and two
    /// index entries more. Deliveries and attempts are updated soon after they are made, on the same page while it has room.
    /// </summary>
    private static string Storage(string table) =>
        table switch
        {
            "bodies" => "WITH (toast_tuple_target = 8160)",
            "deliveries" => "WITH (fillfactor = 40)",
            "attempts" => "WITH (fillfactor = 50)",
            _ => "",
        };

    /// <summary>Makes yesterday (for replicas whose clock is behind), today and the days ahead, where missing.</summary>
    public static async Task MakeAheadAsync(NpgsqlConnection owner, DateTimeOffset now, CancellationToken cancel)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        for (var day = -1; day <= DaysAhead; day++)
        {
            await MakeDayAsync(owner, today.AddDays(day), cancel);
        }
    }

    public static async Task MakeDayAsync(NpgsqlConnection owner, DateOnly day, CancellationToken cancel)
    {
        foreach (var table in Tables)
        {
            var name = Name(table, day);
            var exists = await owner.ExecuteScalarAsync<bool>(
                "SELECT to_regclass(@name) IS NOT NULL AND EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(@name))",
                new { name }
            );
            if (exists)
            {
                continue;
            }

            // PARTITION OF would lock the parent against every insert; ATTACH does not.
            await owner.ExecuteAsync(
                $"""
                CREATE TABLE IF NOT EXISTS {name} (LIKE {table} INCLUDING ALL) {Storage(table)};
                ALTER TABLE {table} ATTACH PARTITION {name}
                    FOR VALUES FROM ('{LedgerId.DayStart(day)}') TO ('{LedgerId.DayStart(day.AddDays(1))}');
                """
            );
        }
    }

    /// <summary>The days whose content may go: old enough, and every delivery long ended.</summary>
    public static async Task<IReadOnlyList<DateOnly>> FindDroppableAsync(
        NpgsqlConnection owner,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var droppable = new List<DateOnly>();
        foreach (var day in await DaysAsync(owner, cancel))
        {
            if (day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) + KeepAtLeast > now.UtcDateTime)
            {
                continue;
            }

            var busy = await owner.ExecuteScalarAsync<bool>(
                $"SELECT EXISTS (SELECT FROM {Name("deliveries", day)} WHERE ended_at IS NULL OR ended_at > @since)",
                new { since = now - KeepAfterEnd }
            );
            if (!busy)
            {
                droppable.Add(day);
            }
        }

        return droppable;
    }

    /// <summary>Detaches and drops one day. Safe to call again after it was interrupted at any point.</summary>
    public static async Task DropDayAsync(NpgsqlConnection owner, DateOnly day, CancellationToken cancel)
    {
        await owner.ExecuteAsync("SET lock_timeout = '1s'");
        foreach (var table in Tables)
        {
            var name = Name(table, day);
            var pending = await owner.QuerySingleOrDefaultAsync<bool?>(
                "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(@name)",
                new { name }
            );
            if (pending is not null)
            {
                // Neither runs inside a transaction; an interrupted one is finished, not begun again.
                await owner.ExecuteAsync(
                    $"ALTER TABLE {table} DETACH PARTITION {name} {(pending.Value ? "FINALIZE" : "CONCURRENTLY")}"
                );
            }

            await owner.ExecuteAsync($"DROP TABLE IF EXISTS {name}");
        }
    }

    public static async Task<IReadOnlyList<DateOnly>> DaysAsync(NpgsqlConnection owner, CancellationToken cancel)
    {
        var names = await owner.QueryAsync<string>(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'deliveries'::regclass ORDER BY 1"
        );
        return
        [
            .. names.Select(n =>
                DateOnly.ParseExact(n["deliveries_".Length..], "yyyyMMdd", CultureInfo.InvariantCulture)
            ),
        ];
    }

    private static string Name(string table, DateOnly day) => $"{table}_{day:yyyyMMdd}";
}
