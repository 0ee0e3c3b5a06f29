-- Keys that sign events for receivers that asked for signatures which they can check and not make.

CREATE TABLE webhook_signing (
    endpoint uuid NOT NULL PRIMARY KEY,
    kek text NOT NULL,
    sealed_key bytea NOT NULL,
    sealed_previous bytea,
    previous_until_ms bigint
);
