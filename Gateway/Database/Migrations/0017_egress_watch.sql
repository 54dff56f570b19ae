-- What watches over mail on its way out: refusals that nobody may believe, fates that can be asked for, and mail that is late.

-- Words that a path says to everybody: every worker holds what hears them there, until then.
CREATE TABLE path_freezes (
    path text NOT NULL REFERENCES paths ON DELETE CASCADE,
    signature text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (path, signature)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON path_freezes TO gw_worker;

-- Unknown deliveries whose provider can be asked. next_at is the lease, too: whoever asks moves it on first.
CREATE TABLE look_ups (
    delivery_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    attempt integer NOT NULL,
    next_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
ALTER TABLE look_ups ENABLE ROW LEVEL SECURITY;
ALTER TABLE look_ups FORCE ROW LEVEL SECURITY;
CREATE POLICY all_tenants ON look_ups TO gw_owner, gw_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON look_ups TO gw_worker;

-- How often the tenant was told that a transactional delivery is late. In no index: telling moves nothing.
ALTER TABLE deliveries_due ADD COLUMN alarms smallint NOT NULL DEFAULT 0;
