//! What came of the looks at a till, counted over a period.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::ids::TillId;
use tebura_hub::payment::{Counted, Decided};
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
