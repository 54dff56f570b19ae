namespace Gateway.Suppressions;

/// <summary>The statements that keep the suppressions.</summary>
internal static class SuppressionSql
{
    // One follower at a time. A ledger restored elsewhere counts its transactions anew: then from its present on.
    public const string Lock = """
        WITH held AS (SELECT xid, id FROM suppression_cursor FOR UPDATE SKIP LOCKED)
        SELECT least(xid, pg_snapshot_xmin(pg_current_snapshot())), id FROM held
        """;

    // Only transactions older than every running one, as by every reader of events (D9). Each limit keeps a look-up a
    // look-up by the whole key.
    public const string Read = """
        SELECT e.xid, e.id, e.tenant_id, e.delivery_id, e.type, e.at, e.data ->> 'cause',
            e.data ->> 'outcome', e.data ->> 'provider_suppression', e.data ->> 'source', e.data ->> 'path', e.data ->> 'reply',
            coalesce(d.recipient_key, e.data ->> 'recipient'), coalesce(m.stream, e.data ->> 'stream'),
            coalesce(m.mode, 'live'), coalesce(t.settings ->> 'suppression_scope' = 'all', false), e.data ->> 'class'
        FROM events e
        LEFT JOIN LATERAL (SELECT recipient_key FROM deliveries x WHERE x.tenant_id = e.tenant_id
            AND x.message_id = e.message_id AND x.delivery_id = e.delivery_id LIMIT 1) d ON true
        LEFT JOIN LATERAL (SELECT stream, mode FROM messages x WHERE x.tenant_id = e.tenant_id
            AND x.message_id = e.message_id LIMIT 1) m ON true
        LEFT JOIN LATERAL (SELECT settings FROM tenants x WHERE x.tenant_id = e.tenant_id LIMIT 1) t ON true
        WHERE e.type IN ('bounced', 'complained', 'unsubscribed', 'delivered', 'expired')
            AND (e.xid, e.id) > ($1, $2) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.xid, e.id LIMIT $3
        """;

    public const string ReadRuns = """
        SELECT b.tenant_id, b.address, b.failures, b.first_at, b.last_at
        FROM unnest($1::uuid[], $2::text[]) AS w (tenant_id, address)
        CROSS JOIN LATERAL (SELECT * FROM soft_bounces x
            WHERE x.tenant_id = w.tenant_id AND x.address = w.address LIMIT 1) b
        """;

    public const string WriteRuns = """
        INSERT INTO soft_bounces AS b (tenant_id, address, failures, first_at, last_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[])
        ON CONFLICT (tenant_id, address) DO UPDATE
        SET failures = excluded.failures, first_at = excluded.first_at, last_at = excluded.last_at
        """;

    public const string ForgetRuns = """
        DELETE FROM soft_bounces b USING unnest($1::uuid[], $2::text[]) AS w (tenant_id, address)
        WHERE b.tenant_id = w.tenant_id AND b.address = w.address
        """;

    // What a tenant entered itself is not ours to lift.
    public const string Heal = """
        DELETE FROM suppressions s USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS w (tenant_id, address, at)
        WHERE s.tenant_id = w.tenant_id AND s.address = w.address AND s.reason IN ('hard_bounce', 'soft_bounce')
            AND s.source <> 'tenant' AND s.created_at < w.at
        """;

    // In the order of the key, so that no two writers wait for each other. An expired row counts as absent.
    public const string Suppress = """
        INSERT INTO suppressions AS s (tenant_id, address, stream, reason, source, created_at, expires_at, event_id,
            delivery_id, detail)
        SELECT n.* FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
            $7::timestamptz[], $8::uuid[], $9::uuid[], $10::text[])
            AS n (tenant_id, address, stream, reason, source, created_at, expires_at, event_id, delivery_id, detail)
        ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, address, stream) DO UPDATE
        SET suppression_id = excluded.suppression_id, reason = excluded.reason, source = excluded.source,
            created_at = excluded.created_at, expires_at = excluded.expires_at, event_id = excluded.event_id,
            delivery_id = excluded.delivery_id, detail = excluded.detail
        WHERE s.expires_at <= now() OR suppression_rank(excluded.reason) > suppression_rank(s.reason)
            OR suppression_rank(excluded.reason) = suppression_rank(s.reason) AND excluded.expires_at > s.expires_at
        RETURNING s.reason
        """;

    public const string Advance = "UPDATE suppression_cursor SET xid = $1, id = $2";

    public const string ForgetExpired = """
        DELETE FROM suppressions WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM suppressions WHERE expires_at < now() - interval '1 day' LIMIT 1000))
        """;
}
