-- Statements of rails as they were compared. Written once, with their findings.

CREATE TABLE rail_statement (
    rail text NOT NULL,
    id text NOT NULL,
    from_ms bigint NOT NULL,
    until_ms bigint NOT NULL CHECK (until_ms > from_ms),
    grace_ms bigint NOT NULL CHECK (grace_ms >= 0),
    digest bytea NOT NULL,
    lines bigint NOT NULL,
    matched bigint NOT NULL,
    missing_at_rail bigint NOT NULL,
    missing_here bigint NOT NULL,
    amount_differs bigint NOT NULL,
    awaited bigint NOT NULL,
    brought_by uuid NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (rail, id)
){clustered};

-- A line of a statement, or an operation that has none: then the columns of the line are null.
CREATE TABLE rail_finding (
    rail text NOT NULL,
    statement text NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    operation uuid,
    compared text NOT NULL,
    next text NOT NULL,
    exception uuid,
    reference text,
    hold text,
    echoed text,
    kind text,
    amount bigint,
    currency text,
    at_ms bigint,
    PRIMARY KEY (rail, statement, number)
){clustered};
CREATE INDEX rail_finding_operation ON rail_finding (operation) WHERE operation IS NOT NULL;
CREATE INDEX rail_finding_awaited ON rail_finding (rail) WHERE compared = 'awaited';
