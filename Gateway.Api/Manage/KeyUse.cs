using System.Collections.Concurrent;
using System.Threading.Channels;
using Gateway.Database;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Manage;

/// <summary>
/// Remembers when keys were last used: at most once a minute a key and replica, beside the requests and never in them.
/// What does not fit is dropped: the next request of that key tells it again.
/// </summary>
public sealed class KeyUse(TimeProvider clock)
{
    public static readonly TimeSpan Each = TimeSpan.FromMinutes(1);

    /// <summary>Keys of one minute; more than that are told late.</summary>
    private const int Waiting = 4_096;

    /// <summary>About 10 MB; beyond it the memory starts anew.</summary>
    private const int MostKeys = 100_000;

    private readonly ConcurrentDictionary<string, long> toldAt = new(StringComparer.Ordinal);

    private readonly Channel<KeyUsed> told = Channel.CreateBounded<KeyUsed>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true }
    );

    internal ChannelReader<KeyUsed> Told => told.Reader;

    /// <summary>Costs a look-up in memory.</summary>
    public void Note(Caller caller)
    {
        var now = clock.GetTimestamp();
        if (toldAt.TryGetValue(caller.KeyId, out var before) && clock.GetElapsedTime(before, now) < Each)
        {
            return;
        }

        if (toldAt.Count >= MostKeys)
        {
            toldAt.Clear();
        }

        if (told.Writer.TryWrite(new KeyUsed(caller.Tenant.Id, caller.KeyId, clock.GetUtcNow())))
        {
            toldAt[caller.KeyId] = now;
        }
    }
}

internal readonly record struct KeyUsed(Guid Tenant, string KeyId, DateTimeOffset At);

/// <summary>Writes what <see cref="KeyUse"/> was told, many keys in one statement.</summary>
internal sealed class KeyUseWriter(
    KeyUse use,
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TimeProvider clock
) : BackgroundService
{
    private const int Together = 500;
    private static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);

    // Another replica may have told a later use.
    private const string Write = """
        UPDATE api_keys k SET last_used_at = u.at, first_used_at = coalesce(k.first_used_at, u.at)
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u (tenant_id, key_id, at)
        WHERE k.tenant_id = u.tenant_id AND k.key_id = u.key_id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var uses = new List<KeyUsed>(Together);
        try
        {
            while (await use.Told.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Gather, clock, stoppingToken);
                uses.Clear();
                while (uses.Count < Together && use.Told.TryRead(out var used))
                {
                    uses.Add(used);
                }

                await TryWriteAsync(uses, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; a minute of last use is no loss.
        }
    }

    private async Task TryWriteAsync(List<KeyUsed> uses, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ledger.OpenConnectionAsync(cancel);
            // Rows are locked in one order, whichever replica writes.
            uses.Sort((a, b) => string.CompareOrdinal(a.KeyId, b.KeyId));
            await using var batch = new NpgsqlBatch(connection);
            var tenants = new NpgsqlBatchCommand("SELECT set_config('gw.tenants', $1, true)");
            tenants.Parameters.Add(
                new NpgsqlParameter<string>
                {
                    TypedValue = $"{{{string.Join(',', uses.Select(u => u.Tenant).Distinct())}}}",
                }
            );
            batch.BatchCommands.Add(tenants);
            var write = new NpgsqlBatchCommand(Write);
            Add(write, NpgsqlDbType.Uuid, uses.ConvertAll(u => u.Tenant).ToArray());
            Add(write, NpgsqlDbType.Text, uses.ConvertAll(u => u.KeyId).ToArray());
            Add(write, NpgsqlDbType.TimestampTz, uses.ConvertAll(u => u.At.UtcDateTime).ToArray());
            batch.BatchCommands.Add(write);
            await batch.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            // The ledger is away: a later use tells a later time.
        }
    }

    private static void Add<T>(NpgsqlBatchCommand command, NpgsqlDbType element, T[] values) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
}
