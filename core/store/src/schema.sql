-- The first schema, frozen: a later migration alters, this file never changes after a release.
--
-- One text for both engines. SQLite takes any type name and keeps ids as 16-byte blobs; {clustered} makes its
-- tables B-trees of their primary key. `shard` comes first in the key of every table that payments write.
-- Amounts are minor units. The CHECKs repeat the ledger's invariants so that the engine catches a wrong decision.

CREATE TABLE setting (
    name text NOT NULL PRIMARY KEY,
    value text NOT NULL
){clustered};

CREATE TABLE shard_head (
    shard smallint NOT NULL PRIMARY KEY,
    seq bigint NOT NULL CHECK (seq >= 0),
    link bytea NOT NULL
);

CREATE TABLE account (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    currency text NOT NULL,
    floor text NOT NULL CHECK (floor IN ('zero', 'unlimited')),
    posted bigint NOT NULL,
    held bigint NOT NULL CHECK (held >= 0),
    version bigint NOT NULL CHECK (version >= 1),
    PRIMARY KEY (shard, id),
    CONSTRAINT account_above_floor CHECK (floor = 'unlimited' OR posted >= held)
){clustered};
CREATE INDEX account_id ON account (id);

CREATE TABLE hold (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    rail text NOT NULL,
    payer uuid NOT NULL,
    payee uuid NOT NULL,
    currency text NOT NULL,
    authorised bigint NOT NULL CHECK (authorised >= 0),
    cap bigint NOT NULL,
    captured bigint NOT NULL CHECK (captured >= 0),
    released bigint NOT NULL CHECK (released >= 0),
    refunded bigint NOT NULL CHECK (refunded >= 0),
    disputed bigint NOT NULL CHECK (disputed >= 0),
    lost bigint NOT NULL CHECK (lost >= 0),
    place_in_flight bigint NOT NULL CHECK (place_in_flight >= 0),
    raise_in_flight bigint NOT NULL CHECK (raise_in_flight >= 0),
    capture_in_flight bigint NOT NULL CHECK (capture_in_flight >= 0),
    release_in_flight bigint NOT NULL CHECK (release_in_flight >= 0),
    refund_in_flight bigint NOT NULL CHECK (refund_in_flight >= 0),
    phase text NOT NULL,
    end_reason text,
    end_code text,
    expires_at_ms bigint NOT NULL,
    captures_at_deadline boolean NOT NULL,
    due_at_ms bigint,
    reference text,
    requires_action boolean NOT NULL,
    waiting uuid,
    version bigint NOT NULL CHECK (version >= 1),
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (shard, id),
    CONSTRAINT hold_within_cap CHECK (authorised + raise_in_flight <= cap),
    CONSTRAINT hold_adds_up CHECK (
        captured + released + place_in_flight + capture_in_flight + release_in_flight <= authorised
    ),
    CONSTRAINT hold_refunds_covered CHECK (refunded + disputed + lost + refund_in_flight <= captured)
){clustered};
CREATE INDEX hold_payee ON hold (payee, id);
CREATE INDEX hold_due ON hold (due_at_ms) WHERE due_at_ms IS NOT NULL;

CREATE TABLE operation (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    hold uuid,
    kind text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL,
    asked bigint,
    finality text,
    capture uuid,
    fund_from uuid,
    fund_to uuid,
    transfer uuid,
    detail text,
    state text NOT NULL,
    code text,
    reference text,
    settled_amount bigint,
    state_at_ms bigint,
    result text,
    refunded bigint NOT NULL CHECK (refunded >= 0),
    refund_in_flight bigint NOT NULL CHECK (refund_in_flight >= 0),
    proposal text,
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (shard, id),
    CONSTRAINT operation_settles_what_was_asked CHECK (settled_amount IS NULL OR settled_amount <= amount)
){clustered};
CREATE INDEX operation_hold ON operation (hold);
CREATE INDEX operation_exception ON operation (id) WHERE kind = 'exception';

CREATE TABLE transfer (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    operation uuid NOT NULL,
    hold uuid,
    debit uuid NOT NULL,
    credit uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    kind text NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (shard, id),
    CONSTRAINT transfer_has_two_sides CHECK (debit <> credit)
){clustered};

CREATE TABLE event (
    shard smallint NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    kind text NOT NULL,
    hold uuid,
    operation uuid,
    payer uuid,
    payee uuid,
    amount bigint,
    currency text,
    hold_version bigint,
    status text,
    at_ms bigint NOT NULL,
    -- Set for what is no event: the kind and key of a record that was written, and the digest of its row.
    record text,
    record_id text,
    digest bytea,
    -- SHA-256 over the link of the entry before and the text of this one.
    link bytea NOT NULL,
    PRIMARY KEY (shard, seq)
){clustered};
CREATE INDEX event_payee ON event (shard, payee, seq) WHERE payee IS NOT NULL;

CREATE TABLE idempotency_key (
    shard smallint NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    target text NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (shard, scope, key)
){clustered};

CREATE TABLE exchange (
    shard smallint NOT NULL,
    operation uuid NOT NULL,
    hold uuid NOT NULL,
    rail text NOT NULL,
    stage text NOT NULL,
    body bytea NOT NULL,
    due_at_ms bigint,
    revision bigint NOT NULL CHECK (revision >= 1),
    PRIMARY KEY (shard, operation)
);
CREATE INDEX exchange_due ON exchange (due_at_ms) WHERE due_at_ms IS NOT NULL;

CREATE TABLE plugin_value (
    plugin text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (plugin, key)
);

CREATE TABLE payment (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    merchant uuid NOT NULL,
    till uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    refused_code text,
    person uuid,
    instrument uuid,
    hold uuid,
    place uuid,
    capture uuid,
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (shard, id)
){clustered};

-- Erasing a person is deleting this row: what is sealed under it cannot be opened again.
CREATE TABLE person_key (
    person uuid NOT NULL PRIMARY KEY,
    kek text NOT NULL,
    wrapped bytea NOT NULL
);

CREATE TABLE person (
    id uuid NOT NULL PRIMARY KEY,
    sealed_name bytea NOT NULL,
    pin_hash text,
    pin_failed bigint NOT NULL CHECK (pin_failed >= 0),
    pin_locked_until_ms bigint,
    created_at_ms bigint NOT NULL
);

CREATE TABLE face_reference (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    pack text NOT NULL,
    sealed_template bytea NOT NULL,
    created_at_ms bigint NOT NULL
);

CREATE TABLE instrument (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    rail text NOT NULL,
    account uuid NOT NULL,
    token text NOT NULL,
    label text NOT NULL,
    is_default boolean NOT NULL
);
CREATE INDEX instrument_person ON instrument (person);

CREATE TABLE capture_session (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    expires_at_ms bigint NOT NULL,
    used_at_ms bigint
);

CREATE TABLE merchant (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    sandbox boolean NOT NULL
);

CREATE TABLE payee (
    merchant uuid NOT NULL,
    rail text NOT NULL,
    account uuid NOT NULL,
    token text NOT NULL,
    PRIMARY KEY (merchant, rail)
);
CREATE INDEX payee_account ON payee (account);

CREATE TABLE till (
    id uuid NOT NULL PRIMARY KEY,
    merchant uuid NOT NULL,
    name text NOT NULL,
    gallery uuid NOT NULL,
    pin_above bigint NOT NULL CHECK (pin_above >= 0),
    max_amount bigint NOT NULL CHECK (max_amount >= 0)
);

CREATE TABLE gallery (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE gallery_member (
    gallery uuid NOT NULL,
    person uuid NOT NULL,
    PRIMARY KEY (gallery, person)
);

CREATE TABLE api_key (
    id uuid NOT NULL PRIMARY KEY,
    secret_sha256 bytea NOT NULL,
    merchant uuid,
    till uuid,
    scopes text NOT NULL,
    revoked_at_ms bigint
);

-- Heads of the logs, signed with a key that is not in the database.
CREATE TABLE audit_head (
    shard smallint NOT NULL,
    seq bigint NOT NULL,
    link bytea NOT NULL,
    at_ms bigint NOT NULL,
    key text NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (shard, seq)
){clustered};
