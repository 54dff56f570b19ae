using System.Text.Json;
using System.Threading.Channels;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Throttling;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Throttling;

/// <summary>
/// Tells tenants that a limit is nearly, or fully, used: each once a window. The script decides when; what cannot be
/// written within a few tries is dropped, since the next window tells again.
/// </summary>
public sealed partial class LimitEvents(
    [FromKeyedServices(LedgerRole.Accept)] NpgsqlDataSource ledger,
    TimeProvider clock,
    ILogger<LimitEvents> log
) : BackgroundService
{
    public const string Warning = "limit.warning";
    public const string Reached = "limit.reached";
    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Both types of an event about no message: its bucket is its own id.
    private const string Insert = """
        INSERT INTO events (tenant_id, bucket, id, type, at, data) VALUES ($1, $2, $2, $3, $4, $5::jsonb)
        """;

    private readonly Channel<Told> waiting = Channel.CreateBounded<Told>(
        new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    public void Tell(Guid tenant, IReadOnlyList<AppliedLimit> limits, IReadOnlyList<LimitUse> uses)
    {
        for (var i = 0; i < limits.Count; i++)
        {
            if (uses[i].Warn)
            {
                waiting.Writer.TryWrite(new Told(tenant, Warning, limits[i], UsedOf(i, limits, uses)));
            }

            if (uses[i].Reached)
            {
                waiting.Writer.TryWrite(new Told(tenant, Reached, limits[i], UsedOf(i, limits, uses)));
            }
        }
    }

    /// <summary>Of a limit by stream both halves.</summary>
    private static long UsedOf(int place, IReadOnlyList<AppliedLimit> limits, IReadOnlyList<LimitUse> uses)
    {
        var used = uses[place].Used;
        for (var i = 0; limits[place].Broadcasts is not null && i < limits.Count; i++)
        {
            used += limits[i].Throttle.Key == limits[place].Throttle.OtherKey ? uses[i].Used : 0;
        }

        return used;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var told in waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await WriteAsync(told, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task WriteAsync(Told told, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await InsertAsync(told, cancel);
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
            {
                if (attempt == Tries)
                {
                    NotTold(log, told.Tenant, told.Type, problem.Message);
                    return;
                }

                await Task.Delay(Pause, clock, cancel);
            }
        }
    }

    private async Task InsertAsync(Told told, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        var tenants = new NpgsqlBatchCommand("SELECT set_config('gw.tenants', $1, true)");
        tenants.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{{{told.Tenant}}}" });
        batch.BatchCommands.Add(tenants);
        var insert = new NpgsqlBatchCommand(Insert);
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = told.Tenant });
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = LedgerId.New(now) });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = told.Type });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        insert.Parameters.Add(
            new NpgsqlParameter<string> { TypedValue = Data(told), NpgsqlDbType = NpgsqlDbType.Text }
        );
        batch.BatchCommands.Add(insert);
        await batch.ExecuteNonQueryAsync(cancel);
    }

    private static string Data(Told told) =>
        JsonSerializer.Serialize(
            new
            {
                scope = told.Limit.Scope,
                subject = told.Limit.Subject,
                unit = told.Limit.UnitName,
                window_seconds = (long)told.Limit.Window.TotalSeconds,
                cap = told.Limit.Cap,
                used = told.Used,
            }
        );

    [LoggerMessage(1, LogLevel.Warning, "Tenant {Tenant} was not told {Type}: {Problem}")]
    private static partial void NotTold(ILogger log, Guid tenant, string type, string problem);

    private sealed record Told(Guid Tenant, string Type, AppliedLimit Limit, long Used);
}
