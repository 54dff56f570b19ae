using Npgsql;
using NpgsqlTypes;

namespace Gateway.Suppressions;

/// <summary>
/// Follows the events and keeps the suppressions that follow from them. What is read, what follows and how far it came
/// are one transaction: replicas take turns, a crash loses nothing, and no writer of events has to think of it.
/// </summary>
public sealed class SuppressionLedger(NpgsqlDataSource ledger, SuppressionOptions options)
{
    /// <summary>Events of one turn; a write transaction stays short.</summary>
    public const int Batch = 1_000;

    /// <summary>Characters of what the far side said.</summary>
    private const int LongestDetail = 1_000;

    /// <summary>How many events were followed; less than <see cref="Batch"/> when there are no more, or another replica follows.</summary>
    public async Task<int> AdvanceAsync(CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (await LockAsync(connection, cancel) is not { } from)
        {
            return 0;
        }

        var (facts, seen, last) = await ReadAsync(connection, from, cancel);
        if (seen == 0)
        {
            return 0;
        }

        var changes = await FoldAsync(connection, facts, cancel);
        await WriteAsync(connection, changes, cancel);
        await using (var advance = new NpgsqlCommand(SuppressionSql.Advance, connection))
        {
            Add(advance, NpgsqlDbType.Xid8, last.Xid);
            Add(advance, NpgsqlDbType.Uuid, last.Id);
            await advance.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        return seen;
    }

    /// <summary>Drops what ended a day ago or longer.</summary>
    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(SuppressionSql.ForgetExpired);
        while (await command.ExecuteNonQueryAsync(cancel) > 0) { }
    }

    private static async Task<Place?> LockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(SuppressionSql.Lock, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? new Place(reader.GetFieldValue<ulong>(0), reader.GetGuid(1)) : null;
    }

    private static async Task<(List<AddressFact> Facts, int Seen, Place Last)> ReadAsync(
        NpgsqlConnection connection,
        Place from,
        CancellationToken cancel
    )
    {
        await using var command = new NpgsqlCommand(SuppressionSql.Read, connection);
        Add(command, NpgsqlDbType.Xid8, from.Xid);
        Add(command, NpgsqlDbType.Uuid, from.Id);
        Add(command, NpgsqlDbType.Integer, Batch);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var facts = new List<AddressFact>();
        var (seen, last) = (0, from);
        while (await reader.ReadAsync(cancel))
        {
            seen++;
            last = new Place(reader.GetFieldValue<ulong>(0), reader.GetGuid(1));
            // Nobody gets, refuses or leaves test mail in earnest.
            if (Text(reader, 12) is { } address && reader.GetString(14) != "test")
            {
                facts.Add(Fact(reader, address));
            }
        }

        return (facts, seen, last);
    }

    private static AddressFact Fact(NpgsqlDataReader r, string address) =>
        new()
        {
            EventId = r.GetGuid(1),
            Tenant = r.GetGuid(2),
            Delivery = r.IsDBNull(3) ? null : r.GetGuid(3),
            Type = r.GetString(4),
            At = r.GetFieldValue<DateTimeOffset>(5),
            Cause = Text(r, 6),
            Class = Text(r, 16),
            Outcome = Text(r, 7),
            ProviderList = Text(r, 8),
            Source = Text(r, 9) switch
            {
                // Refused at once: the worker's own record names no source.
                null => "smtp",
                "provider" => $"provider:{Text(r, 10)}",
                var source => source,
            },
            Detail = Text(r, 11) is { } reply ? reply[..Math.Min(reply.Length, LongestDetail)] : null,
            Address = address,
            Stream = Text(r, 13),
            AllStreams = r.GetBoolean(15),
        };

    private async Task<Dictionary<AddressKey, AddressChanges>> FoldAsync(
        NpgsqlConnection connection,
        List<AddressFact> facts,
        CancellationToken cancel
    )
    {
        var keys = facts.ConvertAll(f => new AddressKey(f.Tenant, f.Address)).Distinct().ToArray();
        var runs = await ReadRunsAsync(connection, keys, cancel);
        var changes = keys.ToDictionary(
            key => key,
            key => new AddressChanges(runs.TryGetValue(key, out var run) ? run : null, options)
        );
        foreach (var fact in facts)
        {
            changes[new AddressKey(fact.Tenant, fact.Address)].Apply(fact);
        }

        return changes;
    }

    private static async Task<Dictionary<AddressKey, SoftRun>> ReadRunsAsync(
        NpgsqlConnection connection,
        AddressKey[] keys,
        CancellationToken cancel
    )
    {
        await using var command = new NpgsqlCommand(SuppressionSql.ReadRuns, connection);
        AddKeys(command, keys);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var runs = new Dictionary<AddressKey, SoftRun>();
        while (await reader.ReadAsync(cancel))
        {
            runs[new AddressKey(reader.GetGuid(0), reader.GetString(1))] = new SoftRun(
                reader.GetInt32(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetFieldValue<DateTimeOffset>(4)
            );
        }

        return runs;
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection,
        Dictionary<AddressKey, AddressChanges> changes,
        CancellationToken cancel
    )
    {
        // Healed before suppressed: what was suppressed after the arrival stands.
        var healed = changes.Where(c => c.Value.HealedAt is not null).ToArray();
        await RunAsync(
            connection,
            SuppressionSql.Heal,
            healed.Length,
            cancel,
            c =>
            {
                AddKeys(c, [.. healed.Select(h => h.Key)]);
                AddEach(c, NpgsqlDbType.TimestampTz, healed.Select(h => h.Value.HealedAt!.Value.UtcDateTime));
            }
        );
        var quiet = changes.Where(c => c.Value is { Run: null, HealedAt: not null }).Select(c => c.Key).ToArray();
        await RunAsync(connection, SuppressionSql.ForgetRuns, quiet.Length, cancel, c => AddKeys(c, quiet));
        var runs = changes.Where(c => c.Value.Run is not null).ToArray();
        await RunAsync(
            connection,
            SuppressionSql.WriteRuns,
            runs.Length,
            cancel,
            c =>
            {
                AddKeys(c, [.. runs.Select(r => r.Key)]);
                AddEach(c, NpgsqlDbType.Integer, runs.Select(r => r.Value.Run!.Value.Failures));
                AddEach(c, NpgsqlDbType.TimestampTz, runs.Select(r => r.Value.Run!.Value.First.UtcDateTime));
                AddEach(c, NpgsqlDbType.TimestampTz, runs.Select(r => r.Value.Run!.Value.Last.UtcDateTime));
            }
        );
        var made = changes.SelectMany(c => c.Value.Suppressions).ToArray();
        await RunAsync(
            connection,
            SuppressionSql.Suppress,
            made.Length,
            cancel,
            c =>
            {
                AddEach(c, NpgsqlDbType.Uuid, made.Select(m => m.Fact.Tenant));
                AddEach(c, NpgsqlDbType.Text, made.Select(m => m.Fact.Address));
                AddEach(c, NpgsqlDbType.Text, made.Select(m => m.Stream));
                AddEach(c, NpgsqlDbType.Text, made.Select(m => m.Reason));
                AddEach(c, NpgsqlDbType.Text, made.Select(m => m.Fact.Source));
                AddEach(c, NpgsqlDbType.TimestampTz, made.Select(m => m.At.UtcDateTime));
                AddEach(c, NpgsqlDbType.TimestampTz, made.Select(m => m.ExpiresAt?.UtcDateTime));
                AddEach(c, NpgsqlDbType.Uuid, made.Select(m => m.Fact.EventId));
                AddEach(c, NpgsqlDbType.Uuid, made.Select(m => m.Fact.Delivery));
                AddEach(c, NpgsqlDbType.Text, made.Select(m => m.Fact.Detail));
            }
        );
        foreach (var reason in made.GroupBy(m => m.Reason))
        {
            GatewayTelemetry.Suppressed.Add(reason.Count(), new KeyValuePair<string, object?>("reason", reason.Key));
        }
    }

    private static async Task RunAsync(
        NpgsqlConnection connection,
        string sql,
        int rows,
        CancellationToken cancel,
        Action<NpgsqlCommand> fill
    )
    {
        if (rows == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(sql, connection);
        fill(command);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static string? Text(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);

    private static void AddKeys(NpgsqlCommand command, AddressKey[] keys)
    {
        AddEach(command, NpgsqlDbType.Uuid, keys.Select(k => k.Tenant));
        AddEach(command, NpgsqlDbType.Text, keys.Select(k => k.Address));
    }

    private static void AddEach<T>(NpgsqlCommand command, NpgsqlDbType element, IEnumerable<T> values) =>
        Add(command, NpgsqlDbType.Array | element, values.ToArray());

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, T value) =>
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });

    private readonly record struct AddressKey(Guid Tenant, string Address);

    private readonly record struct Place(ulong Xid, Guid Id);
}
