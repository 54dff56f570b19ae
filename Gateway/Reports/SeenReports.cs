using System.Security.Cryptography;
using System.Text;
using Gateway.Database;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Reports;

/// <summary>Remembers reports by (path, name) for 48 hours, longer than any provider goes on sending one (D21).</summary>
public static class SeenReports
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(48);

    // In the order of the keys, so that two batches with the same reports wait for each other and not both.
    private const string Note = """
        INSERT INTO seen_reports (report, seen_at) SELECT k, $2 FROM unnest($1::uuid[]) AS k ORDER BY k
        ON CONFLICT (report) DO NOTHING RETURNING report
        """;

    private const string ForgetOld = """
        DELETE FROM seen_reports WHERE report IN (
            SELECT report FROM seen_reports WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)
        """;

    /// <summary>Null where the report has no name.</summary>
    internal static Guid? KeyOf(DeliveryReport report) =>
        report.SourceEventId is { } id
            ? new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{report.Path}\0{id}"))[..16])
            : null;

    /// <summary>Writes them down; those that were new.</summary>
    internal static async Task<HashSet<Guid>> NoteAsync(
        NpgsqlConnection connection,
        IReadOnlyCollection<Guid> keys,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var noted = new HashSet<Guid>(keys.Count);
        if (keys.Count == 0)
        {
            return noted;
        }

        await using var command = new NpgsqlCommand(Note, connection);
        new StatementColumns(command.Parameters).Add(NpgsqlDbType.Uuid, keys.ToArray(), k => k).Add(now);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            noted.Add(reader.GetGuid(0));
        }

        return noted;
    }

    /// <summary>Forgets some of those whose time is over; how many.</summary>
    public static async Task<int> ForgetAsync(
        NpgsqlDataSource worker,
        int most,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        await using var command = worker.CreateCommand(ForgetOld);
        command.Parameters.AddWithValue((now - KeptFor).UtcDateTime);
        command.Parameters.AddWithValue(most);
        return await command.ExecuteNonQueryAsync(cancel);
    }
}
