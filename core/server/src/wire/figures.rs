//! What came of the looks at a till, counted over a period.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::ids::TillId;
use tebura_hub::payment::Counted;
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
        let known = counted.get(&None).copied().unwrap_or(0);
        let refused = counted.into_iter().filter_map(|(code, count)| Some(RefusedBody { code: code?, count }));
        let (from, until) = (rfc3339(from), rfc3339(until));
        FiguresBody { till: till.to_string(), from, until, payments, known, refused: refused.collect() }
    }
}
