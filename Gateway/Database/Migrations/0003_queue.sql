-- The queue: one small hot row for each delivery that is not at rest. Nothing that a claim changes is indexed, so a
-- claim is a heap-only update; fillfactor leaves room for it on the page.

CREATE TABLE deliveries_due (
    tenant_id uuid NOT NULL,
    stream text NOT NULL,
    due_at timestamptz NOT NULL,
    delivery_id uuid NOT NULL,
    message_id uuid NOT NULL,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    begun boolean NOT NULL DEFAULT false,
    waiting_for text,
    PRIMARY KEY (delivery_id)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.05
);
CREATE INDEX deliveries_due_lane ON deliveries_due (tenant_id, stream, due_at, delivery_id);

-- One row for each lane that was ever served; acceptance never writes it.
CREATE TABLE lanes (
    tenant_id uuid NOT NULL,
    stream text NOT NULL,
    vtime double precision NOT NULL DEFAULT 0,
    weight double precision NOT NULL DEFAULT 1 CHECK (weight > 0),
    not_before timestamptz,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, stream)
) WITH (fillfactor = 50);

-- The sandbox provider's inbox: mail that never left the machine.
CREATE TABLE sandbox_messages (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    message_id uuid NOT NULL,
    mail_from text NOT NULL,
    rcpt_to text NOT NULL,
    raw bytea COMPRESSION lz4 NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, delivery_id)
);
CREATE INDEX sandbox_messages_message ON sandbox_messages (tenant_id, message_id);
