using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Sandbox;

/// <summary>Which mails of the sandbox: those of one message, or all.</summary>
internal sealed record SandboxFilter(Guid Below, int Limit, Guid? Message)
{
    public static SandboxFilter? Read(IQueryCollection given, out ApiProblem? problem)
    {
        var query = new QueryFields(given);
        var filter = new SandboxFilter(IdCursor.Read(query), query.Limit(), query.Id("message_id"));
        problem = query.Problem();
        return problem is null ? filter : null;
    }
}

/// <summary>The mail that the sandbox provider kept, as a tenant sees it.</summary>
internal sealed class SandboxInbox(TenantLedger ledger)
{
    // Ids of deliveries are times: newest first is highest first.
    private const string List = """
        SELECT s.delivery_id, s.message_id, s.rcpt_to, m.from_address, m.subject, s.received_at
        FROM sandbox_messages s
        JOIN messages m ON m.tenant_id = $1 AND m.message_id = s.message_id
        WHERE s.tenant_id = $1 AND s.delivery_id < $2
        """;

    private const string Raw = "SELECT raw FROM sandbox_messages WHERE tenant_id = $1 AND delivery_id = $2";

    public Task<SandboxPage> ReadAsync(Guid tenant, SandboxFilter filter, CancellationToken cancel)
    {
        var command = Statement.Of(List, tenant).With(filter.Below).With(filter.Limit + 1);
        if (filter.Message is { } message)
        {
            command.CommandText += $" AND s.message_id = ${command.With(message).Parameters.Count}";
        }

        command.CommandText += " ORDER BY s.delivery_id DESC LIMIT $3";
        return ledger.ReadAsync(tenant, [command], reader => ReadPageAsync(reader, filter.Limit, cancel), cancel);
    }

    /// <summary>The bytes as they were handed over; null where there is no such mail.</summary>
    public Task<byte[]?> ReadRawAsync(Guid tenant, Guid delivery, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(Raw, tenant).With(delivery)],
            async reader => await reader.ReadAsync(cancel) ? reader.GetFieldValue<byte[]>(0) : null,
            cancel
        );

    private static async Task<SandboxPage> ReadPageAsync(NpgsqlDataReader row, int limit, CancellationToken cancel)
    {
        var items = new List<SandboxItem>();
        while (await row.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new SandboxPage(items, IdCursor.Write(items[^1].Id));
            }

            items.Add(
                new SandboxItem(
                    row.GetGuid(0),
                    row.GetGuid(1),
                    row.GetString(2),
                    row.GetString(3),
                    row.GetString(4),
                    row.Time(5)
                )
            );
        }

        return new SandboxPage(items, null);
    }
}
