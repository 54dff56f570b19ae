-- What a path was given within its longest window is counted from its attempts when Redis forgot it. Attempts are added in
-- the order of their time, so a summary of page ranges finds a day of them, and costs an insert next to nothing.
CREATE INDEX attempts_begun ON attempts USING brin (begun_at) WITH (pages_per_range = 32);
