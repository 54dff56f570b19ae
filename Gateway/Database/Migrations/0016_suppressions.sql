-- Who must not be written to and why, how far the events were read for it, and mail that came back to us.

-- An id that tells its time (RFC 9562 §5.7), for rows that SQL makes by itself.
CREATE FUNCTION new_row_id(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS
$$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid $$;

-- One row a stream: the doors' look-up is one descent by the whole key.
ALTER TABLE suppressions
    ADD COLUMN suppression_id uuid NOT NULL DEFAULT new_row_id(clock_timestamp()),
    -- The event that caused it, and the delivery that the event is about; null where a tenant said so.
    ADD COLUMN event_id uuid,
    ADD COLUMN delivery_id uuid,
    -- What the far side said, or why the tenant wants it.
    ADD COLUMN detail text,
    ADD CONSTRAINT suppressions_stream CHECK (stream IN ('transactional', 'broadcast')),
    ADD CONSTRAINT suppressions_reason
        CHECK (reason IN ('complaint', 'unsubscribe', 'manual', 'hard_bounce', 'soft_bounce'));
UPDATE suppressions SET suppression_id = new_row_id(created_at);
CREATE UNIQUE INDEX suppressions_listed ON suppressions (tenant_id, suppression_id);
CREATE INDEX suppressions_expiring ON suppressions (expires_at) WHERE expires_at IS NOT NULL;
GRANT INSERT, UPDATE, DELETE ON suppressions TO gw_door;

-- A person's word stands over a machine's, and a machine's word never shortens a person's.
CREATE FUNCTION suppression_rank(reason text) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE reason WHEN 'complaint' THEN 5 WHEN 'unsubscribe' THEN 4 WHEN 'manual' THEN 3 WHEN 'hard_bounce' THEN 2
    ELSE 1 END $$;

-- Soft failures of an address in a row; the row goes with the first mail that arrives.
CREATE TABLE soft_bounces (
    tenant_id uuid NOT NULL,
    address text NOT NULL,
    failures integer NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, address)
) WITH (fillfactor = 80);

ALTER TABLE soft_bounces ENABLE ROW LEVEL SECURITY;
ALTER TABLE soft_bounces FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON soft_bounces TO gw_door, gw_accept
    USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), '')::uuid[])::uuid[]))
    WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), '')::uuid[])::uuid[]));
CREATE POLICY all_tenants ON soft_bounces TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON soft_bounces TO gw_worker;

-- How far the events were followed: up to and including this one.
CREATE TABLE suppression_cursor (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    xid xid8 NOT NULL,
    id uuid NOT NULL
);
INSERT INTO suppression_cursor (xid, id)
VALUES (pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000');
GRANT SELECT, UPDATE ON suppression_cursor TO gw_worker;
-- The few events that say something of an address, in the order of their transactions, over all tenants.
CREATE INDEX events_of_addresses ON events (xid, id)
    WHERE type IN ('bounced', 'complained', 'unsubscribed', 'delivered', 'expired');

-- Mail that came to the bounce domain, as it came; answered 250 only when it is here.
CREATE TABLE inbound_mail (
    mail_id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    -- What the recipient's address is for: bounce or unsubscribe.
    kind text NOT NULL,
    -- Whose mail it is about, as the address says under its mac.
    delivery_id uuid NOT NULL,
    attempt integer,
    mail_from text NOT NULL,
    peer text,
    -- Its beginning, as much as is kept; null once its time is over.
    content bytea COMPRESSION lz4,
    size_bytes integer NOT NULL,
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'failed')),
    -- What it was found to be, and what became of it.
    outcome text,
    problem text,
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);
CREATE INDEX inbound_mail_due ON inbound_mail (due_at) WHERE state = 'new';
CREATE INDEX inbound_mail_received ON inbound_mail (received_at);
GRANT INSERT ON inbound_mail TO gw_accept;
GRANT SELECT, UPDATE, DELETE ON inbound_mail TO gw_worker;
