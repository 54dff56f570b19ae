using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Auth;

/// <summary>Writes what <see cref="UseNotes{TSubject}"/> was told, much in one statement.</summary>
/// <param name="write">Takes the tenants, the subjects as text and the times as its three arrays.</param>
internal abstract class UseWriter<TSubject>(
    UseNotes<TSubject> notes,
    NpgsqlDataSource ledger,
    TimeProvider clock,
    string write
) : BackgroundService
    where TSubject : notnull
{
    private const int Together = 500;
    private static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var uses = new List<(Guid Tenant, string Subject, DateTime At)>(Together);
        try
        {
            while (await notes.Told.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Gather, clock, stoppingToken);
                uses.Clear();
                while (uses.Count < Together && notes.Told.TryRead(out var used))
                {
                    uses.Add((used.Tenant, used.Subject.ToString()!, used.At.UtcDateTime));
                }

                await TryWriteAsync(uses, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops: the next request tells it again, elsewhere.
        }
    }

    private async Task TryWriteAsync(List<(Guid Tenant, string Subject, DateTime At)> uses, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ledger.OpenConnectionAsync(cancel);
            // Rows are locked in one order, whichever replica writes.
            uses.Sort((a, b) => string.CompareOrdinal(a.Subject, b.Subject));
            await using var batch = new NpgsqlBatch(connection);
            var tenants = new NpgsqlBatchCommand("SELECT set_config('gw.tenants', $1, true)");
            var all = string.Join(',', uses.Select(u => u.Tenant).Distinct());
            tenants.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{{{all}}}" });
            batch.BatchCommands.Add(tenants);
            var command = new NpgsqlBatchCommand(write);
            Add(command, NpgsqlDbType.Uuid, uses.ConvertAll(u => u.Tenant).ToArray());
            Add(command, NpgsqlDbType.Text, uses.ConvertAll(u => u.Subject).ToArray());
            Add(command, NpgsqlDbType.TimestampTz, uses.ConvertAll(u => u.At).ToArray());
            batch.BatchCommands.Add(command);
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
