-- Who answers for whom; rules of galleries, and until when a member stays; how the payer of a payment was known, where it was
-- not by the face. Rows of their own: what was written before keeps its digest.

CREATE TABLE guardian_link (
    id uuid NOT NULL PRIMARY KEY,
    guardian uuid NOT NULL,
    ward uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('child', 'elder')),
    basis text NOT NULL CHECK (basis IN ('proof', 'pin', 'paper')),
    proofing uuid,
    paper text,
    until_ms bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    ended_at_ms bigint,
    ended_by text,
    CONSTRAINT guardian_is_another CHECK (guardian <> ward)
);
CREATE INDEX guardian_link_guardian ON guardian_link (guardian, id);
CREATE INDEX guardian_link_ward ON guardian_link (ward, id);

CREATE TABLE gallery_rule (
    gallery uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('day', 'claim', 'family')),
    first text NOT NULL,
    second text
);

CREATE TABLE gallery_term (
    gallery uuid NOT NULL,
    person uuid NOT NULL,
    until_ms bigint NOT NULL,
    PRIMARY KEY (gallery, person)
){clustered};
CREATE INDEX gallery_term_due ON gallery_term (until_ms);

CREATE TABLE payment_way (
    payment uuid NOT NULL PRIMARY KEY,
    way text NOT NULL
);
