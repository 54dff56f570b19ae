using Gateway.Database;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>
/// Writes what the watch counted, once a second, and hears in the same statement what all replicas counted together.
/// Whoever writes the first hold of an hour tells tenant and operator of it.
/// </summary>
internal sealed partial class VolumeWriter(
    VolumeWatch watch,
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TimeProvider clock,
    ILogger<VolumeWriter> log
) : BackgroundService
{
    /// <summary>Tenants of one statement; write transactions are short (D9).</summary>
    private const int Together = 500;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what is counted until now is written once more.
        }

        using var last = new CancellationTokenSource(TimeSpan.FromSeconds(2), clock);
        await WriteAsync(last.Token);
    }

    internal async Task WriteAsync(CancellationToken cancel)
    {
        // Rows are locked in one order, whichever replica writes.
        var unwritten = watch.TakeUnwritten(clock.GetUtcNow()).OrderBy(u => (u.Tenant, u.Hour)).ToArray();
        foreach (var part in unwritten.Chunk(Together))
        {
            try
            {
                await WriteAsync(part, cancel);
            }
            catch (Exception problem)
                when (problem is NpgsqlException or TimeoutException or IOException or OperationCanceledException)
            {
                foreach (var u in part)
                {
                    u.Volume.PutBack(u.Hour, u.Count);
                }
            }
        }
    }

    private async Task WriteAsync(UnwrittenVolume[] part, CancellationToken cancel)
    {
        var sums = new Dictionary<(Guid, DateTimeOffset), long>(part.Length);
        var told = new HashSet<Guid>();
        await using (var connection = await ledger.OpenConnectionAsync(cancel))
        {
            await using var batch = VolumeStatement.Build(connection, part, clock.GetUtcNow());
            await using var reader = await batch.ExecuteReaderAsync(cancel);
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                sums[(reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1))] = reader.GetInt64(2);
            }

            while (await reader.NextResultAsync(cancel))
            {
                while (await reader.ReadAsync(cancel))
                {
                    told.Add(reader.GetGuid(0));
                }
            }
        }

        foreach (var u in part)
        {
            u.Volume.Written(u.Hour, u.Count, sums.GetValueOrDefault((u.Tenant, u.Hour)));
            if (u.Count.Last is { } last && told.Contains(u.Tenant))
            {
                Held(log, u.Tenant, last.Key, last.Network, last.Recipients, last.Most);
            }
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "Mail of tenant {Tenant} is held: its new key {Key} sends from the new network {Network}, {Recipients} recipients "
            + "within an hour where {Most} would be usual"
    )]
    private static partial void Held(
        ILogger log,
        Guid tenant,
        string key,
        SourceNetwork network,
        long recipients,
        long most
    );
}
