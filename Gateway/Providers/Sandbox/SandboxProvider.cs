using System.Buffers;
using Gateway.Batching;
using Gateway.Mail;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Providers.Sandbox;

/// <summary>
/// Delivers into an inbox of our own, so that nothing leaves the machine. Mail that arrives together is stored
/// together; sending twice stores once.
/// </summary>
public sealed class SandboxProvider : IProvider
{
    private const string Store = """
        INSERT INTO sandbox_messages (tenant_id, delivery_id, message_id, mail_from, rcpt_to, raw)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[])
        ON CONFLICT DO NOTHING
        """;

    private readonly NpgsqlDataSource ledger;
    private readonly GroupCommit<OutboundMail, bool> commits;

    public SandboxProvider(NpgsqlDataSource ledger)
    {
        this.ledger = ledger;
        commits = new(StoreAsync, new() { SizeOf = m => m.Content.Length, InFlight = 1 });
    }

    public PathCapabilities Capabilities { get; } = new() { Eai = true, WeSign = true };

    public async Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel)
    {
        try
        {
            await commits.WriteAsync(mail, cancel);
            return new SendResult(Outcome.Accepted, OutcomeScope.None, "Stored", "250 2.0.0 stored in the sandbox");
        }
        catch (NpgsqlException problem)
        {
            // Stored or not, a second try stores once: nothing is unknown here.
            return new SendResult(Outcome.PathDown, OutcomeScope.Account, "Stored", problem.Message);
        }
    }

    public async Task<SendResult> ProbeAsync(CancellationToken cancel)
    {
        try
        {
            await using var look = ledger.CreateCommand("SELECT 1");
            await look.ExecuteNonQueryAsync(cancel);
            return new SendResult(Outcome.Accepted, OutcomeScope.None, "Probe", "the ledger answers");
        }
        catch (NpgsqlException problem)
        {
            return new SendResult(Outcome.PathDown, OutcomeScope.Account, "Probe", problem.Message);
        }
    }

    public ValueTask DisposeAsync() => commits.DisposeAsync();

    private async Task StoreAsync(
        IReadOnlyList<GroupCommit<OutboundMail, bool>.Pending> batch,
        CancellationToken cancel
    )
    {
        await using var command = ledger.CreateCommand(Store);
        Add(NpgsqlDbType.Uuid, m => m.TenantId);
        Add(NpgsqlDbType.Uuid, m => m.DeliveryId);
        Add(NpgsqlDbType.Uuid, m => m.MessageId);
        Add(NpgsqlDbType.Text, m => m.MailFrom);
        Add(NpgsqlDbType.Text, m => m.Recipient);
        Add(NpgsqlDbType.Bytea, m => m.Content.ToArray());
        await command.ExecuteNonQueryAsync(cancel);
        foreach (var stored in batch)
        {
            stored.TrySetResult(true);
        }

        void Add<T>(NpgsqlDbType element, Func<OutboundMail, T> value) =>
            command.Parameters.Add(
                new NpgsqlParameter<T[]>
                {
                    TypedValue = [.. batch.Select(p => value(p.Item))],
                    NpgsqlDbType = NpgsqlDbType.Array | element,
                }
            );
    }
}
