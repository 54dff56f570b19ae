-- The list of a transaction's tenants is read once for each statement. With the cast outside of the sub-select the text
-- was parsed again for every row: the more tenants in a batch, the dearer each of its rows.

DO $$
DECLARE
    p record;
    own constant text :=
        'tenant_id = ANY ((SELECT nullif(current_setting(''gw.tenants'', true), '''')::uuid[])::uuid[])';
BEGIN
    FOR p IN SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'tenant_only'
    LOOP
        EXECUTE format('ALTER POLICY tenant_only ON %I USING (%s) WITH CHECK (%s)', p.tablename, own, own);
    END LOOP;
END $$;
