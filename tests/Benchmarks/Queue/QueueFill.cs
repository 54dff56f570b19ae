namespace Gateway.Benchmarks.Queue;

/// <summary>Runs SQL as somebody whom row security does not bind.</summary>
internal delegate Task RunSql(string sql, object values);

/// <summary>Ledgers as they are after days of work, made in SQL: everything that acceptance and sending would have left.</summary>
internal static class QueueFill
{
    private const int AtOnce = 100_000;

    // UUIDv7: 12 digits of milliseconds, 7, 3 of chance, 8, 3 of chance, 9 of the number, 3 of the place.
    private const string Rows = """
        CREATE TEMPORARY TABLE fill ON COMMIT DROP AS
        SELECT n, (@tenants)[1 + n % cardinality(@tenants)] AS tenant_id, (id || '000')::uuid AS message_id,
            (id || '001')::uuid AS delivery_id, (id || '002')::uuid AS begun_id, (id || '003')::uuid AS ended_id,
            @since + n * interval '50 microseconds' AS at
        FROM generate_series(@from, @to) n, LATERAL (SELECT
            lpad(to_hex(floor(extract(epoch FROM @since) * 1000)::bigint + n / 20), 12, '0') || '7' || left(md5(n || @salt), 3)
            || '8' || right(md5(n || @salt), 3) || lpad(to_hex(n), 9, '0') AS id) i;
        INSERT INTO messages (tenant_id, message_id, submission_id, key_id, door, mode, stream, from_address, from_domain,
            subject, track_opens, track_clicks, size_bytes, body_message_id, accepted_at)
        SELECT tenant_id, message_id, message_id, 'k', 'json', 'live', @stream, 'hello@' || @domain, @domain, 'subject ' || n,
            false, false, length(@content), (SELECT message_id FROM bodies b WHERE b.tenant_id = f.tenant_id LIMIT 1), at
        FROM fill f;
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at)
        SELECT tenant_id, message_id, delivery_id, message_id, delivery_id, 1, 'accepted', 'queued', at FROM fill;
        """;

    private const string Bodies = """
        INSERT INTO bodies (tenant_id, message_id, content)
        SELECT t, (lpad(to_hex(floor(extract(epoch FROM @since) * 1000)::bigint), 12, '0') || '7000800000000000' || '0000')::uuid,
            convert_to(@content, 'UTF8') FROM unnest(@tenants) t
        ON CONFLICT DO NOTHING
        """;

    private const string Queued = """
        INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, created_at, updated_at)
        SELECT tenant_id, message_id, delivery_id, 'r' || to_hex(n) || '@example.net', 'r' || to_hex(n) || '@example.net',
            'queued', at, at FROM fill;
        INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id)
        SELECT tenant_id, @stream, at, delivery_id, message_id FROM fill;
        """;

    private const string Finished = """
        INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, cause, path, attempts,
            sequence, created_at, updated_at, ended_at)
        SELECT tenant_id, message_id, delivery_id, 'r' || to_hex(n) || '@example.net', 'r' || to_hex(n) || '@example.net',
            'sent', 'final', 'sink', 1, 3, at, at, at FROM fill;
        INSERT INTO attempts (tenant_id, message_id, delivery_id, number, path, fence, begun_at, ended_at, outcome, scope, phase, reply)
        SELECT tenant_id, message_id, delivery_id, 1, 'sink', 1, at, at, 'Accepted', 'None', 'FinalDot', '250 2.0.0 taken' FROM fill;
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT tenant_id, message_id, begun_id, message_id, delivery_id, 2, 'sending', 'sending', at, '{"attempt":1}'::jsonb FROM fill
        UNION ALL
        SELECT tenant_id, message_id, ended_id, message_id, delivery_id, 3, 'sent', 'sent', at, '{"attempt":1}'::jsonb FROM fill;
        """;

    /// <summary>Tenants without keys, for queues only.</summary>
    public static async Task<Guid[]> TenantsAsync(RunSql run, int count)
    {
        var tenants = Enumerable
            .Range(0, count)
            .Select(_ => Gateway.Ledger.LedgerId.New(DateTimeOffset.UtcNow))
            .ToArray();
        await run(
            "INSERT INTO tenants (tenant_id, name, trust) SELECT t, t::text, 'trusted' FROM unnest(@tenants) t",
            new { tenants }
        );
        return tenants;
    }

    /// <summary>Due since the last hour, the tenants in turn.</summary>
    public static Task DueAsync(
        RunSql run,
        Guid[] tenants,
        int count,
        string stream,
        string domain = "bench.example"
    ) => FillAsync(run, tenants, count, stream, domain, Queued);

    /// <summary>Sent within the last hour, with attempts and events.</summary>
    public static Task SentAsync(RunSql run, Guid[] tenants, int count) =>
        FillAsync(run, tenants, count, "broadcast", "bench.example", Finished);

    private static async Task FillAsync(
        RunSql run,
        Guid[] tenants,
        int count,
        string stream,
        string domain,
        string what
    )
    {
        var since = Today();
        var content =
            $$"""{"from":"hello@{{domain}}","to":["ann@example.net"],"subject":"news","text":"{{Load.RandomWords.Text(new Random(2), 4000).Replace("\n", "\\n", StringComparison.Ordinal)}}","stream":"{{stream}}"}""";
        var salt = Guid.NewGuid().ToString("N");
        await run(
            Bodies,
            new
            {
                tenants,
                content,
                since,
            }
        );
        for (var from = 0; from < count; from += AtOnce)
        {
            var to = Math.Min(count, from + AtOnce) - 1;
            await run(
                $"BEGIN; {Rows} {what} COMMIT;",
                new
                {
                    tenants,
                    from,
                    to,
                    since,
                    salt,
                    stream,
                    domain,
                    content,
                }
            );
        }
    }

    /// <summary>An hour ago, but of this UTC day: of one partition.</summary>
    private static DateTimeOffset Today()
    {
        var (now, midnight) = (DateTimeOffset.UtcNow, new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero));
        var ago = now - TimeSpan.FromHours(1);
        return ago > midnight ? ago : midnight;
    }
}
