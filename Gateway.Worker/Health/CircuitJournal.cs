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

    private readonly Channel<CircuitChange> changes = Channel.CreateBounded<CircuitChange>(
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
            await foreach (var change in changes.Reader.ReadAllAsync(stoppingToken))
            {
                await WriteAsync(change, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends; the log has it.
        }
    }

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

        changes.Writer.TryWrite(change);
    }

    private async Task WriteAsync(CircuitChange change, CancellationToken cancel)
    {
        try
        {
            await using var command = ledger.CreateCommand(Write);
            command.Parameters.AddWithValue(LedgerId.New(clock.GetUtcNow()));
            command.Parameters.AddWithValue(change.Key.Path);
            command.Parameters.AddWithValue(change.Circuit.IsOpen ? "circuit.opened" : "circuit.closed");
            command.Parameters.AddWithValue(change.Circuit.ChangedAt);
            command.Parameters.AddWithValue((object?)Shorten(change.Reason) ?? DBNull.Value);
            command.Parameters.AddWithValue(
                JsonSerializer.Serialize(new { scope = NameOf(change.Key.Scope), subject = change.Key.Subject })
            );
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
}
