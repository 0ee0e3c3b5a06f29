-- Webhooks. An endpoint is a position in the event log; only what was not taken has a row.

CREATE TABLE webhook_endpoint (
    id uuid NOT NULL PRIMARY KEY,
    merchant uuid NOT NULL,
    url text NOT NULL,
    kinds text NOT NULL,
    kek text NOT NULL,
    sealed_secret bytea NOT NULL,
    sealed_previous bytea,
    previous_until_ms bigint,
    created_at_ms bigint NOT NULL
);
CREATE INDEX webhook_endpoint_merchant ON webhook_endpoint (merchant);

CREATE TABLE webhook_progress (
    endpoint uuid NOT NULL PRIMARY KEY,
    positions text NOT NULL,
    leased_until_ms bigint NOT NULL,
    taken_at_ms bigint,
    failed_at_ms bigint,
    failure text,
    revision bigint NOT NULL CHECK (revision >= 1)
);

CREATE TABLE webhook_delivery (
    endpoint uuid NOT NULL,
    shard smallint NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    hold uuid,
    attempts bigint NOT NULL CHECK (attempts >= 0),
    since_ms bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    dead_at_ms bigint,
    last text,
    PRIMARY KEY (endpoint, shard, seq)
){clustered};
CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at_ms) WHERE dead_at_ms IS NULL;
