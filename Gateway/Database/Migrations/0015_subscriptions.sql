-- Webhooks of tenants: whom to tell what, how far each was told, what waits for another try, and what was answered.

CREATE TABLE subscriptions (
    subscription_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    url text NOT NULL,
    description text,
    -- Types of events, or 'domain.*' for all that begin so; empty is every type.
    types text[] NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    -- Of a disabled one: gone or failing.
    reason text,
    stopped_at timestamptz,
    -- Signing secrets, each sealed under the master key for exactly this row; former ones sign too until their time.
    secret_sealed bytea NOT NULL,
    former_sealed bytea[] NOT NULL DEFAULT '{}',
    former_until timestamptz[] NOT NULL DEFAULT '{}',
    -- How long the secret that is replaced goes on signing.
    overlap interval NOT NULL DEFAULT '24 hours',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX subscriptions_tenant ON subscriptions (tenant_id, subscription_id);

-- How far a subscription was told: every event up to here was delivered, given up, or stands in webhook_waiting. Apart
-- from the subscription: it is written many times a second, by its owner only.
CREATE TABLE subscription_places (
    subscription_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    epoch integer NOT NULL,
    xid xid8 NOT NULL,
    after_id uuid NOT NULL,
    -- The last event passed, by which another epoch finds the place.
    last_bucket uuid NOT NULL,
    last_id uuid NOT NULL,
    -- The sender that works for it, and how often it changed hands: a former owner's late word is not taken.
    owner uuid,
    fence bigint NOT NULL DEFAULT 0,
    -- Failures in a row, since when, and until when the endpoint is left alone.
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    failed_at timestamptz,
    succeeded_at timestamptz,
    rests integer NOT NULL DEFAULT 0,
    rests_until timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX subscription_places_owner ON subscription_places (owner);

-- Replicas that send; what a dead one owned is free.
CREATE TABLE webhook_senders (
    sender_id uuid PRIMARY KEY,
    alive_until timestamptz NOT NULL
);

-- Only what failed and will be tried again, what is replayed, and tests.
CREATE TABLE webhook_waiting (
    subscription_id uuid NOT NULL,
    event_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    bucket uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('retry', 'replay', 'test')),
    -- Made so far.
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, event_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX webhook_waiting_due ON webhook_waiting (subscription_id, due_at);
CREATE INDEX webhook_waiting_tests ON webhook_waiting (subscription_id) WHERE kind = 'test';

-- A window that is sent again, page by page, into webhook_waiting.
CREATE TABLE webhook_replays (
    replay_id uuid PRIMARY KEY,
    subscription_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    xid xid8 NOT NULL,
    after_id uuid NOT NULL,
    before_xid xid8 NOT NULL,
    queued bigint NOT NULL DEFAULT 0,
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_replays_subscription ON webhook_replays (subscription_id, replay_id);
CREATE INDEX webhook_replays_running ON webhook_replays (subscription_id) WHERE ended_at IS NULL;

-- Every try with its answer. A ledger table by day of its own id: made ahead and dropped with the others.
CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    event_id uuid NOT NULL,
    bucket uuid NOT NULL,
    type text NOT NULL,
    kind text NOT NULL,
    attempt integer NOT NULL,
    result text NOT NULL,
    status integer,
    -- Why there was no answer, or none that counts.
    error text,
    -- The beginning of the answer's body.
    response text,
    at timestamptz NOT NULL,
    took_ms integer NOT NULL,
    next_at timestamptz,
    PRIMARY KEY (tenant_id, subscription_id, attempt_id)
) PARTITION BY RANGE (attempt_id);
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (subscription_id, event_id);

-- Which transactions a minute saw: all that were finished before it are below oldest, or between it and next. By it a
-- window of time is a range of the events' own order.
CREATE TABLE event_clock (
    at timestamptz PRIMARY KEY,
    epoch integer NOT NULL,
    oldest xid8 NOT NULL,
    next xid8 NOT NULL
);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['subscriptions', 'subscription_places', 'webhook_waiting', 'webhook_replays', 'webhook_deliveries']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant_only ON %I TO gw_door
            USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), '')::uuid[])::uuid[]))
            WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), '')::uuid[])::uuid[]))$p$, t);
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

-- A door gives secrets and never reads one again.
GRANT SELECT (subscription_id, tenant_id, url, description, types, state, reason, stopped_at, former_until, version,
    created_at, changed_at), INSERT, DELETE ON subscriptions TO gw_door;
GRANT UPDATE (url, description, types, state, reason, stopped_at, secret_sealed, overlap, changed_at) ON subscriptions TO gw_door;
GRANT SELECT, INSERT, DELETE ON subscription_places, webhook_replays TO gw_door;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_waiting TO gw_door;
GRANT SELECT ON webhook_deliveries, event_clock TO gw_door;

GRANT SELECT ON subscriptions TO gw_worker;
GRANT UPDATE (state, reason, stopped_at, changed_at) ON subscriptions TO gw_worker;
GRANT SELECT, UPDATE ON subscription_places, webhook_replays TO gw_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_waiting, webhook_senders, event_clock TO gw_worker;
GRANT SELECT, INSERT ON webhook_deliveries TO gw_worker;
GRANT SELECT (subscription_id, tenant_id, url, description, types, state, reason, stopped_at, created_at, changed_at)
    ON subscriptions TO gw_operator;
GRANT SELECT ON subscription_places, webhook_waiting, webhook_replays, webhook_deliveries, webhook_senders TO gw_operator;

-- Every change counts; a secret that is replaced signs on for its overlap. Without one it and all before it end at once.
CREATE FUNCTION keep_former_secret() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.version := OLD.version + 1;
    IF NEW.secret_sealed IS DISTINCT FROM OLD.secret_sealed THEN
        SELECT coalesce(array_agg(f.sealed), '{}'), coalesce(array_agg(f.until), '{}')
        INTO NEW.former_sealed, NEW.former_until
        FROM (
            SELECT u.sealed, u.until FROM unnest(OLD.former_sealed, OLD.former_until) AS u (sealed, until)
            WHERE u.until > now() AND NEW.overlap > interval '0'
            UNION ALL SELECT OLD.secret_sealed, now() + NEW.overlap WHERE NEW.overlap > interval '0'
        ) f;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_former BEFORE UPDATE ON subscriptions FOR EACH ROW EXECUTE FUNCTION keep_former_secret();

-- Seldom: NOTIFY inside these commits delays nobody.
CREATE FUNCTION tell_subscriptions_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('gw_subscriptions', ''); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON subscriptions FOR EACH STATEMENT
    EXECUTE FUNCTION tell_subscriptions_changed();
CREATE TRIGGER tell AFTER INSERT ON webhook_replays FOR EACH STATEMENT EXECUTE FUNCTION tell_subscriptions_changed();
