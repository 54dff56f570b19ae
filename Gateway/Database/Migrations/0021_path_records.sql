-- What operators' paths need in tenants' zones: only these settings of a path are a tenant's business, of the platform's paths and of
-- its own.

CREATE FUNCTION path_records(wanted uuid)
RETURNS TABLE (path text, settings jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
$$ SELECT p.path, jsonb_object_agg(s.key, s.value)
   FROM public.paths p CROSS JOIN LATERAL jsonb_each(p.settings) s
   WHERE p.origin = 'operator' AND (p.tenant_id IS NULL OR p.tenant_id = wanted) AND lower(s.key) LIKE 'dns:%'
   GROUP BY p.path ORDER BY p.path $$;

GRANT CREATE ON SCHEMA public TO gw_worker;
ALTER FUNCTION path_records(uuid) OWNER TO gw_worker;
REVOKE CREATE ON SCHEMA public FROM gw_worker;
REVOKE ALL ON FUNCTION path_records(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION path_records(uuid) TO gw_door;
