-- What each tenant may do: plan, limits, pauses; what a key is narrowed to; and who changed any of it.

CREATE TABLE plans (
    plan text PRIMARY KEY,
    -- Share of the workers beside other lanes.
    weight double precision NOT NULL CHECK (weight > 0),
    -- Recipients in a UTC calendar month; null is without bound.
    month_quota bigint CHECK (month_quota > 0),
    -- [{"scope","subject","unit","window_seconds","cap","over"}], as in the table limits.
    limits jsonb NOT NULL DEFAULT '[]'
);
INSERT INTO plans (plan, weight, month_quota, limits) VALUES
    ('free', 1, 10000, '[{"scope":"tenant","unit":"recipients","window_seconds":60,"cap":600,"over":"refuse"}]'),
    ('standard', 4, NULL, '[]'),
    ('scale', 16, NULL, '[]');

ALTER TABLE tenants
    ADD COLUMN plan text NOT NULL DEFAULT 'standard' REFERENCES plans,
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspended_reason text;

ALTER TABLE api_keys
    -- Sending domains that the key is narrowed to; empty is all of the tenant's.
    ADD COLUMN domains text[] NOT NULL DEFAULT '{}',
    -- The key that this one takes the place of; both work until the older one expires.
    ADD COLUMN replaces text,
    -- Written at most once a minute for each key.
    ADD COLUMN last_used_at timestamptz;

-- A tenant's own limits; one with the scope, subject, unit and window of a plan's limit stands in its place.
CREATE TABLE limits (
    limit_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    scope text NOT NULL CHECK (scope IN ('tenant', 'key', 'domain', 'stream', 'recipient_domain')),
    -- Key id, sending domain, stream or recipient domain; empty: each one of that scope by itself (not for recipient_domain).
    subject text NOT NULL DEFAULT '',
    unit text NOT NULL CHECK (unit IN ('messages', 'recipients')),
    window_seconds integer NOT NULL CHECK (window_seconds BETWEEN 1 AND 86400),
    cap bigint NOT NULL CHECK (cap > 0),
    over text NOT NULL CHECK (over IN ('wait', 'refuse')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, scope, subject, unit, window_seconds)
);

-- A lane that is not active is passed over whole; the reason is shown wherever its mail waits.
ALTER TABLE lanes
    ALTER COLUMN weight DROP NOT NULL,
    ALTER COLUMN weight DROP DEFAULT,
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN paused_reason text,
    ADD COLUMN waiting_for text;
COMMENT ON COLUMN lanes.weight IS 'null: the weight of the tenant''s plan';
UPDATE lanes SET weight = NULL;

-- Who did what and why; also what was tried and refused. Never changed.
CREATE TABLE audit (
    audit_id uuid PRIMARY KEY,
    -- The tenant whose affair it is; null for the platform's own.
    tenant_id uuid,
    at timestamptz NOT NULL DEFAULT now(),
    -- operator, key:<id>, or gateway.
    actor text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    reason text,
    data jsonb
);
CREATE INDEX audit_tenant ON audit (tenant_id, audit_id);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['limits', 'audit']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant_only ON %I TO gw_door, gw_accept
            USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))
            WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))$p$, t);
    END LOOP;
    -- The operator's door works for all tenants; what it may touch is in the grants.
    FOREACH t IN ARRAY ARRAY['tenants', 'api_keys', 'sending_domains', 'suppressions', 'messages', 'deliveries',
        'attempts', 'events', 'deliveries_due', 'lanes', 'dkim_keys']
    LOOP
        EXECUTE format('CREATE POLICY every_tenant ON %I TO gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['limits', 'audit']
    LOOP
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT SELECT ON installation, plans TO gw_door, gw_accept, gw_worker, gw_operator;
GRANT SELECT ON limits, audit TO gw_door;
GRANT INSERT, UPDATE, DELETE ON limits TO gw_door;
GRANT INSERT ON audit TO gw_door, gw_worker;
GRANT SELECT ON limits TO gw_worker;
GRANT INSERT ON api_keys TO gw_door;
GRANT UPDATE (name, expires_at, revoked_at, scopes, domains) ON api_keys TO gw_door;
GRANT UPDATE (settings) ON tenants TO gw_door;
GRANT UPDATE (last_used_at) ON api_keys TO gw_worker;

GRANT SELECT, INSERT, UPDATE ON tenants, plans TO gw_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON limits TO gw_operator;
GRANT SELECT, INSERT, UPDATE ON api_keys, lanes TO gw_operator;
GRANT SELECT, INSERT ON audit, events TO gw_operator;
GRANT SELECT ON sending_domains, suppressions, messages, deliveries, attempts, deliveries_due TO gw_operator;

-- Last use is told without waking the doors; everything else that they hold a copy of is told.
DROP TRIGGER tell ON api_keys;
CREATE TRIGGER tell AFTER INSERT OR DELETE OR UPDATE OF mode, scopes, domains, expires_at, revoked_at ON api_keys
    FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON limits FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell_paused AFTER INSERT ON lanes FOR EACH ROW WHEN (NOT NEW.active) EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell_changed AFTER UPDATE OF active ON lanes FOR EACH ROW WHEN (OLD.active IS DISTINCT FROM NEW.active)
    EXECUTE FUNCTION tell_tenant_changed();
CREATE FUNCTION tell_plan_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('gw_tenants', ''); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER UPDATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION tell_plan_changed();

DROP FUNCTION find_api_key(text);
CREATE FUNCTION find_api_key(wanted text)
RETURNS TABLE (tenant_id uuid, mode text, scopes text[], domains text[], secret_sha256 bytea, expires_at timestamptz,
    revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS
$$ SELECT k.tenant_id, k.mode, k.scopes, k.domains, k.secret_sha256, k.expires_at, k.revoked_at
   FROM public.api_keys k WHERE k.key_id = wanted LIMIT 1 $$;
GRANT CREATE ON SCHEMA public TO gw_worker;
ALTER FUNCTION find_api_key(text) OWNER TO gw_worker;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
REVOKE ALL ON FUNCTION find_api_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(text) TO gw_door;
