-- Who signs statements. A key is written once; what ends it is a row of its own, so that a replacement and a revocation
-- at the same time cannot undo each other.

CREATE TABLE party (
    id uuid NOT NULL PRIMARY KEY,
    label text NOT NULL,
    merchant uuid,
    created_at_ms bigint NOT NULL
);

CREATE TABLE party_key (
    id uuid NOT NULL PRIMARY KEY,
    party uuid NOT NULL,
    public_key bytea NOT NULL,
    valid_from_ms bigint NOT NULL,
    valid_until_ms bigint
);
CREATE INDEX party_key_party ON party_key (party, id);

CREATE TABLE party_key_end (
    party_key uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('replaced', 'revoked')),
    at_ms bigint NOT NULL,
    PRIMARY KEY (party_key, reason)
){clustered};
