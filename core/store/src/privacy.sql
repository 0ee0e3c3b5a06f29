-- What people say about their own data. A capture session lives for minutes: the old table goes with what is in it.
-- `sealed_…` is encrypted with the person's key. A consent is never changed.

DROP TABLE capture_session;
CREATE TABLE capture_session (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    device bytea NOT NULL,
    prompts text NOT NULL,
    sealed_shots bytea,
    looks bigint NOT NULL,
    expires_at_ms bigint NOT NULL,
    used_at_ms bigint,
    revision bigint NOT NULL
);
CREATE INDEX capture_session_expires ON capture_session (expires_at_ms, id);

CREATE TABLE consent (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    purpose text NOT NULL,
    version text NOT NULL,
    notice_sha256 bytea NOT NULL,
    language text NOT NULL,
    state text NOT NULL,
    actor text NOT NULL,
    guardian uuid,
    at_ms bigint NOT NULL
);
CREATE INDEX consent_person ON consent (person, at_ms, id);

CREATE TABLE enrolment (
    id uuid NOT NULL PRIMARY KEY,
    issuer text NOT NULL,
    person uuid,
    galleries text NOT NULL,
    proof text NOT NULL,
    created_at_ms bigint NOT NULL,
    opened_at_ms bigint,
    ends_at_ms bigint NOT NULL,
    revision bigint NOT NULL
);
CREATE INDEX enrolment_ends ON enrolment (ends_at_ms, id);

CREATE TABLE rights_request (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    kind text NOT NULL,
    sealed_words bytea,
    created_at_ms bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    state text NOT NULL,
    ended_at_ms bigint,
    revision bigint NOT NULL
);
CREATE INDEX rights_request_person ON rights_request (person, id);
CREATE INDEX rights_request_open ON rights_request (due_at_ms, id) WHERE state = 'open';

CREATE INDEX face_reference_person ON face_reference (person, id);
CREATE INDEX face_reference_created ON face_reference (created_at_ms, id);
