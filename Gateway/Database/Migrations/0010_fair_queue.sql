-- Where fair queueing stands: the virtual time that each stream's busy lanes have all reached. A lane that was idle
-- starts here, whichever worker serves it and however often they were started anew. Never goes back.
CREATE TABLE lane_clocks (
    stream text PRIMARY KEY,
    vtime double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
INSERT INTO lane_clocks (stream) VALUES ('transactional'), ('broadcast');
GRANT SELECT, UPDATE ON lane_clocks TO gw_worker;
