-- What was sent is counted where it is recorded, in the same transaction; only what went wrong is read from the events.
-- Writers of one moment have a row each: they would else wait for each other's commit.
ALTER TABLE lane_outcomes ADD COLUMN shard smallint NOT NULL DEFAULT 0;
ALTER TABLE lane_outcomes DROP CONSTRAINT lane_outcomes_pkey;
ALTER TABLE lane_outcomes ADD PRIMARY KEY (tenant_id, stream, hour, shard);
