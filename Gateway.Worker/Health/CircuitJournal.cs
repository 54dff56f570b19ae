using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Routing;
using Gateway.Worker.Paths;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Health;

/// <summary>
/// No failover is silent: each circuit that opens or closes is logged, counted and written to the path's events; and what
/// waited for a path that came back is woken.
/// </summary>
public sealed class CircuitJournal(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    CircuitBoard board,
    PathWaiters waiters,
    TimeProvider clock,
    ILogger<CircuitJournal> log
) : BackgroundService
{
    private const string Write = """
        INSERT INTO path_events (event_id, path, type, at, actor, reason, data)
        VALUES ($1, $2, $3, $4, 'worker', $5, $6::jsonb)
        """;

    /// <summary>Replies are kept to this many characters: enough to know them again.</summary>
    private const int ReasonLength = 1_000;

    private readonly Channel<Entry> entries = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        board.TellTo(Saw);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var entry in entries.Reader.ReadAllAsync(stoppingToken))
            {
                await WriteAsync(entry, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends; the log has it.
        }
    }

    /// <summary>Something else that is an affair of the path.</summary>
    public void Tell(string path, string type, string reason) =>
        entries.Writer.TryWrite(new Entry(path, type, clock.GetUtcNow(), reason, null));

    private void Saw(CircuitChange change)
    {
        var scope = NameOf(change.Key.Scope);
        GatewayTelemetry.CircuitChanges.Add(
            1,
            new TagList
            {
                { "path", change.Key.Path },
                { "scope", scope },
                { "state", change.Circuit.IsOpen ? "open" : "closed" },
            }
        );
        if (change.Circuit.IsOpen)
        {
            WorkerLog.CircuitOpened(log, change.Key.Path, scope, change.Key.Subject, change.Reason!);
        }
        else
        {
            WorkerLog.CircuitClosed(log, change.Key.Path, scope, change.Key.Subject);
            waiters.Wake();
        }

        entries.Writer.TryWrite(
            new Entry(
                change.Key.Path,
                change.Circuit.IsOpen ? "circuit.opened" : "circuit.closed",
                change.Circuit.ChangedAt,
                change.Reason,
                JsonSerializer.Serialize(new { scope, subject = change.Key.Subject })
            )
        );
    }

    private async Task WriteAsync(Entry entry, CancellationToken cancel)
    {
        try
        {
            await using var command = ledger.CreateCommand(Write);
            command.Parameters.AddWithValue(LedgerId.New(clock.GetUtcNow()));
            command.Parameters.AddWithValue(entry.Path);
            command.Parameters.AddWithValue(entry.Type);
            command.Parameters.AddWithValue(entry.At);
            command.Parameters.AddWithValue((object?)Shorten(entry.Reason) ?? DBNull.Value);
            command.Parameters.AddWithValue((object?)entry.Data ?? DBNull.Value);
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            WorkerLog.PathEventLost(log, problem.Message);
        }
    }

    private static string? Shorten(string? reason)
    {
        var text = reason?.Replace('\0', '\uFFFD');
        return text?.Length > ReasonLength ? text[..ReasonLength] : text;
    }

    internal static string NameOf(CircuitScope scope) =>
        scope switch
        {
            CircuitScope.Path => "path",
            CircuitScope.Identity => "identity",
            CircuitScope.Stream => "stream",
            _ => "remote_domain",
        };

    private sealed record Entry(string Path, string Type, DateTimeOffset At, string? Reason, string? Data);
}
