using Gateway.Api.Reading;
using Gateway.Mail.Messages;
using Npgsql;

namespace Gateway.Api.Sandbox;

/// <summary>One mail of the sandbox, or the beginning of its bytes.</summary>
internal sealed record SandboxMail(Guid Id, Guid MessageId, string To, DateTimeOffset ReceivedAt, byte[] Raw)
{
    public const string Columns = "s.delivery_id, s.message_id, s.rcpt_to, s.received_at";

    private readonly HeaderFields headers = MimeMessage.Parse(Raw).Headers;

    /// <summary>Empty where the bytes hold no such field.</summary>
    public string From => headers.First("From")?.Text ?? "";

    public string Subject => headers.First("Subject")?.Text ?? "";

    public SandboxItem Item => new(Id, MessageId, To, From, Subject, ReceivedAt);

    /// <summary>Reads <see cref="Columns"/> and the bytes behind them.</summary>
    public static SandboxMail Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.Time(3), row.GetFieldValue<byte[]>(4));
}
