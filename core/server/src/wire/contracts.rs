//! What a look at a hold contract gives.

use serde::{Deserialize, Serialize};
use tebura_contract::{Asset, Checked, Contract, Finding, Language, LegPayoff, Range, Severity};
use utoipa::ToSchema;

/// The report on a document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContractReportBody {
    /// Whether the document may be used here.
    pub accepted: bool,
    /// Errors first, then what whoever consents is told.
    pub findings: Vec<FindingBody>,
    /// Of an accepted document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractBody>,
}

/// One thing that was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FindingBody {
    /// Stable.
    #[schema(example = "contract.c5_leg_without_disposal")]
    pub code: String,
    /// `error`: the document is refused; `warning`: people are told.
    #[schema(example = "error")]
    pub severity: String,
    /// Where: a JSON pointer; empty for the whole document.
    #[schema(example = "/states/ride/else/do")]
    pub path: String,
    /// What is wrong and how to mend it.
    pub message: TextBody,
}

/// A text in both languages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TextBody {
    /// 日本語.
    pub ja: String,
    /// English.
    pub en: String,
}

/// An accepted document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContractBody {
    /// SHA-256 over the canonical form: its name wherever it is referred to.
    #[schema(example = "sha256:…")]
    pub hash: String,
    /// The longest that it can last, milliseconds.
    pub longest_ms: i64,
    /// What each party can receive over all paths.
    pub legs: Vec<LegPayoffBody>,
    /// What people are asked to agree to.
    pub consent: TextBody,
    /// The graph of its states, for Mermaid.
    pub diagram: TextBody,
}

/// One held sum or thing. Amounts in its smallest units.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LegPayoffBody {
    /// Its name.
    pub leg: String,
    /// Whose it is.
    pub from: String,
    /// A currency's code, or the name of a thing.
    #[schema(example = "JPY")]
    pub asset: String,
    /// Held at first.
    pub hold: i64,
    /// Held at most.
    pub most_held: i64,
    /// Who can receive how much.
    pub received: Vec<ReceivedBody>,
    /// What goes back.
    pub returned: RangeBody,
    /// What stays held for another contract.
    pub moved: RangeBody,
}

/// What one party can receive.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReceivedBody {
    /// The party.
    pub party: String,
    /// How much.
    #[serde(flatten)]
    pub range: RangeBody,
}

/// The least and the most.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct RangeBody {
    /// The least.
    pub min: i64,
    /// The most.
    pub max: i64,
}

impl From<&Checked> for ContractReportBody {
    fn from(checked: &Checked) -> ContractReportBody {
        ContractReportBody {
            accepted: checked.contract.is_some(),
            findings: checked.findings.iter().map(FindingBody::from).collect(),
            contract: checked.contract.as_ref().map(ContractBody::from),
        }
    }
}

impl From<&Finding> for FindingBody {
    fn from(finding: &Finding) -> FindingBody {
        let severity = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        FindingBody {
            code: finding.code().to_owned(),
            severity: severity.to_owned(),
            path: finding.path().to_owned(),
            message: TextBody::of(|language| finding.message(language)),
        }
    }
}

impl TextBody {
    fn of(text: impl Fn(Language) -> String) -> TextBody {
        TextBody { ja: text(Language::Ja), en: text(Language::En) }
    }
}

impl From<&Contract> for ContractBody {
    fn from(contract: &Contract) -> ContractBody {
        let payoff = contract.payoff();
        ContractBody {
            hash: contract.hash().to_string(),
            longest_ms: payoff.longest_ms,
            legs: payoff.legs.iter().map(LegPayoffBody::from).collect(),
            consent: TextBody::of(|language| contract.consent_text(language)),
            diagram: TextBody::of(|language| contract.diagram(language)),
        }
    }
}

impl From<&LegPayoff> for LegPayoffBody {
    fn from(leg: &LegPayoff) -> LegPayoffBody {
        let received = |(party, range): &(String, Range)| ReceivedBody { party: party.clone(), range: (*range).into() };
        LegPayoffBody {
            leg: leg.leg.clone(),
            from: leg.from.clone(),
            asset: match &leg.asset {
                Asset::Money(currency) => currency.code().to_owned(),
                Asset::Thing(name) => name.clone(),
            },
            hold: leg.hold,
            most_held: leg.most_held,
            received: leg.received.iter().map(received).collect(),
            returned: leg.returned.into(),
            moved: leg.moved.into(),
        }
    }
}

impl From<Range> for RangeBody {
    fn from(range: Range) -> RangeBody {
        RangeBody { min: range.min, max: range.max }
    }
}
