//! Rails' statements, and what was found when they were compared. The format is in `docs/reconciliation.md`.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::instant::parse_rfc3339;
use tebura_hub::reconcile::{
    Compared, Finding, Line, LineKind, NextStep, Statement, StatementError, StatementHead, StatementId,
};
use tebura_ledger::{RailId, Timestamp};
use utoipa::ToSchema;

use super::amount::{AmountBody, MoneyBody};
use super::time::rfc3339;
use crate::messages::{Language, text};
use crate::problem::{AT_LINE, Problem};

/// What a rail says that it did in `[from, until)`: everything that moved or reserved money, each thing once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RailStatementBody {
    /// The rail's or the operator's name for it, 1 to 64 letters, digits, `-`, `_` and `.`. Taken once.
    #[schema(example = "2026-11-22")]
    pub id: String,
    /// The beginning, RFC 3339 with `Z` or an offset.
    #[schema(example = "2026-11-22T00:00:00+09:00")]
    pub from: String,
    /// The end, not in it. Has to be over.
    #[schema(example = "2026-11-23T00:00:00+09:00")]
    pub until: String,
    /// What is nearer to an edge than this may stand on the neighbouring statement. Left out: five minutes and the rail's
    /// settle window.
    pub grace_ms: Option<i64>,
    /// At most 10,000.
    #[schema(max_items = 10000)]
    pub lines: Vec<RailStatementLineBody>,
}

/// One thing that a rail did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RailStatementLineBody {
    /// The rail's name of what it did.
    #[schema(example = "cp_17")]
    pub reference: String,
    /// The rail's name of the hold that it belongs to.
    pub hold: Option<String>,
    /// The hub's operation, where the rail echoes it: `op_…`.
    pub operation: Option<String>,
    /// `hold`, `raise`, `capture`, `release`, `refund`, `reverse` or `dispute`.
    #[schema(example = "capture")]
    pub kind: String,
    /// How much, above zero.
    pub amount: AmountBody,
    /// When, by the rail's clock, RFC 3339.
    pub at: String,
}

impl RailStatementBody {
    /// The statement.
    ///
    /// # Errors
    /// 422 for the first thing that cannot be read; lines are counted from 1.
    pub fn statement(&self, rail: RailId) -> Result<Statement, Problem> {
        let lines = (1..).zip(&self.lines).map(|(number, line)| line.line(number)).collect::<Result<_, _>>()?;
        Ok(Statement {
            id: StatementId::new(self.id.as_str())?,
            rail,
            from: moment("from", &self.from)?,
            until: moment("until", &self.until)?,
            grace_ms: self.grace_ms,
            lines,
        })
    }
}

impl RailStatementLineBody {
    fn line(&self, number: usize) -> Result<Line, Problem> {
        let kind = LineKind::from_name(&self.kind).ok_or_else(|| {
            let names = LineKind::ALL.map(LineKind::name).join(", ");
            malformed(format!("Line {number} is of no kind that the hub knows: write one of {names}."))
        })?;
        let amount = self.amount.money().map_err(|problem| Problem {
            detail: format!("Line {number}: {}", problem.detail),
            ..problem.with(AT_LINE, number)
        })?;
        Ok(Line {
            reference: self.reference.clone(),
            hold: self.hold.clone(),
            operation: self.operation.clone(),
            kind,
            amount,
            at: moment(&format!("at of line {number}"), &self.at)?,
        })
    }
}

/// A time with `Z` or an offset such as `+09:00`: a rail's business day is a day of its own zone.
fn moment(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let read = || {
        let Some(place) = text.len().checked_sub(6).filter(|_| !text.ends_with('Z')) else {
            return parse_rfc3339(text);
        };
        let (local, offset) = text.split_at_checked(place)?;
        let (hours, minutes) = offset.get(1..)?.split_once(':')?;
        let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok()).flatten().map(i64::from);
        let (hours, minutes) = (two(hours).filter(|hours| *hours < 24)?, two(minutes).filter(|minutes| *minutes < 60)?);
        let offset_ms = (hours * 60 + minutes) * 60_000;
        let at = parse_rfc3339(&format!("{local}Z"))?;
        match text.as_bytes().get(place)? {
            b'+' => Some(at.plus_ms(-offset_ms)),
            b'-' => Some(at.plus_ms(offset_ms)),
            _ => None,
        }
    };
    read().ok_or_else(|| {
        malformed(format!("`{name}` is no time: write it as 2026-11-22T00:00:00+09:00 or 2026-11-21T15:00:00Z."))
    })
}

fn malformed(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "rail_statement.malformed", detail)
}

impl From<StatementError> for Problem {
    fn from(error: StatementError) -> Problem {
        let code = match error {
            StatementError::IdMalformed => "rail_statement.id_malformed",
            StatementError::WindowEmpty => "rail_statement.window_empty",
            StatementError::WindowTooLong => "rail_statement.window_too_long",
            StatementError::WindowNotOver => "rail_statement.window_not_over",
            StatementError::GraceOutOfRange => "rail_statement.grace_out_of_range",
            StatementError::TooManyLines => "rail_statement.too_many_lines",
            StatementError::ReferenceMalformed { .. }
            | StatementError::AmountNotPositive { .. }
            | StatementError::LineOutside { .. } => "rail_statement.line_invalid",
            StatementError::LineRepeated { .. } => "rail_statement.line_repeated",
        };
        crate::refusals::problem(StatusCode::UNPROCESSABLE_ENTITY, code, &error)
    }
}

/// A statement that was compared.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailStatementHeadBody {
    /// Its name.
    pub id: String,
    /// The rail.
    pub rail: String,
    /// The beginning.
    pub from: String,
    /// The end, not in it.
    pub until: String,
    /// What is nearer to an edge than this may stand on the neighbouring statement.
    pub grace_ms: i64,
    /// SHA-256 over everything in it: another statement under this name is refused.
    pub digest: String,
    /// How many lines it has.
    pub lines: u32,
    /// How many findings of each kind.
    pub counts: RailStatementCountsBody,
    /// The key that brought it.
    pub brought_by: String,
    /// When it was compared.
    pub compared_at: String,
}

/// How many findings of each kind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailStatementCountsBody {
    /// Both sides say the same.
    pub matched: u32,
    /// Done here, not known to the rail.
    pub missing_at_rail: u32,
    /// Done at the rail, not here.
    pub missing_here: u32,
    /// Known to both, with different amounts.
    pub amount_differs: u32,
    /// Not to be decided yet.
    pub awaited: u32,
}

impl From<&StatementHead> for RailStatementHeadBody {
    fn from(head: &StatementHead) -> RailStatementHeadBody {
        let counts = head.counts;
        RailStatementHeadBody {
            id: head.id.to_string(),
            rail: head.rail.to_string(),
            from: rfc3339(head.from),
            until: rfc3339(head.until),
            grace_ms: head.grace_ms,
            digest: crate::hex::encode(&head.digest),
            lines: head.lines,
            counts: RailStatementCountsBody {
                matched: counts.matched,
                missing_at_rail: counts.missing_at_rail,
                missing_here: counts.missing_here,
                amount_differs: counts.amount_differs,
                awaited: counts.awaited,
            },
            brought_by: head.by.to_string(),
            compared_at: rfc3339(head.at),
        }
    }
}

/// A page of what a comparison found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailStatementFindingsBody {
    /// The statement.
    pub statement: RailStatementHeadBody,
    /// One for each line, then one for each operation without a line.
    pub findings: Vec<RailFindingBody>,
    /// The words of this page, for people.
    pub words: Vec<RailWordBody>,
    /// Ask with `after` set to this for the next page; left out on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// A line, or an operation without one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailFindingBody {
    /// A line's own number, from 1; operations without a line follow.
    pub number: u32,
    /// `matched`, `missing_at_rail`, `missing_here`, `amount_differs` or `awaited`.
    #[schema(example = "matched")]
    pub verdict: String,
    /// `nothing`, `settled`, `undoing`, `two_operators`, `ask_rail`, `record_dispute`, `next_statement` or `inquiring`.
    #[schema(example = "nothing")]
    pub next_step: String,
    /// The hub's operation; left out where none belongs to the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The exception that says how far it is: `GET /v1/operations/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// What the rail said; left out where it has no line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<RailFindingLineBody>,
}

/// A line as it came.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailFindingLineBody {
    /// The rail's name of what it did.
    pub reference: String,
    /// The rail's name of the hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// What the rail echoed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What it did.
    pub kind: String,
    /// How much.
    pub amount: MoneyBody,
    /// When.
    pub at: String,
}

/// A verdict or a next step in people's words.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailWordBody {
    /// The verdict or step.
    pub word: String,
    /// In English.
    pub en: String,
    /// In Japanese.
    pub ja: String,
}

impl From<&Finding> for RailFindingBody {
    fn from(finding: &Finding) -> RailFindingBody {
        RailFindingBody {
            number: finding.number,
            verdict: finding.compared.name().to_owned(),
            next_step: finding.next.name().to_owned(),
            operation: finding.operation.map(|id| id.to_string()),
            exception: finding.exception.map(|id| id.to_string()),
            line: finding.line.as_ref().map(|line| RailFindingLineBody {
                reference: line.reference.clone(),
                hold: line.hold.clone(),
                operation: line.operation.clone(),
                kind: line.kind.name().to_owned(),
                amount: line.amount.into(),
                at: rfc3339(line.at),
            }),
        }
    }
}

impl RailStatementFindingsBody {
    /// A page; `full`: there may be more.
    pub fn new(head: &StatementHead, findings: &[Finding], full: bool) -> RailStatementFindingsBody {
        let verdicts: BTreeSet<Compared> = findings.iter().map(|finding| finding.compared).collect();
        let steps: BTreeSet<NextStep> = findings.iter().map(|finding| finding.next).collect();
        let keys = verdicts
            .into_iter()
            .map(|verdict| ("reconcile.verdict", verdict.name()))
            .chain(steps.into_iter().map(|step| ("reconcile.next", step.name())));
        let word = |(table, word): (&str, &str)| {
            let key = format!("{table}.{word}");
            let [en, ja] = [Language::English, Language::Japanese].map(|language| text(language, &key).to_owned());
            RailWordBody { word: word.to_owned(), en, ja }
        };
        RailStatementFindingsBody {
            statement: head.into(),
            findings: findings.iter().map(RailFindingBody::from).collect(),
            words: keys.map(word).collect(),
            next: findings.last().filter(|_| full).map(|finding| finding.number),
        }
    }
}

/// Which findings to show.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RailFindingsQuery {
    /// Only those of one verdict.
    pub verdict: Option<String>,
    /// The `next` of the page before.
    pub after: Option<u32>,
    /// 1 to 1,000; 100 when it is left out.
    pub limit: Option<u16>,
}

impl RailFindingsQuery {
    /// The verdict, the number to go on after, and the size of the page.
    ///
    /// # Errors
    /// 422 for an unknown verdict or a size out of range.
    pub fn read(&self) -> Result<(Option<Compared>, u32, u16), Problem> {
        let refused = |detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.query_invalid", detail);
        let unknown = || refused("`verdict` is matched, missing_at_rail, missing_here, amount_differs or awaited.");
        let verdict = self.verdict.as_deref().map(|word| Compared::from_name(word).ok_or_else(unknown)).transpose()?;
        let limit = self.limit.unwrap_or(100);
        if !(1..=1_000).contains(&limit) {
            return Err(refused("`limit` is 1 to 1000."));
        }
        Ok((verdict, self.after.unwrap_or(0), limit))
    }
}

/// Every statement of a rail.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailStatementListBody {
    /// The latest time first.
    pub items: Vec<RailStatementHeadBody>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(moment("at", text).ok().map(Timestamp::millis), expected, "{text}");
    }

    #[test]
    fn a_time_is_read_in_any_zone() {
        check("1970-01-01T09:00:00+09:00", Some(0));
        check("1970-01-01T00:00:00.250Z", Some(250));
        check("1969-12-31T23:59:00-00:01", None);
        check("1970-01-01T00:00:00-05:30", Some(19_800_000));
        for bad in ["", "x", "2026-11-22", "2026-11-22T00:00:00", "2026-11-22T00:00:00+0900", "2026-02-30T00:00:00Z"] {
            check(bad, None);
        }
        check("2026-11-22T00:00:00+9:000", None);
        check("2026-11-22T00:00:00*09:00", None);
        check("2026-11-22T00:00:00+09:60", None);
        check("二二二二二二二", None);
    }

    #[test]
    fn every_verdict_and_step_has_its_words() {
        for language in Language::ALL {
            for name in Compared::ALL.map(Compared::name) {
                assert!(crate::messages::find(language, &format!("reconcile.verdict.{name}")).is_some(), "{name}");
            }
            for name in NextStep::ALL.map(NextStep::name) {
                assert!(crate::messages::find(language, &format!("reconcile.next.{name}")).is_some(), "{name}");
            }
        }
    }
}
