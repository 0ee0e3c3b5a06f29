//! What only some operations carry, as JSON text in two columns that are null for nearly every row: `detail`, fixed when
//! the row is made, and `proposal`, what operators said.

use serde::{Deserialize, Serialize};
use tebura_ledger::{AccountId, Currency, Found, Leg, LegKind, Money, Proposal, Timestamp, TransferId, Uuid, Verdict};

use super::operation::TABLE;
use super::{Damaged, word};

/// What a kind carries beyond the columns.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Detail {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    legs: Vec<LegBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct LegBody {
    to: String,
    minor: i64,
    transfer: String,
    kind: String,
}

impl Detail {
    pub(super) fn legs(legs: &[Leg]) -> String {
        let body = |leg: &Leg| LegBody {
            to: leg.to.uuid().simple().to_string(),
            minor: leg.amount.minor(),
            transfer: leg.transfer.uuid().simple().to_string(),
            kind: leg.kind.name().to_owned(),
        };
        text(&Self { legs: legs.iter().map(body).collect(), ..Self::default() })
    }

    pub(super) fn until(until: Timestamp) -> String {
        text(&Self { until_ms: Some(until.millis()), ..Self::default() })
    }

    pub(super) fn found(found: &Found) -> String {
        let reference = found.reference().map(str::to_owned);
        text(&Self { found: Some(found.name().to_owned()), reference, ..Self::default() })
    }

    pub(super) fn parse(text: &str) -> Result<Self, Damaged> {
        serde_json::from_str(text).map_err(|_| Damaged::new(TABLE, "detail"))
    }

    pub(super) fn to_legs(&self, currency: Currency) -> Result<Vec<Leg>, Damaged> {
        let leg = |body: &LegBody| {
            Ok(Leg {
                to: AccountId::from_uuid(uuid(&body.to)?),
                amount: Money::new(body.minor, currency),
                transfer: TransferId::from_uuid(uuid(&body.transfer)?),
                kind: word(TABLE, "detail", LegKind::from_name(&body.kind))?,
            })
        };
        self.legs.iter().map(leg).collect()
    }

    pub(super) fn to_until(&self) -> Result<Timestamp, Damaged> {
        word(TABLE, "detail", self.until_ms).map(Timestamp::from_millis)
    }

    pub(super) fn to_found(&self) -> Result<Found, Damaged> {
        let found = self.found.as_deref().and_then(|name| Found::from_parts(name, self.reference.clone()));
        word(TABLE, "detail", found)
    }
}

/// What operators said of an operation.
#[derive(Serialize, Deserialize)]
pub(super) struct ProposalBody {
    by: String,
    /// Settled: the rail's name and how much, in minor units of the operation's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<(String, i64)>,
    /// Declined: the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    declined: Option<String>,
    at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<String>,
}

impl ProposalBody {
    pub(super) fn text(proposal: &Proposal) -> String {
        let (settled, declined) = match &proposal.verdict {
            Verdict::Settled { reference, amount } => (Some((reference.clone(), amount.minor())), None),
            Verdict::Declined { code } => (None, Some(code.clone())),
            // The ledger refuses to propose these.
            Verdict::Unknown { .. } | Verdict::RequiresAction => (None, None),
        };
        text(&Self {
            by: proposal.by.simple().to_string(),
            settled,
            declined,
            at_ms: proposal.at.millis(),
            confirmed_by: proposal.confirmed_by.map(|by| by.simple().to_string()),
        })
    }

    pub(super) fn parse(text: &str, currency: Currency) -> Result<Box<Proposal>, Damaged> {
        let body: Self = serde_json::from_str(text).map_err(|_| Damaged::new(TABLE, "proposal"))?;
        let verdict = match (body.settled, body.declined) {
            (Some((reference, minor)), None) => Verdict::Settled { reference, amount: Money::new(minor, currency) },
            (None, Some(code)) => Verdict::Declined { code },
            (Some(_), Some(_)) | (None, None) => return Err(Damaged::new(TABLE, "proposal")),
        };
        Ok(Box::new(Proposal {
            by: uuid(&body.by)?,
            verdict,
            at: Timestamp::from_millis(body.at_ms),
            confirmed_by: body.confirmed_by.as_deref().map(uuid).transpose()?,
        }))
    }
}

/// Strings and numbers: nothing that JSON cannot say.
fn text(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

fn uuid(text: &str) -> Result<Uuid, Damaged> {
    Uuid::parse_str(text).map_err(|_| Damaged::new(TABLE, "an id"))
}
