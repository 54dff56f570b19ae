-- How a tenant proves that a domain is its own, and goes on proving it; and the life of the keys that sign for it.

ALTER TABLE sending_domains
    -- What the tenant's TXT record is made of. Null: the operator vouches for the domain, and nothing is looked up.
    ADD COLUMN challenge bytea CHECK (octet_length(challenge) = 16),
    ADD COLUMN claimed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN checked_at timestamptz,
    ADD COLUMN next_check_at timestamptz,
    -- Checks in a row that found no proof.
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN degraded_since timestamptz,
    -- What the last check found wrong: a stable word, and a sentence for people.
    ADD COLUMN problem text,
    ADD COLUMN problem_detail text,
    ADD COLUMN removed_at timestamptz,
    -- A check takes seconds and holds no lock: it counts only if nobody was faster.
    ADD COLUMN version integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT sending_domains_state_check,
    ADD CONSTRAINT sending_domains_state_check CHECK (state IN ('pending', 'verified', 'degraded', 'failed', 'removed'));
CREATE UNIQUE INDEX sending_domains_claim ON sending_domains (tenant_id, domain) WHERE state <> 'removed';
CREATE INDEX sending_domains_check ON sending_domains (next_check_at) WHERE next_check_at IS NOT NULL;
-- Finds an owned domain below another name.
CREATE INDEX sending_domains_below ON sending_domains ((reverse(domain)) text_pattern_ops)
    WHERE state IN ('verified', 'degraded');

-- The owner of a domain lets another tenant claim a name below it.
CREATE TABLE domain_approvals (
    tenant_id uuid NOT NULL REFERENCES tenants,
    claim_id uuid NOT NULL,
    domain text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, claim_id)
);

ALTER TABLE dkim_keys
    ADD COLUMN checked_at timestamptz,
    ADD COLUMN next_check_at timestamptz,
    ADD COLUMN activated_at timestamptz,
    ADD COLUMN problem text,
    -- Of the record as it was last seen.
    ADD COLUMN ttl_seconds integer,
    -- Mail that a retired key signed is still read: its record stays published until then.
    ADD COLUMN publish_until timestamptz,
    -- Where a CNAME at the selector may point. Rows are never deleted, so a target is never given to anybody again.
    ADD COLUMN target text UNIQUE;
CREATE INDEX dkim_keys_check ON dkim_keys (next_check_at) WHERE next_check_at IS NOT NULL;

-- What the rewritten From shows as its name; null where the message's own From stays.
ALTER TABLE messages ADD COLUMN from_shown text;

ALTER TABLE domain_approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE domain_approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON domain_approvals TO gw_door
    USING (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]))
    WITH CHECK (tenant_id = ANY ((SELECT nullif(current_setting('gw.tenants', true), ''))::uuid[]));
CREATE POLICY all_tenants ON domain_approvals TO gw_owner, gw_worker, gw_operator USING (true) WITH CHECK (true);

GRANT INSERT ON sending_domains TO gw_door;
GRANT UPDATE (state, verified_at, challenge, claimed_at, checked_at, next_check_at, failures, degraded_since, problem,
    problem_detail, removed_at, version) ON sending_domains TO gw_door, gw_worker;
GRANT SELECT, INSERT, DELETE ON domain_approvals TO gw_door;
GRANT SELECT ON domain_approvals TO gw_worker, gw_operator;
-- A door makes keys and never reads the private part again.
GRANT INSERT ON dkim_keys TO gw_door;
GRANT SELECT (checked_at, next_check_at, activated_at, problem, ttl_seconds, publish_until, target) ON dkim_keys TO gw_door;
GRANT UPDATE (state, checked_at, next_check_at, activated_at, problem, ttl_seconds, publish_until) ON dkim_keys
    TO gw_door, gw_worker;

-- Every check writes; only what the doors hold a copy of is told.
DROP TRIGGER tell ON sending_domains;
CREATE TRIGGER tell AFTER INSERT OR DELETE ON sending_domains FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell_changed AFTER UPDATE ON sending_domains FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION tell_tenant_changed();
DROP TRIGGER tell ON dkim_keys;

-- What must be found across tenants: one exact name or id in, at most one row out.
CREATE FUNCTION find_domain_owner(wanted text) RETURNS TABLE (tenant_id uuid, domain_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS
$$ SELECT d.tenant_id, d.domain_id FROM public.sending_domains d
   WHERE d.domain = wanted AND d.state IN ('verified', 'degraded') LIMIT 1 $$;

CREATE FUNCTION find_owner_below(wanted text, other_than uuid) RETURNS TABLE (tenant_id uuid, domain text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1 AS
$$ SELECT d.tenant_id, d.domain FROM public.sending_domains d
   -- A domain has no '%' and no '\'; an underscore is no wildcard to be.
   WHERE reverse(d.domain) LIKE replace(reverse('.' || wanted), '_', '\_') || '%'
       AND d.state IN ('verified', 'degraded') AND d.tenant_id <> other_than LIMIT 1 $$;

CREATE FUNCTION is_domain_approved(claim uuid, wanted text, by_owner uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT EXISTS (SELECT FROM public.domain_approvals a
   WHERE a.tenant_id = by_owner AND a.claim_id = claim AND a.domain = wanted) $$;

-- Somebody else just proved the domain: whether its owner still can is looked up at once.
CREATE FUNCTION recheck_domain_owner(wanted text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ UPDATE public.sending_domains SET next_check_at = least(next_check_at, now())
   WHERE domain = wanted AND state IN ('verified', 'degraded') AND challenge IS NOT NULL $$;

-- The platform's own line: neither tenant may read the other's name in it.
CREATE FUNCTION note_foreign_sender(id uuid, by_tenant uuid, by_key text, wanted text, owner uuid, owned text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ INSERT INTO public.audit (audit_id, tenant_id, actor, action, target, reason, data)
   VALUES (id, NULL, 'key:' || by_key, 'send.refused', wanted, 'From of a domain that another tenant owns',
       jsonb_build_object('tenant', by_tenant, 'owner', owner, 'owned', owned)) $$;

GRANT CREATE ON SCHEMA public TO gw_worker;
DO $$
DECLARE f text;
BEGIN
    FOREACH f IN ARRAY ARRAY['find_domain_owner(text)', 'find_owner_below(text, uuid)',
        'is_domain_approved(uuid, text, uuid)', 'recheck_domain_owner(text)',
        'note_foreign_sender(uuid, uuid, text, text, uuid, text)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO gw_worker', f);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO gw_door', f);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
