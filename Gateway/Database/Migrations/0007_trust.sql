-- Trust: what a lane's mail came to, who paused the lane, and whom a trial tenant may write to.

ALTER TABLE lanes
    -- operator: this stream by name; suspension: with the whole tenant, and resumed with it; gateway: by its own bounces
    -- and complaints. Null where the lane is active.
    ADD COLUMN paused_by text CHECK (paused_by IN ('operator', 'suspension', 'gateway')),
    -- The last warning before a pause; at most one in a window.
    ADD COLUMN warned_at timestamptz;

-- Counted once as the events come in, so that judging a lane reads 25 short rows and never the ledger.
CREATE TABLE lane_outcomes (
    tenant_id uuid NOT NULL,
    stream text NOT NULL,
    hour timestamptz NOT NULL,
    -- Deliveries that a path took or that a receiver refused for good.
    outcomes bigint NOT NULL,
    hard_bounces bigint NOT NULL,
    complaints bigint NOT NULL,
    PRIMARY KEY (tenant_id, stream, hour)
) WITH (fillfactor = 70);

-- How far the events were counted: all of transactions below this one, none of the others.
CREATE TABLE trust_cursor (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    xid xid8 NOT NULL,
    read_at timestamptz NOT NULL
);

-- Recipients who told the operator that they want a trial tenant's mail; by the policy key of the address.
CREATE TABLE confirmed_recipients (
    tenant_id uuid NOT NULL REFERENCES tenants,
    address text NOT NULL,
    confirmed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, address)
);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['lane_outcomes', 'confirmed_recipients']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant_only ON %I TO gw_door, gw_accept
            USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))
            WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))$p$, t);
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT SELECT ON lane_outcomes, confirmed_recipients TO gw_door;
GRANT UPDATE (last_used_at) ON api_keys TO gw_door;
GRANT SELECT, INSERT, UPDATE, DELETE ON lane_outcomes TO gw_worker;
GRANT SELECT, INSERT, UPDATE ON trust_cursor TO gw_worker;
GRANT SELECT, DELETE ON lane_outcomes TO gw_operator;
GRANT SELECT, INSERT, DELETE ON confirmed_recipients TO gw_operator;

-- A tenant narrows its limits in its settings; a row of limits may also widen, so only the operator writes one.
REVOKE INSERT, UPDATE, DELETE ON limits FROM gw_door;

CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON confirmed_recipients
    FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
