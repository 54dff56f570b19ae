-- Egress paths, what the operator says of them, and the rules that choose among them. The platform's: no tenant reads it.

CREATE TABLE paths (
    path text PRIMARY KEY CHECK (path ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    -- Whose own account it is; null is the platform's.
    tenant_id uuid REFERENCES tenants,
    provider text NOT NULL,
    -- configuration: the hosts' settings describe it, and this row only makes it known; operator: this row does.
    origin text NOT NULL CHECK (origin IN ('configuration', 'operator')),
    settings jsonb NOT NULL DEFAULT '{}',
    -- Credentials as JSON, sealed under the master key for exactly this row.
    secret_sealed bytea,
    concurrency integer NOT NULL DEFAULT 32 CHECK (concurrency BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Apart from the description: an operator's word stands through every change of it.
CREATE TABLE path_modes (
    path text PRIMARY KEY REFERENCES paths ON DELETE CASCADE,
    mode text NOT NULL CHECK (mode IN ('active', 'draining', 'off')),
    instead text REFERENCES paths,
    -- A drill ends by itself.
    until timestamptz,
    reason text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (instead <> path)
);

-- A path on probation: the canary first, then a growing share of its traffic.
CREATE TABLE path_probations (
    path text PRIMARY KEY REFERENCES paths ON DELETE CASCADE,
    step text NOT NULL CHECK (step IN ('canary', 'share', 'ejected')),
    share double precision NOT NULL DEFAULT 0 CHECK (share BETWEEN 0 AND 1),
    sends bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    reason text
);

CREATE TABLE routes (
    route_id uuid PRIMARY KEY,
    -- Tenants' own rules are asked before the platform's, each in the order of their place.
    tenant_id uuid REFERENCES tenants,
    place integer NOT NULL,
    stream text CHECK (stream IN ('transactional', 'broadcast')),
    from_domain text,
    from_address text,
    recipient_domain text,
    tag text,
    -- [[{"path","weight"}]]: tiers of weighted paths.
    tiers jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX routes_place ON routes (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), place);

-- Every switch and every automatic failover: none is silent.
CREATE TABLE path_events (
    event_id uuid PRIMARY KEY,
    path text NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    -- operator, or the worker that saw it.
    actor text NOT NULL,
    reason text,
    data jsonb
);
CREATE INDEX path_events_path ON path_events (path, event_id);

-- One number that says whether anything above changed; workers hear it, and ask for it in case they did not hear.
CREATE TABLE path_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL DEFAULT 1
);
INSERT INTO path_version DEFAULT VALUES;
CREATE FUNCTION tell_paths_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ BEGIN
    UPDATE public.path_version SET version = version + 1;
    PERFORM pg_notify('gw_paths', '');
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON paths FOR EACH STATEMENT EXECUTE FUNCTION tell_paths_changed();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON path_modes FOR EACH STATEMENT EXECUTE FUNCTION tell_paths_changed();
CREATE TRIGGER tell AFTER INSERT OR DELETE OR UPDATE OF step, share ON path_probations
    FOR EACH STATEMENT EXECUTE FUNCTION tell_paths_changed();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON routes FOR EACH STATEMENT EXECUTE FUNCTION tell_paths_changed();

-- What waits for a path is woken together when one can carry again.
CREATE INDEX deliveries_due_waiting ON deliveries_due (waiting_for, delivery_id) WHERE waiting_for IS NOT NULL;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['paths', 'routes']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
GRANT SELECT ON paths, path_modes, path_probations, routes, path_events, path_version TO gw_worker, gw_operator;
GRANT INSERT, UPDATE ON paths TO gw_worker;
GRANT UPDATE ON path_probations TO gw_worker;
GRANT INSERT ON path_events TO gw_worker, gw_operator;
GRANT INSERT, UPDATE, DELETE ON paths, path_modes, path_probations, routes TO gw_operator;
