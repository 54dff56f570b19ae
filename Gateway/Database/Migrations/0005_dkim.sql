-- The keys that sign for a tenant's domain. The private part is sealed under the master key for exactly this row.

CREATE TABLE dkim_keys (
    tenant_id uuid NOT NULL REFERENCES tenants,
    domain text NOT NULL,
    selector text NOT NULL,
    algorithm text NOT NULL CHECK (algorithm IN ('rsa-sha256', 'ed25519-sha256')),
    private_sealed bytea NOT NULL,
    -- What the tenant publishes at <selector>._domainkey.<domain>.
    public_record text NOT NULL,
    -- A key signs only while it is active; it becomes so when its published record was seen to match.
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'active', 'stopped', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, domain, selector)
);

ALTER TABLE dkim_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE dkim_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON dkim_keys TO gw_door
    USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))
    WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]));
CREATE POLICY all_tenants ON dkim_keys TO gw_owner, gw_worker USING (true) WITH CHECK (true);
-- A door shows the record to publish, never the private part.
GRANT SELECT (tenant_id, domain, selector, algorithm, public_record, state, created_at) ON dkim_keys TO gw_door;
GRANT SELECT ON dkim_keys TO gw_worker;
GRANT UPDATE (state) ON dkim_keys TO gw_worker;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON dkim_keys FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
