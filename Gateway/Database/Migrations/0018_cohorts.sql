-- Many deliveries, one action: what failed is found by an index, and resent, released, cancelled or parked as a job.

-- What needs somebody's look is rare, so this stays small. It costs no heap-only update: deliveries has none anyway, as
-- the page of a new row is full before the row is begun (201 of 400,000 updates without the index, 0 with it).
CREATE INDEX deliveries_failed ON deliveries (state, tenant_id, message_id)
    WHERE state IN ('deferred', 'held', 'unknown', 'bounced', 'suppressed', 'expired', 'cancelled');

-- Was it sent again already?
CREATE INDEX deliveries_resent ON deliveries (tenant_id, message_id, resend_of) WHERE resend_of IS NOT NULL;

ALTER TABLE deliveries
    -- The one path that may carry it, whatever the rules say; an operator's word when it was resent.
    ADD COLUMN pinned_path text;

CREATE TABLE cohorts (
    cohort_id uuid PRIMARY KEY,
    -- Who asked; null is the operator.
    tenant_id uuid REFERENCES tenants,
    action text NOT NULL CHECK (action IN ('resend', 'release', 'cancel', 'hold')),
    -- operator, or key:<id>.
    asked_by text NOT NULL,
    reason text,
    -- The filter as it was asked, for whoever reads the job.
    filter jsonb NOT NULL,
    -- Pins the route of what is sent.
    path text,
    -- What bounced by the path's fault suppressed its recipient by the same fault: these suppressions are lifted.
    lift_bounces boolean NOT NULL DEFAULT false,
    -- Deliveries a second.
    rate double precision NOT NULL CHECK (rate > 0),
    total integer NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled')),
    -- When the next delivery may go.
    paced_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX cohorts_running ON cohorts (paced_at) WHERE state = 'running';
CREATE INDEX cohorts_tenant ON cohorts (tenant_id, cohort_id);

-- The deliveries, chosen once when the job was made: a delivery is acted on at most once for a job, and what a resend
-- comes to is never chosen by the same job again. The row says what became of it.
CREATE TABLE cohort_deliveries (
    cohort_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    -- Null while it waits; resent, released, cancelled, held, or why it was left as it is.
    outcome text,
    resent_as uuid,
    at timestamptz,
    PRIMARY KEY (cohort_id, delivery_id)
);
CREATE INDEX cohort_deliveries_waiting ON cohort_deliveries (cohort_id, delivery_id) WHERE outcome IS NULL;

-- A path that was blocked on purpose, to see what follows.
CREATE TABLE path_drills (
    drill_id uuid PRIMARY KEY,
    path text NOT NULL REFERENCES paths ON DELETE CASCADE,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,
    reason text NOT NULL
);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['cohorts', 'cohort_deliveries']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant_only ON %I TO gw_door, gw_accept
            USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), '')::uuid[])::uuid[]))
            WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), '')::uuid[])::uuid[]))$p$, t);
        EXECUTE format('CREATE POLICY all_tenants ON %I TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON cohorts, cohort_deliveries TO gw_door, gw_operator;
GRANT UPDATE (state, finished_at) ON cohorts TO gw_door, gw_operator;
GRANT SELECT, UPDATE, DELETE ON cohorts, cohort_deliveries TO gw_worker;
GRANT SELECT, INSERT ON path_drills TO gw_operator;

-- The operator may know that a message's content is there, and never read it: one message in, yes or no out.
CREATE FUNCTION has_content(tenant uuid, body uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT EXISTS (SELECT FROM public.bodies b
   WHERE b.tenant_id = tenant AND b.message_id = body AND b.content IS NOT NULL) $$;
GRANT CREATE ON SCHEMA public TO gw_worker;
ALTER FUNCTION has_content(uuid, uuid) OWNER TO gw_worker;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
REVOKE ALL ON FUNCTION has_content(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION has_content(uuid, uuid) TO gw_operator;
