//! The provider's tables. Amounts are yen.

/// Run at every start; changes nothing where the tables exist.
pub(crate) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS account (
  token   TEXT PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('issuer', 'wallet', 'merchant')),
  balance INTEGER NOT NULL DEFAULT 0,
  held    INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  CHECK (kind = 'issuer' OR balance >= held)
) STRICT;

CREATE TABLE IF NOT EXISTS posting (
  id        INTEGER PRIMARY KEY,
  debit     TEXT NOT NULL REFERENCES account,
  credit    TEXT NOT NULL REFERENCES account,
  amount    INTEGER NOT NULL CHECK (amount > 0),
  operation TEXT,
  at        INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS preauthorization (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  wallet     TEXT NOT NULL REFERENCES account,
  merchant   TEXT NOT NULL REFERENCES account,
  amount     INTEGER NOT NULL CHECK (amount > 0),
  captured   INTEGER NOT NULL DEFAULT 0 CHECK (captured >= 0),
  returned   INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0),
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'captured', 'reverted', 'expired')),
  expires_at INTEGER NOT NULL,
  CHECK (captured + returned <= amount),
  CHECK (state = 'open' OR captured + returned = amount)
) STRICT;
CREATE INDEX IF NOT EXISTS preauthorization_due ON preauthorization (expires_at) WHERE state = 'open';

CREATE TABLE IF NOT EXISTS capture (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  preauthorization INTEGER NOT NULL REFERENCES preauthorization,
  amount           INTEGER NOT NULL CHECK (amount > 0),
  refunded         INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount)
) STRICT;

CREATE TABLE IF NOT EXISTS revert (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  preauthorization INTEGER NOT NULL REFERENCES preauthorization,
  amount           INTEGER NOT NULL CHECK (amount > 0)
) STRICT;

CREATE TABLE IF NOT EXISTS refund (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  capture INTEGER NOT NULL REFERENCES capture,
  amount  INTEGER NOT NULL CHECK (amount > 0)
) STRICT;

CREATE TABLE IF NOT EXISTS dispute (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  capture INTEGER NOT NULL REFERENCES capture,
  amount  INTEGER NOT NULL CHECK (amount > 0),
  reason  TEXT NOT NULL,
  state   TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'won', 'lost'))
) STRICT;

-- Orders that wait for the payer's word.
CREATE TABLE IF NOT EXISTS waiting_order (
  operation   TEXT PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  fingerprint BLOB NOT NULL,
  wallet      TEXT NOT NULL,
  merchant    TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS operation (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL CHECK (kind IN ('preauthorization', 'raise', 'extend', 'capture', 'revert', 'refund')),
  status      TEXT NOT NULL CHECK (status IN ('settled', 'declined')),
  http_status INTEGER NOT NULL,
  reference   TEXT,
  amount      INTEGER,
  code        TEXT,
  message     TEXT
) STRICT;

-- What was done, in order: a line each for statements.
CREATE TABLE IF NOT EXISTS journal (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  operation        TEXT,
  kind             TEXT NOT NULL CHECK (kind IN ('hold', 'raise', 'capture', 'release', 'refund')),
  preauthorization TEXT NOT NULL,
  reference        TEXT NOT NULL,
  amount           INTEGER NOT NULL CHECK (amount > 0),
  at               INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS journal_at ON journal (at);

CREATE TABLE IF NOT EXISTS idempotency_key (
  key         TEXT PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  operation   TEXT NOT NULL REFERENCES operation
) STRICT;

INSERT INTO account (token, kind) VALUES ('issuer', 'issuer') ON CONFLICT DO NOTHING;
";
