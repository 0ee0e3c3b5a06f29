-- Versions of what is configured, and requests in the order in which a service was asked.

CREATE TABLE service_set (
    version bigint NOT NULL PRIMARY KEY,
    files text NOT NULL,
    note text NOT NULL,
    restores bigint,
    by_key uuid NOT NULL,
    at_ms bigint NOT NULL
){clustered};
CREATE INDEX service_request_service ON service_request (service, id);
CREATE INDEX service_hold_request ON service_hold (request);
