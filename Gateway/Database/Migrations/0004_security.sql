-- Who may see what. Privileges and policies stand on parents only: a partition inherits neither, and nobody reads one.

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY[
        'tenants', 'api_keys', 'sending_domains', 'suppressions', 'idempotency',
        'messages', 'bodies', 'deliveries', 'attempts', 'events',
        'deliveries_due', 'lanes', 'sandbox_messages']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant_only ON %I TO gw_door, gw_accept
            USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))
            WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))$p$, t);
        -- Without a policy of their own the owner's seeds fail and backfills touch no row, in silence.
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT SELECT ON installation TO gw_door, gw_accept, gw_worker;

-- The acceptance statement: it inserts, and reads only what decides.
GRANT INSERT ON messages, bodies, deliveries, deliveries_due, events TO gw_accept;
GRANT SELECT (tenant_id, message_id) ON messages TO gw_accept;
GRANT SELECT, INSERT, UPDATE ON idempotency TO gw_accept;
GRANT SELECT ON suppressions TO gw_accept;

-- One tenant through a door: reads its ledger, and cancels, releases, resends.
GRANT SELECT ON tenants, api_keys, sending_domains, suppressions, messages, bodies, deliveries, attempts, events,
    deliveries_due, lanes, sandbox_messages TO gw_door;
GRANT INSERT, UPDATE ON deliveries TO gw_door;
GRANT INSERT ON events TO gw_door;
GRANT INSERT, UPDATE, DELETE ON deliveries_due TO gw_door;

GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries_due, lanes, sandbox_messages, suppressions, idempotency TO gw_worker;
GRANT SELECT, INSERT, UPDATE ON deliveries, attempts TO gw_worker;
GRANT SELECT, UPDATE ON bodies TO gw_worker;
GRANT SELECT, INSERT ON events TO gw_worker;
GRANT SELECT ON messages, tenants, api_keys, sending_domains TO gw_worker;

-- What must be found before the tenant is known: one exact value in, one row of ids out.
CREATE FUNCTION find_api_key(wanted text)
RETURNS TABLE (tenant_id uuid, mode text, scopes text[], secret_sha256 bytea, expires_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS
$$ SELECT k.tenant_id, k.mode, k.scopes, k.secret_sha256, k.expires_at, k.revoked_at
   FROM public.api_keys k WHERE k.key_id = wanted LIMIT 1 $$;

-- The new owner of a function needs CREATE on its schema at that moment, and never again.
GRANT CREATE ON SCHEMA public TO gw_worker;
ALTER FUNCTION find_api_key(text) OWNER TO gw_worker;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
REVOKE ALL ON FUNCTION find_api_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(text) TO gw_door;

-- A change of tenants, keys or domains drops the copies that the doors hold.
CREATE FUNCTION tell_tenant_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('gw_tenants', coalesce(NEW.tenant_id, OLD.tenant_id)::text); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON sending_domains FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
