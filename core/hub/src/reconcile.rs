//! Reconciliation: what a rail says that it did, compared with what the hub asked of it.
//!
//! A statement covers a time at one rail. Each of its lines, and each operation of that time that has no line, gets one
//! verdict and one next step; what the hub can do by itself is done. The comparison is pure ([`compare_lines`],
//! [`compare_rest`]). Absent: files and their formats, and fetching a statement from a far end.

mod act;
mod compare;
mod finding;
mod memory;
mod statement;

pub use act::{ReconcileError, Reconciled};
pub use compare::{Act, Own, Plan, Window, compare_lines, compare_rest};
pub use finding::{Compared, Counts, Finding, NextStep, StatementHead};
pub(crate) use memory::StatementTables;
pub use statement::{
    DEFAULT_GRACE_MS, Line, LineKind, MAX_GRACE_MS, MAX_LINES, MAX_WINDOW_MS, Statement, StatementError, StatementId,
};
