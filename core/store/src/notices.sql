-- Requests from outside that rails believed: the inbox. A row whose due_at_ms is null is over; it stays for a while, so that
-- the same request counts once, without what was in it.

CREATE TABLE rail_notice (
    rail text NOT NULL,
    digest bytea NOT NULL,
    route text NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL,
    news text NOT NULL,
    at_ms bigint NOT NULL,
    due_at_ms bigint,
    looks bigint NOT NULL CHECK (looks >= 0),
    PRIMARY KEY (rail, digest)
){clustered};
CREATE INDEX rail_notice_due ON rail_notice (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX rail_notice_over ON rail_notice (at_ms) WHERE due_at_ms IS NULL;

-- What a rail that hears notices settled an operation with: by this name its far end speaks of it.
CREATE TABLE rail_name (
    rail text NOT NULL,
    reference text NOT NULL,
    operation uuid NOT NULL,
    PRIMARY KEY (rail, reference, operation)
){clustered};
