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
