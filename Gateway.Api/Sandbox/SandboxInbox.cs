using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Sandbox;

/// <summary>The mail that the sandbox provider kept, as a tenant sees it.</summary>
internal sealed class SandboxInbox(TenantLedger ledger)
{
    // Ids of deliveries are times: newest first is highest first. A list needs From and Subject, which stand in the
    // first 32 KiB of every mail that is not built to hide them.
    private const string List = $"""
        SELECT {SandboxMail.Columns}, substring(s.raw FROM 1 FOR 32768) FROM sandbox_messages s
        WHERE s.tenant_id = $1 AND s.delivery_id < $2
        """;

    private const string One = $"""
        SELECT {SandboxMail.Columns}, s.raw FROM sandbox_messages s WHERE s.tenant_id = $1 AND s.delivery_id = $2
        """;

    public Task<SandboxPage> ListAsync(Guid tenant, SandboxFilter filter, CancellationToken cancel)
    {
        var command = Statement.Of(List, tenant).With(filter.Below).With(filter.Limit + 1);
        if (filter.Message is { } message)
        {
            command.CommandText += $" AND s.message_id = ${command.With(message).Parameters.Count}";
        }

        command.CommandText += " ORDER BY s.delivery_id DESC LIMIT $3";
        return ledger.ReadAsync(tenant, [command], reader => ReadPageAsync(reader, filter.Limit, cancel), cancel);
    }

    /// <summary>Null where this tenant has no such mail.</summary>
    public Task<SandboxMail?> FindAsync(Guid tenant, Guid delivery, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(One, tenant).With(delivery)],
            async reader => await reader.ReadAsync(cancel) ? SandboxMail.Read(reader) : null,
            cancel
        );

    private static async Task<SandboxPage> ReadPageAsync(NpgsqlDataReader reader, int limit, CancellationToken cancel)
    {
        var items = new List<SandboxItem>();
        while (await reader.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new SandboxPage(items, IdCursor.Write(items[^1].Id));
            }

            items.Add(SandboxMail.Read(reader).Item);
        }

        return new SandboxPage(items, null);
    }
}
