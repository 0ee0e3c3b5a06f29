//! A rail's statement: what it says that it did between two times, and the checks before anything is compared.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tebura_ledger::{Money, RailId, Timestamp};

/// Lines of one statement. All of them are kept in one transaction that payments wait for: a longer day comes in parts.
pub const MAX_LINES: usize = 10_000;
/// The longest time that one statement covers: a month.
pub const MAX_WINDOW_MS: i64 = 31 * 24 * 3_600_000;
/// How far the clocks of two well-kept machines and the batches of a rail may be apart at the edges of a day.
pub const DEFAULT_GRACE_MS: i64 = 5 * 60_000;
/// A grace of more than a day would leave nothing to compare on a day.
pub const MAX_GRACE_MS: i64 = 24 * 3_600_000;
/// As long as a rail's references may be.
const MAX_REFERENCE: usize = 255;

/// Names a statement of a rail: 1 to 64 letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementId(String);

impl StatementId {
    /// Takes a statement's name.
    ///
    /// # Errors
    /// [`StatementError::IdMalformed`].
    pub fn new(id: impl Into<String>) -> Result<Self, StatementError> {
        let id = id.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=64).contains(&id.len()) && id.bytes().all(plain);
        if fits { Ok(StatementId(id)) } else { Err(StatementError::IdMalformed) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for StatementId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for StatementId {
    type Err = StatementError;

    fn from_str(text: &str) -> Result<Self, StatementError> {
        StatementId::new(text)
    }
}

/// What a rail did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineKind {
    Hold,
    Raise,
    Capture,
    Release,
    Refund,
    Reverse,
    Dispute,
}

impl LineKind {
    /// Every kind, for reading and for help texts.
    pub const ALL: [LineKind; 7] = [
        LineKind::Hold,
        LineKind::Raise,
        LineKind::Capture,
        LineKind::Release,
        LineKind::Refund,
        LineKind::Reverse,
        LineKind::Dispute,
    ];

    /// The word on the wire and in rows.
    pub fn name(self) -> &'static str {
        match self {
            LineKind::Hold => "hold",
            LineKind::Raise => "raise",
            LineKind::Capture => "capture",
            LineKind::Release => "release",
            LineKind::Refund => "refund",
            LineKind::Reverse => "reverse",
            LineKind::Dispute => "dispute",
        }
    }

    /// The kind that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        LineKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One thing that a rail says that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The rail's name of it.
    pub reference: String,
    /// The rail's name of the hold that it belongs to, where it says so.
    pub hold: Option<String>,
    /// The hub's operation, where the rail echoes it; as it came.
    pub operation: Option<String>,
    pub kind: LineKind,
    pub amount: Money,
    /// When, by the rail's clock.
    pub at: Timestamp,
}

/// A rail's word on what it did in `[from, until)`: everything, and each thing once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub id: StatementId,
    pub rail: RailId,
    pub from: Timestamp,
    pub until: Timestamp,
    /// What is nearer to an edge than this may stand on the neighbouring statement; `None`: [`DEFAULT_GRACE_MS`].
    pub grace_ms: Option<i64>,
    pub lines: Vec<Line>,
}

/// Why a statement is not compared. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("a statement is named by 1 to 64 letters, digits, '-', '_' and '.': correct the name")]
    IdMalformed,
    #[error("the statement ends before it begins: `until` is later than `from`")]
    WindowEmpty,
    #[error("a statement covers at most 31 days: send it in parts")]
    WindowTooLong,
    #[error("the statement covers a time that is not over: send it after `until`")]
    WindowNotOver,
    #[error("the grace lies between 0 and {MAX_GRACE_MS} milliseconds: correct `grace_ms`")]
    GraceOutOfRange,
    #[error("a statement has at most {MAX_LINES} lines: send the day in parts, each with its own from and until")]
    TooManyLines,
    #[error("line {line} has no reference, or one of more than 255 characters: ask the rail for the line")]
    ReferenceMalformed { line: usize },
    #[error("line {line} has an amount that is not above zero: leave out what moved nothing")]
    AmountNotPositive { line: usize },
    #[error("line {line} is outside of the statement's time: correct `at`, `from` or `until`")]
    LineOutside { line: usize },
    #[error("line {line} repeats line {first}: leave one of them out")]
    LineRepeated { line: usize, first: usize },
}

impl Statement {
    /// Checks it by itself.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, now: Timestamp) -> Result<(), StatementError> {
        if self.until <= self.from {
            return Err(StatementError::WindowEmpty);
        }
        if self.until > self.from.plus_ms(MAX_WINDOW_MS) {
            return Err(StatementError::WindowTooLong);
        }
        if self.until > now {
            return Err(StatementError::WindowNotOver);
        }
        if self.grace_ms.is_some_and(|grace| !(0..=MAX_GRACE_MS).contains(&grace)) {
            return Err(StatementError::GraceOutOfRange);
        }
        if self.lines.len() > MAX_LINES {
            return Err(StatementError::TooManyLines);
        }
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        for (line, row) in (1..).zip(&self.lines) {
            if row.reference.is_empty() || row.reference.len() > MAX_REFERENCE {
                return Err(StatementError::ReferenceMalformed { line });
            }
            if !row.amount.is_positive() {
                return Err(StatementError::AmountNotPositive { line });
            }
            if row.at < self.from || row.at >= self.until {
                return Err(StatementError::LineOutside { line });
            }
            let Line { reference, hold, operation, kind, amount, at } = row;
            let all = (reference, hold, operation, *kind, amount.minor(), amount.currency().code().to_owned(), *at);
            if let Some(first) = seen.insert(all, line) {
                return Err(StatementError::LineRepeated { line, first });
            }
        }
        Ok(())
    }

    /// SHA-256 over everything in it: what "the same statement" means.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| {
            hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            hash.update(text.unwrap_or_default());
        };
        part(Some(self.id.as_str()));
        part(Some(self.rail.as_str()));
        for number in [Some(self.from.millis()), Some(self.until.millis()), self.grace_ms] {
            part(number.map(|number| number.to_string()).as_deref());
        }
        for line in &self.lines {
            part(Some(&line.reference));
            part(line.hold.as_deref());
            part(line.operation.as_deref());
            part(Some(line.kind.name()));
            part(Some(&line.amount.minor().to_string()));
            part(Some(line.amount.currency().code()));
            part(Some(&line.at.millis().to_string()));
        }
        hash.finalize().into()
    }
}
