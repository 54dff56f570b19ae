-- Content goes sooner than the rest of the ledger: a set time after the last delivery of its message ended. Each tenant is swept in
-- the order of its messages, up to a place; what could not go yet when the sweep passed is remembered apart.

CREATE TABLE content_sweeps (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    -- Messages up to here were looked at.
    upto uuid NOT NULL
);

CREATE TABLE content_kept (
    tenant_id uuid NOT NULL REFERENCES tenants,
    message_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, message_id)
);

-- Who shares the content of another message of its batch; the others are not in it.
CREATE INDEX messages_shared_body ON messages (tenant_id, body_message_id) WHERE body_message_id <> message_id;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['content_sweeps', 'content_kept']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON content_sweeps, content_kept TO gw_worker;
