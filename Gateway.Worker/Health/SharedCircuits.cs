using System.Text.Json;
using System.Threading.Channels;
using Gateway.Routing;
using Gateway.Worker.Telemetry;
using Npgsql;
using StackExchange.Redis;

namespace Gateway.Worker.Health;

/// <summary>
/// Tells the other workers what opened and closed, and hears it from them, through Redis: only a hint. Without it each
/// worker finds out by itself.
/// </summary>
public sealed class SharedCircuits(
    IConnectionMultiplexer redis,
    IConfiguration configuration,
    CircuitBoard board,
    TimeProvider clock,
    ILogger<SharedCircuits> log
) : BackgroundService
{
    /// <summary>Installations that share a Redis have paths of the same names.</summary>
    private readonly string channel = $"gw:circuits:{Installation(configuration)}";

    /// <summary>What nobody renewed for so long is no longer said.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(15);

    private readonly Channel<CircuitChange> changes = System.Threading.Channels.Channel.CreateBounded<CircuitChange>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    private string Stored => channel + ":open";

    private readonly string self = Guid.NewGuid().ToString("N");

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        board.TellTo(change => changes.Writer.TryWrite(change));
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await TryAsync(ListenAsync);
        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(stoppingToken))
            {
                await TryAsync(() => TellAsync(change));
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends.
        }
    }

    private async Task ListenAsync()
    {
        await redis.GetSubscriber().SubscribeAsync(channel, (_, message) => Hear(message));
        foreach (var entry in await redis.GetDatabase().HashGetAllAsync(Stored))
        {
            Hear(entry.Value);
        }
    }

    private async Task TellAsync(CircuitChange change)
    {
        var told = new Told(
            self,
            change.Key.Path,
            change.Key.Scope,
            change.Key.Subject,
            change.Circuit.Reason,
            change.Circuit.RestsUntil,
            change.Circuit.ChangedAt,
            change.Circuit.Openings
        );
        var text = JsonSerializer.Serialize(told);
        var field = $"{told.Path}|{told.Scope}|{told.Subject}";
        var database = redis.GetDatabase();
        if (change.Circuit.IsOpen)
        {
            await database.HashSetAsync(Stored, field, text);
            await database.KeyExpireAsync(Stored, KeptFor);
        }
        else
        {
            await database.HashDeleteAsync(Stored, field);
        }

        await redis.GetSubscriber().PublishAsync(channel, text);
    }

    private void Hear(string? text)
    {
        Told? told;
        try
        {
            told = text is null ? null : JsonSerializer.Deserialize<Told>(text);
        }
        catch (JsonException)
        {
            // Another release's word: not ours to understand.
            return;
        }

        if (told is null || told.Worker == self || clock.GetUtcNow() - told.ChangedAt > KeptFor)
        {
            return;
        }

        board.Heard(
            new CircuitKey(told.Path, told.Scope, told.Subject),
            new Circuit
            {
                Reason = told.Reason,
                RestsUntil = told.RestsUntil,
                ChangedAt = told.ChangedAt,
                Openings = told.Openings,
            }
        );
    }

    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException)
        {
            WorkerLog.CircuitsNotShared(log, problem.Message);
        }
    }

    private static string Installation(IConfiguration configuration)
    {
        var ledger = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("ledger"));
        return $"{ledger.Host}:{ledger.Port}/{ledger.Database}";
    }

    private sealed record Told(
        string Worker,
        string Path,
        CircuitScope Scope,
        string Subject,
        string? Reason,
        DateTimeOffset RestsUntil,
        DateTimeOffset ChangedAt,
        int Openings
    );
}
