//! What came of the looks at a till, counted over a period.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::ids::TillId;
use tebura_hub::payment::{Counted, Decided};
use tebura_hub::services::ServiceCounts;
use tebura_ledger::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::time::{parse_rfc3339, rfc3339};
use crate::problem::Problem;

/// Over which period.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PeriodQuery {
    /// The first moment, RFC 3339: `2026-11-01T00:00:00+09:00`, its `+` written `%2B`.
    pub from: String,
    /// The first moment that does not count any more.
    pub until: String,
}

impl PeriodQuery {
    /// The two moments.
    ///
    /// # Errors
    /// `period.invalid`.
    pub fn read(&self) -> Result<(Timestamp, Timestamp), Problem> {
        let read = parse_rfc3339(&self.from).zip(parse_rfc3339(&self.until));
        read.filter(|(from, until)| from < until).ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "period.invalid",
                "Write from and until as 2026-11-01T00:00:00Z, until later than from.",
            )
        })
    }
}

/// How the payments of a till were decided in a period.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FiguresBody {
    /// The till.
    pub till: String,
    /// The first moment.
    pub from: String,
    /// The first moment that does not count any more.
    pub until: String,
    /// All payments that were asked for.
    pub payments: u64,
    /// Of these, those for which somebody was known and agreed. Whether the money then moved is in the events.
    pub known: u64,
    /// The others, by the code of the refusal.
    pub refused: Vec<RefusedBody>,
    /// Of all, those by face where something was worn; who wears both counts in both. Empty also where the pack cannot tell.
    pub worn: Vec<WornBody>,
}

/// What was worn.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WornBody {
    /// `glasses` or `mask`.
    #[schema(example = "mask")]
    pub worn: String,
    /// Payments that were asked for with it.
    pub payments: u64,
    /// Of these, those for which somebody was known and agreed.
    pub known: u64,
}

/// One reason.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedBody {
    /// The code of the refusal.
    #[schema(example = "liveness.attack")]
    pub code: String,
    /// How often.
    pub count: u64,
}

impl FiguresBody {
    /// From what was counted.
    pub fn new(till: TillId, (from, until): (Timestamp, Timestamp), counted: Counted) -> FiguresBody {
        let payments = counted.values().sum();
        let (mut known, mut refused, mut worn) = (0, BTreeMap::new(), BTreeMap::new());
        for (Decided { code, worn: things }, count) in counted {
            let is_known = code.is_none();
            for thing in things {
                let (payments, known) = worn.entry(thing).or_insert((0, 0));
                *payments += count;
                *known += if is_known { count } else { 0 };
            }
            match code {
                None => known += count,
                Some(code) => *refused.entry(code).or_insert(0) += count,
            }
        }
        let refused = refused.into_iter().map(|(code, count)| RefusedBody { code, count }).collect();
        let worn = worn.into_iter().map(|(thing, (payments, known))| WornBody {
            worn: thing.word().to_owned(),
            payments,
            known,
        });
        let (from, until) = (rfc3339(from), rfc3339(until));
        FiguresBody { till: till.to_string(), from, until, payments, known, refused, worn: worn.collect() }
    }
}

/// What was asked of a service in a period, and what came of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ServiceFiguresBody {
    /// The service.
    pub service: String,
    /// The first moment.
    pub from: String,
    /// The first moment that does not count any more.
    pub until: String,
    /// Everything that was asked for.
    pub asked: u64,
    /// Of these, those that nothing refused so far.
    pub served: u64,
    /// The others, by the code of the refusal.
    pub refused: Vec<RefusedBody>,
    /// The same by the key that asked: a terminal has its own.
    pub terminals: Vec<TerminalFiguresBody>,
}

/// What one terminal asked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TerminalFiguresBody {
    /// Its key.
    #[schema(example = "key_0190a1b2c3d47e5f8091a2b3c4d5e600")]
    pub terminal: String,
    /// Everything that it asked for.
    pub asked: u64,
    /// Of these, those that nothing refused so far.
    pub served: u64,
    /// The others, by the code of the refusal.
    pub refused: Vec<RefusedBody>,
}

impl ServiceFiguresBody {
    /// From what was counted.
    pub fn new(service: String, (from, until): (Timestamp, Timestamp), counts: ServiceCounts) -> ServiceFiguresBody {
        let mut all = BTreeMap::new();
        let mut terminals: BTreeMap<String, BTreeMap<Option<String>, u64>> = BTreeMap::new();
        for ((terminal, code), count) in counts {
            *all.entry(code.clone()).or_insert(0) += count;
            *terminals.entry(terminal).or_default().entry(code).or_insert(0) += count;
        }
        let terminals = terminals.into_iter().map(|(terminal, counts)| {
            let (asked, served, refused) = told(counts);
            TerminalFiguresBody { terminal, asked, served, refused }
        });
        let (asked, served, refused) = told(all);
        let (from, until) = (rfc3339(from), rfc3339(until));
        ServiceFiguresBody { service, from, until, asked, served, refused, terminals: terminals.collect() }
    }
}

/// All, those that were not refused, and the others by reason.
fn told(counts: BTreeMap<Option<String>, u64>) -> (u64, u64, Vec<RefusedBody>) {
    let (asked, served) = (counts.values().sum(), counts.get(&None).copied().unwrap_or(0));
    let refused = counts.into_iter().filter_map(|(code, count)| Some(RefusedBody { code: code?, count }));
    (asked, served, refused.collect())
}
