using System.Collections.Concurrent;
using System.Threading.Channels;
using Gateway.Database;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Auth;

/// <summary>
/// Remembers from which networks a tenant's keys are used: at most once in ten minutes for each, beside the requests and
/// never in them. What does not fit is dropped: the next request tells it again.
/// </summary>
public sealed class NetworkUse(TimeProvider clock)
{
    public static readonly TimeSpan Each = TimeSpan.FromMinutes(10);
    private const int Waiting = 4_096;

    /// <summary>About 10 MB; beyond it the memory starts anew.</summary>
    private const int MostNetworks = 100_000;

    private readonly ConcurrentDictionary<(Guid, SourceNetwork), long> toldAt = new();

    private readonly Channel<NetworkUsed> told = Channel.CreateBounded<NetworkUsed>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true }
    );

    internal ChannelReader<NetworkUsed> Told => told.Reader;

    /// <summary>Costs a look-up in memory.</summary>
    public void Note(TenantSnapshot tenant, SourceNetwork? from)
    {
        // Of a tenant with too many networks to tell apart, none is written any more.
        if (from is not { } network || tenant.History is { Networks: null })
        {
            return;
        }

        var now = clock.GetTimestamp();
        if (toldAt.TryGetValue((tenant.Id, network), out var before) && clock.GetElapsedTime(before, now) < Each)
        {
            return;
        }

        if (toldAt.Count >= MostNetworks)
        {
            toldAt.Clear();
        }

        if (told.Writer.TryWrite(new NetworkUsed(tenant.Id, network, clock.GetUtcNow())))
        {
            toldAt[(tenant.Id, network)] = now;
        }
    }
}

internal readonly record struct NetworkUsed(Guid Tenant, SourceNetwork Network, DateTimeOffset At);

/// <summary>Writes what <see cref="NetworkUse"/> was told, many networks in one statement.</summary>
internal sealed class NetworkUseWriter(
    NetworkUse use,
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TimeProvider clock
) : BackgroundService
{
    private const int Together = 500;
    private static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);

    // A network that was away for 30 days is as new as one that was never seen.
    private const string Write = """
        INSERT INTO tenant_networks AS n (tenant_id, network, first_seen_at, last_seen_at)
        SELECT tenant_id, network, max(at), max(at) FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
            AS u (tenant_id, network, at) GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (tenant_id, network) DO UPDATE
        SET first_seen_at = CASE WHEN n.last_seen_at < excluded.last_seen_at - interval '30 days'
                THEN excluded.first_seen_at ELSE n.first_seen_at END,
            last_seen_at = greatest(n.last_seen_at, excluded.last_seen_at)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var uses = new List<NetworkUsed>(Together);
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
            // The host stops; the next request from there tells it again.
        }
    }

    private async Task TryWriteAsync(List<NetworkUsed> uses, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ledger.OpenConnectionAsync(cancel);
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
            Add(write, NpgsqlDbType.Text, uses.ConvertAll(u => u.Network.ToString()).ToArray());
            Add(write, NpgsqlDbType.TimestampTz, uses.ConvertAll(u => u.At.UtcDateTime).ToArray());
            batch.BatchCommands.Add(write);
            await batch.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            // The ledger is away: the network is told again in ten minutes.
        }
    }

    private static void Add<T>(NpgsqlBatchCommand command, NpgsqlDbType element, T[] values) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
}
