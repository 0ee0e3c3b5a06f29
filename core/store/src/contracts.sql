-- Contracts that run. `terms` is written once; `progress` is where it stands; both are JSON of the hub. What happened is
-- appended. `due_at_ms` is null when nothing happens by itself any more.

CREATE TABLE contract (
    id uuid NOT NULL PRIMARY KEY,
    merchant uuid NOT NULL,
    terms text NOT NULL,
    progress text NOT NULL,
    due_at_ms bigint,
    revision bigint NOT NULL
);
CREATE INDEX contract_merchant ON contract (merchant, id);
CREATE INDEX contract_due ON contract (due_at_ms, id) WHERE due_at_ms IS NOT NULL;

CREATE TABLE contract_entry (
    contract uuid NOT NULL,
    number bigint NOT NULL,
    at_ms bigint NOT NULL,
    happened text NOT NULL,
    PRIMARY KEY (contract, number)
){clustered};

CREATE TABLE contract_hold (
    hold uuid NOT NULL PRIMARY KEY,
    contract uuid NOT NULL
){clustered};
