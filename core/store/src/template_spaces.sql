-- Secrets of the rotations under which templates are kept, wrapped by the operator's key. `until_ms` is null in the newest.

CREATE TABLE template_space (
    number bigint NOT NULL PRIMARY KEY,
    kek text NOT NULL,
    wrapped bytea NOT NULL,
    since_ms bigint NOT NULL,
    until_ms bigint
);

ALTER TABLE face_reference ADD COLUMN space bigint NOT NULL DEFAULT 0;
CREATE INDEX face_reference_space ON face_reference (space, id);
