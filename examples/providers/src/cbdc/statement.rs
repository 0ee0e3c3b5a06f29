//! An intermediary's statement: what it did between two times, in the format that the hub reads.

use serde::{Deserialize, Serialize};

use crate::cbdc::intermediary::{Ask, Work};

/// A statement of `[from, until)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Its name.
    pub id: String,
    /// RFC 3339.
    pub from: String,
    /// RFC 3339, not in it.
    pub until: String,
    /// What was done for callers, in order.
    pub lines: Vec<Line>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The name of what was made.
    pub reference: String,
    /// The lock.
    pub hold: String,
    /// The caller's request.
    pub operation: String,
    /// `hold`, `capture`, `release` or `refund`.
    pub kind: String,
    /// How much.
    pub amount: Amount,
    /// RFC 3339.
    pub at: String,
}

/// Whole yen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Yen.
    pub minor: i64,
    /// `JPY`.
    pub currency: String,
}

/// The line of settled work; none for what is not about a lock.
pub(crate) fn line(work: &Work, lock_of: impl Fn(&str) -> Option<String>) -> Option<Line> {
    let (kind, hold) = match &work.ask {
        Ask::Lock { .. } => ("hold", work.record.request.clone()),
        Ask::Complete { lock, .. } => ("capture", lock.clone()),
        Ask::Return { lock, .. } => ("release", lock.clone()),
        Ask::Refund { completion, .. } => ("refund", lock_of(completion)?),
        Ask::Extend { .. } | Ask::Transfer { .. } => return None,
    };
    Some(Line {
        reference: work.record.reference.clone()?,
        hold,
        operation: work.record.request.clone(),
        kind: kind.to_owned(),
        amount: Amount { minor: work.record.amount?, currency: "JPY".to_owned() },
        at: rfc3339(work.at),
    })
}

/// Milliseconds since the epoch as RFC 3339 in UTC.
pub(crate) fn rfc3339(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Days since 1 March of the year 0, in eras of 400 years: leap days fall at the end of years.
    let from_march = days + 719_468;
    let (era, of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn instants_are_written_as_everybody_reads_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_400_001), "2000-02-29T00:00:00.001Z");
        assert_eq!(rfc3339(1_767_225_599_999), "2025-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(1_767_225_600_000), "2026-01-01T00:00:00.000Z");
    }
}
