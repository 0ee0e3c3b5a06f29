//! The hub's store port over SQL: SQLite and PostgreSQL, group commit.
