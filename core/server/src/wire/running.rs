//! Hold contracts that run: proposals, and how they stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tebura_contract::{LegStanding, OpenEdge, Outcome, Standing, TriggerKind};
use tebura_hub::contracts::{
    AGREE_WITHIN_MS, AccountRef, ContractEntry, ContractView, OpenGroup, PartyBinding, Proposal, Stage,
};
use tebura_hub::ids::{InstrumentId, MerchantId, PartyId};
use tebura_ledger::Timestamp;
use utoipa::ToSchema;

use super::contracts::{LegPayoffBody, TextBody};
use super::time::{parse_rfc3339, rfc3339};
use crate::extract::{from_value, parse_id};
use crate::problem::Problem;

/// A contract to propose: a document, or a template that makes one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeBody {
    /// The document, `hc/1`.
    #[schema(value_type = Option<Object>)]
    pub document: Option<Value>,
    /// Instead: `{"template": "cap_and_capture", …}`, see `specs/contracts/templates.md`.
    #[schema(value_type = Option<Object>)]
    pub template: Option<Value>,
    /// Documents that a leg may move to.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub further: Vec<Value>,
    /// Who the parties are, by their names in the documents.
    pub parties: BTreeMap<String, PartyBindingBody>,
    /// When the document's anchors are.
    #[serde(default)]
    #[schema(example = json!({"table": "2027-01-15T10:00:00Z"}))]
    pub anchors: BTreeMap<String, String>,
    /// How long everybody may take to agree; a day when it is left out.
    pub agree_within_ms: Option<i64>,
}

/// Who a party is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyBindingBody {
    /// `pty_…`: whose keys sign for it. Needed by every party that commands, states or consents.
    pub signs: Option<String>,
    /// `inst_…` or `mrc_…`: where it pays from and is paid to, one account a rail.
    #[serde(default)]
    pub accounts: Vec<String>,
}

/// A contract that was proposed, runs, or is over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunningContractBody {
    /// `ctr_…`
    pub id: String,
    /// `proposed`, `funding`, `waiting`, `ended` or `lapsed`.
    #[schema(example = "waiting")]
    pub status: String,
    /// For people.
    pub name: TextBody,
    /// The document's hash: what parties agree to.
    #[schema(example = "sha256:…")]
    pub document: String,
    /// The merchant who proposed it.
    pub merchant: String,
    /// The contract whose leg moved here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// The state that it waits in, or is being funded for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When something happens by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Outcome>,
    /// Who has to agree before it begins.
    pub agreement_awaited: Vec<String>,
    /// Who may say what now, and until when.
    pub open: Vec<OpenEdgeBody>,
    /// Who was asked about which statement.
    pub consent_awaited: Vec<ConsentBody>,
    /// What is held.
    pub legs: Vec<LegBody>,
    /// What each party can still receive.
    pub left: Vec<LegPayoffBody>,
    /// What was decided and is not done yet.
    pub under_way: Vec<UnderWayBody>,
    /// Everything that happened, oldest first; signed words as they came.
    pub happened: Vec<HappenedBody>,
    /// Counted up with every change.
    pub version: u32,
}

/// A page of contracts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunningContractListBody {
    /// Oldest first.
    pub items: Vec<RunningContractRefBody>,
    /// Give it as `after` for the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A contract in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunningContractRefBody {
    /// `ctr_…`
    pub id: String,
    /// `proposed`, `running`, `ended` or `lapsed`.
    pub status: String,
    /// When it was proposed.
    pub proposed_at: String,
}

/// A command or statement that counts now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenEdgeBody {
    /// `act` or `attest`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Who may sign it and has not; everybody, when all have and their numbers differ.
    pub by: Vec<String>,
    /// How many more have to sign.
    pub missing: usize,
    /// The numbers that it states.
    pub fields: Vec<FieldBody>,
    /// From when on it counts; missing: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Until when it counts.
    pub closes: String,
    /// Who will be asked before it takes effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
}

/// A number that a statement carries.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldBody {
    /// Its name.
    pub name: String,
    /// The smallest that counts.
    pub min: i64,
    /// The largest that counts.
    pub max: i64,
}

/// A consent that is awaited.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsentBody {
    /// Who was asked.
    pub party: String,
    /// The nonce of the statement that it is about.
    pub statement: String,
}

/// What is held under a leg. Amounts in its smallest units.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LegBody {
    /// Its name.
    pub leg: String,
    /// `hold_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// `unplaced`, `placing`, `held`, `closed` or `failed`.
    #[schema(value_type = String)]
    pub standing: Standing,
    /// Authorised.
    pub authorised: i64,
    /// What parties got or are getting.
    pub captured: i64,
    /// What went or is going back.
    pub released: i64,
    /// What moved to another contract.
    pub moved: i64,
    /// What is left.
    pub left: i64,
}

/// Effects that wait for a rail.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UnderWayBody {
    /// The contract's number of them.
    pub group: u32,
    /// How often they were tried.
    pub tries: u32,
    /// When they are tried again.
    pub again_at: String,
    /// Why a rail declined one of them last; it is asked again, because another one is done already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HappenedBody {
    /// 1, 2, 3 …
    pub number: u32,
    /// When.
    pub at: String,
    /// What, by the word in `what`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub happened: Value,
}

/// The answer to a statement.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ToldBody {
    /// The very same words had come before: nothing happened again.
    pub repeated: bool,
    /// How the contract stands now.
    pub contract: RunningContractBody,
}

impl ProposeBody {
    /// What the hub is asked.
    ///
    /// # Errors
    /// The first member that is wrong.
    pub fn proposal(self, merchant: MerchantId) -> Result<Proposal, Problem> {
        let document = match (self.document, self.template) {
            (Some(document), None) => document,
            (None, Some(template)) => made_from(template)?,
            (Some(_), Some(_)) | (None, None) => {
                return Err(invalid("contract.document_or_template", "Give either `document` or `template`."));
            }
        };
        let instant = |(name, text): (String, String)| -> Result<(String, Timestamp), Problem> {
            let at = parse_rfc3339(&text).ok_or_else(|| {
                invalid("contract.anchor_malformed", &format!("`{name}`: write the instant as 2027-01-15T10:00:00Z."))
            })?;
            Ok((name, at))
        };
        let party = |(name, body): (String, PartyBindingBody)| Ok((name, body.binding()?));
        Ok(Proposal {
            merchant,
            document,
            further: self.further,
            parties: self.parties.into_iter().map(party).collect::<Result<_, Problem>>()?,
            anchors: self.anchors.into_iter().map(instant).collect::<Result<_, _>>()?,
            agree_within_ms: self.agree_within_ms.unwrap_or(AGREE_WITHIN_MS),
        })
    }
}

impl PartyBindingBody {
    fn binding(self) -> Result<PartyBinding, Problem> {
        let account = |text: &String| match text.parse::<InstrumentId>() {
            Ok(id) => Ok(AccountRef::Instrument(id)),
            Err(_) => parse_id::<MerchantId>(text).map(AccountRef::Merchant),
        };
        Ok(PartyBinding {
            signs: self.signs.as_deref().map(parse_id::<PartyId>).transpose()?,
            accounts: self.accounts.iter().map(account).collect::<Result<_, _>>()?,
        })
    }
}

fn made_from(template: Value) -> Result<Value, Problem> {
    let template: tebura_contract::Template = from_value(template)?;
    let contract = template.contract().map_err(|error| invalid("contract.template_refused", &format!("{error}.")))?;
    serde_json::from_str(contract.canonical()).map_err(|_| Problem::internal("a contract's canonical form is not JSON"))
}

fn invalid(code: &'static str, detail: &str) -> Problem {
    Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, code, detail.to_owned())
}

impl RunningContractBody {
    /// How a contract stands at a time.
    pub fn new(view: &ContractView, now: Timestamp) -> RunningContractBody {
        let ContractView { contract, record, entries } = view;
        let state = record.state();
        let deadline = match &record.progress.stage {
            Stage::Proposed { .. } => Some(Timestamp::from_millis(record.terms.agree_until)),
            Stage::Running { state } => state.deadline(),
            Stage::Lapsed => None,
        };
        let hold = |leg: &str| record.progress.holds.get(leg).map(|hold| hold.0.to_string());
        RunningContractBody {
            id: record.id.to_string(),
            status: match &record.progress.stage {
                Stage::Running { state } if state.is_funding() => "funding".to_owned(),
                Stage::Running { state } if state.ended().is_none() => "waiting".to_owned(),
                stage @ (Stage::Proposed { .. } | Stage::Running { .. } | Stage::Lapsed) => status(stage).to_owned(),
            },
            name: TextBody { ja: contract.name().ja.clone(), en: contract.name().en.clone() },
            document: contract.hash().to_string(),
            merchant: record.merchant.to_string(),
            follows: record.terms.follows.map(|id| id.0.to_string()),
            state: state.and_then(|state| contract.place(state)).map(str::to_owned),
            deadline: deadline.map(rfc3339),
            outcome: state.and_then(|state| state.ended()).map(|(_, outcome)| outcome.clone()),
            agreement_awaited: view.agreement_awaited(),
            open: state.map(|state| contract.who_may_act(state, now)).unwrap_or_default().iter().map(edge).collect(),
            consent_awaited: state
                .map(|state| contract.consents_awaited(state).map(consent).collect())
                .unwrap_or_default(),
            legs: state
                .map(|state| contract.standings(state).iter().map(|leg| leg_body(leg, hold(&leg.leg))).collect())
                .unwrap_or_default(),
            left: state
                .map_or_else(|| contract.payoff().legs, |state| contract.payoff_left(state))
                .iter()
                .map(LegPayoffBody::from)
                .collect(),
            under_way: record.progress.open.iter().map(under_way).collect(),
            happened: entries.iter().map(happened).collect(),
            version: record.revision,
        }
    }
}

/// The word of a list.
pub fn status(stage: &Stage) -> &'static str {
    match stage {
        Stage::Proposed { .. } => "proposed",
        Stage::Running { state } if state.ended().is_some() => "ended",
        Stage::Running { .. } => "running",
        Stage::Lapsed => "lapsed",
    }
}

fn edge(edge: &OpenEdge) -> OpenEdgeBody {
    let field =
        |field: &tebura_contract::OpenField| FieldBody { name: field.name.clone(), min: field.min, max: field.max };
    OpenEdgeBody {
        kind: match edge.kind {
            TriggerKind::Act => "act".to_owned(),
            TriggerKind::Attest => "attest".to_owned(),
        },
        name: edge.name.clone(),
        by: edge.by.clone(),
        missing: edge.missing,
        fields: edge.fields.iter().map(field).collect(),
        opens: edge.opens.map(rfc3339),
        closes: rfc3339(edge.closes),
        consent: edge.consent.clone(),
    }
}

fn consent((party, statement): (&str, &str)) -> ConsentBody {
    ConsentBody { party: party.to_owned(), statement: statement.to_owned() }
}

fn leg_body(leg: &LegStanding, hold: Option<String>) -> LegBody {
    LegBody {
        leg: leg.leg.clone(),
        hold,
        standing: leg.standing,
        authorised: leg.authorised,
        captured: leg.captured,
        released: leg.released,
        moved: leg.moved,
        left: leg.left,
    }
}

fn under_way(group: &OpenGroup) -> UnderWayBody {
    UnderWayBody {
        group: group.number,
        tries: group.tries,
        again_at: rfc3339(Timestamp::from_millis(group.again_at)),
        declined: group.declined.as_ref().map(|declined| declined.code.clone()),
    }
}

fn happened(entry: &ContractEntry) -> HappenedBody {
    let happened = serde_json::to_value(&entry.happened).unwrap_or_default();
    HappenedBody { number: entry.number, at: rfc3339(entry.at), happened }
}
