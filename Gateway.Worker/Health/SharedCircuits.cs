using System.Text.Json;
using System.Threading.Channels;
using Gateway.Routing;
using Gateway.Worker.Telemetry;
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
    private readonly CircuitHints hints = CircuitHints.Of(configuration.GetConnectionString("ledger")!);

    /// <summary>What nobody renewed for so long is no longer said.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(15);

    private readonly Channel<CircuitChange> changes = System.Threading.Channels.Channel.CreateBounded<CircuitChange>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest }
    );

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
        await redis.GetSubscriber().SubscribeAsync(hints.Channel, (_, message) => Hear(message));
        foreach (var entry in await redis.GetDatabase().HashGetAllAsync(hints.Stored))
        {
            Hear(entry.Value);
        }
    }

    private async Task TellAsync(CircuitChange change)
    {
        var told = CircuitHint.Of(self, change.Key, change.Circuit);
        var text = JsonSerializer.Serialize(told);
        var database = redis.GetDatabase();
        if (change.Circuit.IsOpen)
        {
            await database.HashSetAsync(hints.Stored, told.Field, text);
            await database.KeyExpireAsync(hints.Stored, KeptFor);
        }
        else
        {
            await database.HashDeleteAsync(hints.Stored, told.Field);
        }

        await redis.GetSubscriber().PublishAsync(hints.Channel, text);
    }

    private void Hear(string? text)
    {
        if (CircuitHint.Read(text) is { } told && told.Worker != self && clock.GetUtcNow() - told.ChangedAt <= KeptFor)
        {
            board.Heard(told.Key, told.Circuit);
        }
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
}
