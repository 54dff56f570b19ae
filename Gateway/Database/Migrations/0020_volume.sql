-- What a tenant usually sends and from where: against this an unusual volume from a new key and a new network shows.

ALTER TABLE api_keys
    -- Written once, within seconds of the first use. A key is new for a day from then on.
    ADD COLUMN first_used_at timestamptz;
UPDATE api_keys SET first_used_at = created_at WHERE last_used_at IS NOT NULL;

-- Where a tenant's keys were used from: IPv4 by /24, IPv6 by /48.
CREATE TABLE tenant_networks (
    tenant_id uuid NOT NULL,
    network text NOT NULL,
    -- Anew where it was not seen for 30 days.
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, network)
) WITH (fillfactor = 70);

-- Live recipients in each UTC hour, added up by the API replicas some seconds late. Only to compare with: what is
-- counted and billed is in usage_months.
CREATE TABLE usage_hours (
    tenant_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    -- By keys or from networks that were known.
    recipients bigint NOT NULL,
    -- By new keys from new networks, held or not.
    fresh bigint NOT NULL,
    -- Of these, accepted as held.
    held bigint NOT NULL,
    -- Tenant and audit hear of it once an hour.
    told_at timestamptz,
    PRIMARY KEY (tenant_id, hour)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);

INSERT INTO usage_hours (tenant_id, hour, recipients, fresh, held)
SELECT m.tenant_id, date_trunc('hour', m.accepted_at, 'UTC'),
    sum((SELECT count(*) FROM deliveries d
        WHERE d.tenant_id = m.tenant_id AND d.message_id = m.message_id AND d.resend_of IS NULL)), 0, 0
FROM messages m
-- Ids are times: only the days of the last two weeks are read.
WHERE m.mode = 'live' AND m.message_id >= (lpad(to_hex(
    (extract(epoch FROM now() - interval '14 days') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
GROUP BY 1, 2;

-- With it a repeated request gets the first answer.
ALTER TABLE idempotency ADD COLUMN held_for text;

-- by_stream: broadcasts wait, all else is refused. So is what nobody said of a new limit.
ALTER TABLE limits DROP CONSTRAINT limits_over_check;
ALTER TABLE limits ADD CONSTRAINT limits_over_check CHECK (over IN ('wait', 'refuse', 'by_stream'));

DO $$
DECLARE
    t text;
    own constant text :=
        'tenant_id = ANY ((SELECT nullif(current_setting(''gw.tenants'', true), '''')::uuid[])::uuid[])';
BEGIN
    FOREACH t IN ARRAY ARRAY['tenant_networks', 'usage_hours']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO gw_door, gw_accept USING (%s) WITH CHECK (%s)', t, own, own);
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON tenant_networks, usage_hours TO gw_door;
GRANT SELECT ON tenant_networks, usage_hours TO gw_worker, gw_operator;
GRANT UPDATE (first_used_at) ON api_keys TO gw_door;

DROP FUNCTION find_api_key(text);
CREATE FUNCTION find_api_key(wanted text)
RETURNS TABLE (tenant_id uuid, mode text, scopes text[], domains text[], secret_sha256 bytea, expires_at timestamptz,
    revoked_at timestamptz, first_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS
$$ SELECT k.tenant_id, k.mode, k.scopes, k.domains, k.secret_sha256, k.expires_at, k.revoked_at, k.first_used_at
   FROM public.api_keys k WHERE k.key_id = wanted LIMIT 1 $$;
GRANT CREATE ON SCHEMA public TO gw_worker;
ALTER FUNCTION find_api_key(text) OWNER TO gw_worker;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
REVOKE ALL ON FUNCTION find_api_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(text) TO gw_door;
