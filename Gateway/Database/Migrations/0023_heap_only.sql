-- A delivery is written three times in its first second, an attempt twice. An update that changes no indexed column and
-- finds room on its page touches no index at all (heap-only): so the index on what failed looks at a column of its own,
-- which stays null while all is well, and the pages are not filled to the brim. Partitions.cs says the same of new days.

DROP INDEX deliveries_failed;
ALTER TABLE deliveries ADD COLUMN failed text GENERATED ALWAYS AS (
    CASE WHEN state IN ('deferred', 'held', 'unknown', 'bounced', 'suppressed', 'expired', 'cancelled') THEN state END) STORED;
CREATE INDEX deliveries_failed ON deliveries (failed, tenant_id, message_id) WHERE failed IS NOT NULL;

DO $$
DECLARE parent text; options text; day regclass;
BEGIN
    FOR parent, options IN VALUES
        ('bodies', 'toast_tuple_target = 8160'), ('deliveries', 'fillfactor = 40'), ('attempts', 'fillfactor = 50')
    LOOP
        FOR day IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = parent::regclass
        LOOP
            EXECUTE format('ALTER TABLE %s SET (%s)', day, options);
        END LOOP;
    END LOOP;
END $$;
