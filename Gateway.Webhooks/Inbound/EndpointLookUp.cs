using Gateway.Database;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

internal enum EndpointAnswer
{
    Exists,
    Absent,

    /// <summary>Too many ask, or the ledger is away.</summary>
    CannotTell,
}

/// <summary>
/// Asks the ledger for a door that this replica does not know: made this very second, or guessed. A provider is told that
/// its door does not exist only on the ledger's word.
/// </summary>
internal sealed class EndpointLookUp([FromKeyedServices(LedgerRole.Accept)] NpgsqlDataSource ledger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim places = new(InboundLimits.LookUpsAtOnce);

    public async Task<EndpointAnswer> AskAsync(string endpoint, CancellationToken cancel)
    {
        if (!await places.WaitAsync(Patience, cancel))
        {
            return EndpointAnswer.CannotTell;
        }

        try
        {
            await using var command = ledger.CreateCommand("SELECT path FROM find_event_endpoint($1)");
            command.Parameters.AddWithValue(endpoint);
            return await command.ExecuteScalarAsync(cancel) is null ? EndpointAnswer.Absent : EndpointAnswer.Exists;
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            return EndpointAnswer.CannotTell;
        }
        finally
        {
            places.Release();
        }
    }
}
