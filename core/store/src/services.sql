-- Requests to services. `body` is what was asked and where it stands, JSON of the store, sealed with the person's key where
-- there is a person. `due_at_ms` is null when nothing happens by itself any more. `service_keys` counts the writes to an
-- instance's own keys, which lie in `plugin_value`.

CREATE TABLE service_request (
    id uuid NOT NULL PRIMARY KEY,
    service text NOT NULL,
    merchant uuid NOT NULL,
    person uuid,
    body bytea NOT NULL,
    due_at_ms bigint,
    revision bigint NOT NULL
);
CREATE INDEX service_request_due ON service_request (due_at_ms, id) WHERE due_at_ms IS NOT NULL;

CREATE TABLE service_keys (
    service text NOT NULL PRIMARY KEY,
    revision bigint NOT NULL
){clustered};

CREATE TABLE service_hold (
    hold uuid NOT NULL PRIMARY KEY,
    request uuid NOT NULL
){clustered};
