using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Providers.Events;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>What a provider says of the account itself stands among the path's events, once.</summary>
internal sealed class AccountNews(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    TimeProvider clock,
    ILogger<AccountNews> log
)
{
    private const string Write = """
        INSERT INTO path_events (event_id, path, type, at, actor, reason, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb) ON CONFLICT DO NOTHING
        """;

    private const int MostReason = 1_000;

    public async Task TellAsync(string path, ProviderEvent read, CancellationToken cancel)
    {
        var what = read.Reply ?? "account";
        InboundLogLines.AccountNews(log, path, what.ReplaceLineEndings(" "));
        await TellAsync(IdOf(path, read), path, "provider.account", read.At, "provider", what, null, cancel);
    }

    /// <summary>Something that the gateway itself found out about a path's events.</summary>
    public Task TellAsync(string path, string type, string reason, object data, CancellationToken cancel) =>
        TellAsync(
            LedgerId.New(clock.GetUtcNow()),
            path,
            type,
            clock.GetUtcNow(),
            "webhooks",
            reason,
            JsonSerializer.Serialize(data),
            cancel
        );

    private async Task TellAsync(
        Guid id,
        string path,
        string type,
        DateTimeOffset at,
        string actor,
        string reason,
        string? data,
        CancellationToken cancel
    )
    {
        var text = reason.Replace('\0', '\uFFFD');
        await using var command = ledger.CreateCommand(Write);
        command.Parameters.AddWithValue(id);
        command.Parameters.AddWithValue(path);
        command.Parameters.AddWithValue(type);
        command.Parameters.AddWithValue(at.UtcDateTime);
        command.Parameters.AddWithValue(actor);
        command.Parameters.AddWithValue(text.Length <= MostReason ? text : text[..MostReason]);
        command.Parameters.AddWithValue((object?)data ?? DBNull.Value);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The same for each copy of the event, at its time among the others.</summary>
    private static Guid IdOf(string path, ProviderEvent read)
    {
        var bytes = LedgerId.FirstOf(read.At).ToByteArray(bigEndian: true);
        SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\0{read.Name}")).AsSpan(0, 9).CopyTo(bytes.AsSpan(7));
        return new Guid(bytes, bigEndian: true);
    }
}
