using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Suppressions;

/// <summary>A tenant's suppressions in the ledger. What ended is not shown and does not count.</summary>
internal sealed class SuppressionStore(TenantLedger ledger, TimeProvider clock)
{
    private const string Live = "(expires_at IS NULL OR expires_at > now())";

    private const string List = $"""
        SELECT {SuppressionView.Columns} FROM suppressions
        WHERE tenant_id = $1 AND suppression_id < $2 AND suppression_id >= $3
            AND ($4::text IS NULL OR address = $4) AND ($5::text IS NULL OR reason = $5)
            AND ($6::text IS NULL OR stream = $6) AND {Live}
        ORDER BY suppression_id DESC LIMIT $7
        """;

    private const string Get = $"""
        SELECT {SuppressionView.Columns} FROM suppressions WHERE tenant_id = $1 AND suppression_id = $2 AND {Live}
        """;

    // A weaker reason never takes the place of a stronger one: who complained stays so, whatever list is imported.
    private const string Write = """
        INSERT INTO suppressions AS s (tenant_id, address, stream, reason, source, expires_at, detail)
        SELECT $1, n.address, n.stream, n.reason, 'tenant', n.expires_at, n.detail
        FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
            AS n (address, stream, reason, expires_at, detail)
        ORDER BY n.address, n.stream
        ON CONFLICT (tenant_id, address, stream) DO UPDATE
        SET suppression_id = excluded.suppression_id, reason = excluded.reason, source = excluded.source,
            created_at = excluded.created_at, expires_at = excluded.expires_at, event_id = NULL, delivery_id = NULL,
            detail = excluded.detail
        WHERE s.expires_at <= now() OR suppression_rank(excluded.reason) > suppression_rank(s.reason)
            OR excluded.reason = s.reason AND s.source = 'tenant'
                AND (excluded.expires_at, excluded.detail) IS DISTINCT FROM (s.expires_at, s.detail)
        RETURNING s.xmax = 0
        """;

    private const string Named = $"""
        SELECT {SuppressionView.Columns} FROM suppressions
        WHERE tenant_id = $1 AND address = $2 AND stream = ANY ($3::text[]) ORDER BY stream
        """;

    private const string Remove = $"""
        DELETE FROM suppressions WHERE tenant_id = $1 AND suppression_id = $2 RETURNING {SuppressionView.Columns}
        """;

    private const string Note = """
        INSERT INTO audit (audit_id, tenant_id, actor, action, target, data)
        VALUES ($2, $1, $3, $4, $5, $6::jsonb)
        """;

    public Task<SuppressionPage> ListAsync(Guid tenant, SuppressionFilter filter, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [
                Statement
                    .Of(List, tenant)
                    .With(filter.Below)
                    .With(filter.From)
                    .With(NpgsqlDbType.Text, filter.Address)
                    .With(NpgsqlDbType.Text, filter.Reason)
                    .With(NpgsqlDbType.Text, filter.Stream)
                    .With(filter.Limit + 1),
            ],
            async reader =>
            {
                var items = await AllAsync(reader, cancel);
                return items.Count <= filter.Limit
                    ? new SuppressionPage(items, null)
                    : new SuppressionPage(items[..filter.Limit], IdCursor.Write(items[filter.Limit - 1].Id));
            },
            cancel
        );

    public Task<SuppressionView?> GetAsync(Guid tenant, Guid id, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(Get, tenant).With(id)],
            async reader => (await AllAsync(reader, cancel)).FirstOrDefault(),
            cancel
        );

    /// <summary>The address's rows as they are then, and whether any of them is new or changed.</summary>
    public async Task<(IReadOnlyList<SuppressionView> Rows, bool IsNew)> AddAsync(
        Caller caller,
        WantedSuppression wanted,
        CancellationToken cancel
    )
    {
        var tenant = caller.Tenant.Id;
        var (rows, changed) = (new List<SuppressionView>(), 0);
        await ledger.ChangeAsync<object>(
            tenant,
            [
                WriteCommand(tenant, [wanted]),
                Statement
                    .Of(Named, tenant)
                    .With(NpgsqlDbType.Text, wanted.Address)
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Text, wanted.Streams.ToArray()),
            ],
            async reader =>
            {
                while (await reader.ReadAsync(cancel))
                {
                    changed++;
                }

                await reader.NextResultAsync(cancel);
                rows = await AllAsync(reader, cancel);
                return this;
            },
            _ =>
                changed == 0
                    ? []
                    : [NoteCommand(caller, "suppression.add", wanted.Address, $$"""{"reason":"{{wanted.Reason}}"}""")],
            cancel
        );
        return (rows, changed > 0);
    }

    public async Task<ImportedSuppressions> ImportAsync(
        Caller caller,
        IReadOnlyList<WantedSuppression> wanted,
        CancellationToken cancel
    )
    {
        var tenant = caller.Tenant.Id;
        var rows = wanted.Sum(w => w.Streams.Count);
        var distinct = Distinct(wanted);
        var (added, changed) = (0, 0);
        await ledger.ChangeAsync<object>(
            tenant,
            [WriteCommand(tenant, distinct)],
            async reader =>
            {
                while (await reader.ReadAsync(cancel))
                {
                    (added, changed) = reader.GetBoolean(0) ? (added + 1, changed) : (added, changed + 1);
                }

                return this;
            },
            _ =>
                [
                    NoteCommand(
                        caller,
                        "suppression.import",
                        tenant.ToString(),
                        $$"""{"lines":{{wanted.Count}},"added":{{added}},"changed":{{changed}}}"""
                    ),
                ],
            cancel
        );
        return new ImportedSuppressions(wanted.Count, added, changed, rows - added - changed);
    }

    public Task<SuppressionView?> DeleteAsync(Caller caller, Guid id, CancellationToken cancel) =>
        ledger.ChangeAsync(
            caller.Tenant.Id,
            [Statement.Of(Remove, caller.Tenant.Id).With(id)],
            async reader => (await AllAsync(reader, cancel)).FirstOrDefault(),
            gone =>
                [
                    NoteCommand(
                        caller,
                        "suppression.delete",
                        gone.Address,
                        $$"""{"stream":"{{gone.Stream}}","reason":"{{gone.Reason}}","source":"{{gone.Source}}"}"""
                    ),
                ],
            cancel
        );

    /// <summary>One statement cannot write a row twice: of the lines about one address and stream the last one counts.</summary>
    private static List<WantedSuppression> Distinct(IReadOnlyList<WantedSuppression> wanted)
    {
        var last = new Dictionary<(string Address, string Stream), WantedSuppression>();
        foreach (var line in wanted)
        {
            foreach (var stream in line.Streams)
            {
                last[(line.Address, stream)] = line with { Streams = [stream] };
            }
        }

        return [.. last.Values];
    }

    private static NpgsqlBatchCommand WriteCommand(Guid tenant, IReadOnlyList<WantedSuppression> wanted)
    {
        var rows = wanted.SelectMany(w => w.Streams.Select(stream => (Wanted: w, Stream: stream))).ToArray();
        const NpgsqlDbType texts = NpgsqlDbType.Array | NpgsqlDbType.Text;
        return Statement
            .Of(Write, tenant)
            .With(texts, Array.ConvertAll(rows, r => r.Wanted.Address))
            .With(texts, Array.ConvertAll(rows, r => r.Stream))
            .With(texts, Array.ConvertAll(rows, r => r.Wanted.Reason))
            .With(
                NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
                Array.ConvertAll(rows, r => r.Wanted.ExpiresAt?.UtcDateTime)
            )
            .With(texts, Array.ConvertAll(rows, r => r.Wanted.Detail));
    }

    private NpgsqlBatchCommand NoteCommand(Caller caller, string action, string target, string data) =>
        Statement
            .Of(Note, caller.Tenant.Id)
            .With(LedgerId.New(clock.GetUtcNow()))
            .With($"key:{caller.KeyId}")
            .With(action)
            .With(target)
            .With(NpgsqlDbType.Text, data);

    private static async Task<List<SuppressionView>> AllAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        var rows = new List<SuppressionView>();
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(SuppressionView.Of(reader));
        }

        return rows;
    }
}
