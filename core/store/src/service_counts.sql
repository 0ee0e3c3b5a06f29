-- What was asked of services and what came of it, for figures: nobody's name, and kept when the request is forgotten.

CREATE TABLE service_count (
    id uuid NOT NULL PRIMARY KEY,
    service text NOT NULL,
    terminal text NOT NULL,
    refused_code text,
    at_ms bigint NOT NULL
);
CREATE INDEX service_count_period ON service_count (service, at_ms);
