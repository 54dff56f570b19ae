using Gateway.Mail;
using Npgsql;

namespace Gateway.Providers.Sandbox;

/// <summary>Delivers into an inbox of our own, so that nothing leaves the machine. Sending twice stores once.</summary>
public sealed class SandboxProvider(NpgsqlDataSource ledger) : IProvider
{
    private const string Store = """
        INSERT INTO sandbox_messages (tenant_id, delivery_id, message_id, mail_from, rcpt_to, raw)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
        """;

    public PathCapabilities Capabilities { get; } = new() { Eai = true };

    public async Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel)
    {
        try
        {
            await using var command = ledger.CreateCommand(Store);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = mail.TenantId });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = mail.DeliveryId });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = mail.MessageId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = mail.MailFrom });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = mail.Recipient });
            command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = mail.Content });
            await command.ExecuteNonQueryAsync(cancel);
            return new SendResult(Outcome.Accepted, OutcomeScope.None, "Stored", "250 2.0.0 stored in the sandbox");
        }
        catch (NpgsqlException problem)
        {
            // Stored or not, a second try stores once: nothing is unknown here.
            return new SendResult(Outcome.PathDown, OutcomeScope.Account, "Stored", problem.Message);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
