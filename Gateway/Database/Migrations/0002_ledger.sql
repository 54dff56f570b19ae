-- The ledger: what was accepted and everything that happened to it. Partitioned by UTC day of the message id (UUIDv7),
-- so that a look-up by id touches one day and a day is dropped whole. No foreign keys among partitions: each write is
-- one statement that makes all its rows.

CREATE TABLE messages (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    -- Shared by the items of one batch; the message's own id else.
    submission_id uuid NOT NULL,
    key_id text NOT NULL,
    door text NOT NULL CHECK (door IN ('json', 'raw', 'sendgrid', 'smtp')),
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    stream text NOT NULL CHECK (stream IN ('transactional', 'broadcast')),
    from_address text NOT NULL,
    from_domain text NOT NULL,
    subject text NOT NULL,
    tags text[],
    metadata jsonb,
    track_opens boolean NOT NULL,
    track_clicks boolean NOT NULL,
    size_bytes integer NOT NULL,
    -- The message whose row in bodies holds the bytes: identical bodies of one batch are kept once.
    body_message_id uuid NOT NULL,
    send_at timestamptz,
    deadline_at timestamptz,
    traceparent text,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, message_id)
) PARTITION BY RANGE (message_id);

CREATE TABLE bodies (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    -- The bytes as given: the JSON of the request, or the RFC 5322 message. Null once the content's time is over.
    content bytea COMPRESSION lz4,
    PRIMARY KEY (tenant_id, message_id)
) PARTITION BY RANGE (message_id);

CREATE TABLE deliveries (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    -- As it goes into RCPT TO, and as policy compares it.
    recipient text NOT NULL,
    recipient_key text NOT NULL,
    state text NOT NULL CHECK (state IN (
        'queued', 'sending', 'sent', 'delivered', 'deferred', 'held', 'unknown',
        'bounced', 'suppressed', 'expired', 'cancelled')),
    cause text,
    path text,
    waiting_for text,
    due_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    sequence integer NOT NULL DEFAULT 1,
    -- The TTL clock runs only while the last outcome is RecipientTemporary.
    temporary_since timestamptz,
    temporary_spent interval NOT NULL DEFAULT '0',
    -- Temporary refusals of the recipient in a row, and waits for a path in a row: each has its own schedule.
    deferrals integer NOT NULL DEFAULT 0,
    waits integer NOT NULL DEFAULT 0,
    held_at timestamptz,
    resend_of uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, message_id, delivery_id)
) PARTITION BY RANGE (message_id);
CREATE INDEX deliveries_recipient ON deliveries (tenant_id, recipient_key, message_id);

CREATE TABLE attempts (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    path text NOT NULL,
    fence bigint NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text,
    scope text,
    phase text,
    -- The exact reply of the next hop, all its lines.
    reply text,
    provider_id text,
    -- True where the result came after the lease was lost.
    late boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, message_id, delivery_id, number)
) PARTITION BY RANGE (message_id);

CREATE TABLE events (
    tenant_id uuid NOT NULL,
    -- The message id, or a fresh UUIDv7 for an event about no message.
    bucket uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid,
    delivery_id uuid,
    sequence integer,
    type text NOT NULL,
    -- The state that this event left the delivery in; null where it changed none.
    state text,
    at timestamptz NOT NULL,
    data jsonb,
    orphan boolean NOT NULL DEFAULT false,
    -- Ids are drawn before the commit; the cursor goes by transaction instead, and only over finished ones.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, bucket, id)
) PARTITION BY RANGE (bucket);
CREATE INDEX events_cursor ON events (tenant_id, xid, id);
