-- Attempts of people to prove who they are, and whose card a link stands for. `sealed` is JSON, encrypted with the
-- person's key: what a plugin keeps, what was proven. `due_at_ms` is null when it is over. A link is a digest.

CREATE TABLE proofing (
    id uuid NOT NULL PRIMARY KEY,
    person uuid NOT NULL,
    plugin text NOT NULL,
    status text NOT NULL,
    sealed bytea NOT NULL,
    due_at_ms bigint,
    revision bigint NOT NULL
);
CREATE INDEX proofing_person ON proofing (person, id);
CREATE INDEX proofing_due ON proofing (due_at_ms, id) WHERE due_at_ms IS NOT NULL;

CREATE TABLE proof_link (
    link bytea NOT NULL PRIMARY KEY,
    person uuid NOT NULL
){clustered};
