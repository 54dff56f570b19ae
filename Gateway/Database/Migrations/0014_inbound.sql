-- What the world tells us of mail that left: reports on deliveries, and each path's own door for its provider's events.

-- A path that bounced a delivery for a fault of its own is never taken for it again, and it goes back to the queue so
-- often at most.
ALTER TABLE deliveries
    ADD COLUMN avoid text[],
    ADD COLUMN path_bounces smallint NOT NULL DEFAULT 0;

-- Whose delivery an event is about is found by the id that travelled with the mail. Ids rise with time, so that a new
-- row goes to the last page of its day.
CREATE INDEX attempts_delivery ON attempts (delivery_id);

-- Reports that were recorded, by the first half of SHA-256(path, provider's id): a second copy changes nothing.
CREATE TABLE seen_reports (
    report uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
CREATE INDEX seen_reports_age ON seen_reports (seen_at);
GRANT SELECT, INSERT, DELETE ON seen_reports TO gw_worker;

-- Each path whose provider tells events has a door of its own with a name that nobody guesses, made with the path
-- wherever that came from.
CREATE TABLE path_endpoints (
    path text PRIMARY KEY REFERENCES paths ON DELETE CASCADE,
    endpoint text NOT NULL UNIQUE CHECK (endpoint ~ '^[0-9a-f]{32}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Since when mail is sent over the path and no event comes back; null while they do.
    silent_since timestamptz
);
CREATE FUNCTION make_path_endpoint() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ BEGIN
    IF NEW.provider IN ('sendgrid', 'mailgun', 'ses', 'postmark') THEN
        -- 122 bits of the server's strong random numbers.
        INSERT INTO public.path_endpoints (path, endpoint) VALUES (NEW.path, replace(gen_random_uuid()::text, '-', ''))
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER make_endpoint AFTER INSERT OR UPDATE OF provider ON paths FOR EACH ROW EXECUTE FUNCTION make_path_endpoint();
INSERT INTO path_endpoints (path, endpoint) SELECT path, replace(gen_random_uuid()::text, '-', '') FROM paths
WHERE provider IN ('sendgrid', 'mailgun', 'ses', 'postmark');
GRANT SELECT ON path_endpoints TO gw_operator;
GRANT SELECT, UPDATE ON path_endpoints TO gw_worker;

-- A door's name in, its path out.
CREATE FUNCTION find_event_endpoint(wanted text) RETURNS TABLE (path text, provider text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS
$$ SELECT e.path, p.provider FROM public.path_endpoints e JOIN public.paths p USING (path) WHERE e.endpoint = wanted LIMIT 1 $$;
GRANT CREATE ON SCHEMA public TO gw_worker;
ALTER FUNCTION find_event_endpoint(text) OWNER TO gw_worker;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
REVOKE ALL ON FUNCTION find_event_endpoint(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_event_endpoint(text) TO gw_accept;

-- Requests of providers as they came, written before they are answered and never changed. What they say is derived from
-- here, again if need be.
CREATE TABLE inbound_events (
    inbound_id uuid PRIMARY KEY,
    path text NOT NULL,
    provider text NOT NULL,
    received_at timestamptz NOT NULL,
    -- Those that its reader needs.
    headers jsonb,
    body bytea COMPRESSION lz4 NOT NULL
);
-- What is still to be read of them. A request that could not be read stays, with its reason, and is read again later: by
-- a release that knows more, perhaps.
CREATE TABLE inbound_due (
    inbound_id uuid PRIMARY KEY,
    due_at timestamptz NOT NULL,
    -- Of the body: a replica takes no more of them at once than it has room for.
    size_bytes integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    reason text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX inbound_due_at ON inbound_due (due_at, inbound_id);
-- What a provider signs with once only, and the request that it signed.
CREATE TABLE inbound_tokens (
    token uuid PRIMARY KEY,
    request bytea NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX inbound_tokens_age ON inbound_tokens (seen_at);
-- Events about mail that is not in the ledger: of another system on the same account, or of a day that is gone.
CREATE TABLE inbound_orphans (
    inbound_id uuid NOT NULL,
    name text NOT NULL,
    path text NOT NULL,
    news text NOT NULL,
    delivery_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (inbound_id, name)
);
GRANT INSERT ON inbound_events, inbound_due TO gw_accept;
GRANT SELECT, INSERT ON inbound_tokens TO gw_accept;
GRANT SELECT, INSERT, DELETE ON inbound_events TO gw_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbound_due TO gw_worker;
GRANT SELECT, DELETE ON inbound_tokens TO gw_worker;
GRANT SELECT, INSERT, DELETE ON inbound_orphans TO gw_worker;
GRANT SELECT ON inbound_due, inbound_orphans TO gw_operator;
