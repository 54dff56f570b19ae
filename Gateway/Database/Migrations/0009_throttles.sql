-- What each tenant sent in each UTC month, counted by the acceptance statement itself: the month quota is this sum.

CREATE TABLE usage_months (
    tenant_id uuid NOT NULL,
    -- Its first day, UTC.
    month date NOT NULL,
    mode text NOT NULL,
    -- Batches that commit side by side count in rows of their own: on one row they would wait for each other's fsync.
    shard smallint NOT NULL,
    messages bigint NOT NULL,
    recipients bigint NOT NULL,
    PRIMARY KEY (tenant_id, month, mode, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);

-- What was accepted before this table existed.
INSERT INTO usage_months (tenant_id, month, mode, shard, messages, recipients)
SELECT m.tenant_id, date_trunc('month', m.accepted_at AT TIME ZONE 'UTC')::date, m.mode, 0, count(*),
    sum((SELECT count(*) FROM deliveries d
        WHERE d.tenant_id = m.tenant_id AND d.message_id = m.message_id AND d.resend_of IS NULL))
FROM messages m GROUP BY 1, 2, 3;

ALTER TABLE usage_months ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_months FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON usage_months TO gw_door, gw_accept
    USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))
    WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]));
CREATE POLICY all_tenants ON usage_months TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON usage_months TO gw_accept;
GRANT SELECT ON usage_months TO gw_door, gw_worker, gw_operator;
