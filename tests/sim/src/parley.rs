//! What is said about contracts: proposals, agreements, commands, statements, consents — what is due, what is not, what is
//! repeated, late or forged.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};
use tebura_contract::{Contract, OpenEdge, TriggerKind};
use tebura_hub::Hub;
use tebura_hub::contracts::{PartyBinding, Proposal, ProposeError, RunningContract, Stage, TellError};
use tebura_hub::ids::{ContractId, MerchantId};
use tebura_hub::instant::rfc3339;
use tebura_hub::perform::KeyRequest;
use tebura_hub::statements::{SignedStatement, StatementError};
use tebura_ledger::Timestamp;

use crate::city::City;
use crate::dice::Dice;
use crate::papers::{self, Paper};
use crate::signers::{Signer, cast};

/// How an answer came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Yes,
    No,
    AskAgain,
}

/// A contract that somebody proposes.
#[derive(Clone, Debug)]
pub struct Offer {
    pub key: String,
    merchant: MerchantId,
    paper: Paper,
    parties: BTreeMap<String, PartyBinding>,
    /// The contracts that the key was answered with: one at most.
    pub ids: BTreeSet<ContractId>,
    pub heard: Vec<Heard>,
}

/// Something signed, however often it is sent.
#[derive(Clone, Debug)]
pub struct Word {
    pub to: ContractId,
    pub by: String,
    pub nonce: String,
    pub signed: SignedStatement,
    /// It must not count, whenever it comes.
    pub never: bool,
    pub heard: Vec<Heard>,
}

/// Everything that was said in a run.
#[derive(Default)]
pub struct Parley {
    pub offers: Vec<Offer>,
    pub words: Vec<Word>,
    checked: BTreeMap<ContractId, Rc<Contract>>,
    nonces: u64,
}

/// What is sent next.
#[derive(Clone, Copy, Debug)]
pub enum Saying {
    Offer(usize),
    Word(usize),
    /// Somebody reaches past a contract for its hold.
    Reach(tebura_ledger::HoldId),
}

impl Parley {
    /// A contract, checked once.
    pub fn contract(&mut self, record: &RunningContract) -> Result<Rc<Contract>, String> {
        if let Some(contract) = self.checked.get(&record.id) {
            return Ok(Rc::clone(contract));
        }
        let contract =
            Contract::parse(&record.terms.document).map_err(|found| format!("{} of {}", found.len(), record.id))?;
        let contract = Rc::new(contract);
        self.checked.insert(record.id, Rc::clone(&contract));
        Ok(contract)
    }

    /// A new contract to propose; its place.
    pub fn offer(&mut self, dice: &mut Dice, signers: &[Signer], city: &City, outside: &[String]) -> Option<usize> {
        let paper = papers::draw(dice, outside)?;
        let documents = [&paper.document].into_iter().chain(&paper.further);
        let contracts: Vec<Contract> = documents.filter_map(|document| Contract::from_value(document).ok()).collect();
        let parties = cast(dice, signers, city, &contracts);
        let key = format!("contract {}", self.offers.len());
        let merchant = dice.one_of(&city.merchants);
        self.offers.push(Offer { key, merchant, paper, parties, ids: BTreeSet::new(), heard: Vec::new() });
        Some(self.offers.len() - 1)
    }

    /// What somebody says about one of the contracts that there are.
    pub fn say(
        &mut self,
        dice: &mut Dice,
        signers: &[Signer],
        records: &[RunningContract],
        now: Timestamp,
        honest: bool,
    ) -> Option<Saying> {
        if !honest && !self.words.is_empty() && dice.chance(150) {
            return Some(Saying::Word(dice.place(self.words.len())));
        }
        if !honest && !self.offers.is_empty() && dice.chance(60) {
            return Some(Saying::Offer(dice.place(self.offers.len())));
        }
        let live: Vec<&RunningContract> =
            records.iter().filter(|record| !honest && dice.chance(100) || is_live(record)).collect();
        let record = *live.get(dice.place(live.len()))?;
        if !honest && dice.chance(40) {
            let holds: Vec<_> = record.progress.holds.values().map(|hold| hold.0).collect();
            return holds.get(dice.place(holds.len())).map(|hold| Saying::Reach(*hold));
        }
        let contract = self.contract(record).ok()?;
        let (by, said) =
            proper(dice, &contract, record, now).unwrap_or_else(|| ("nobody".to_owned(), json!({"act": "nonsense"})));
        self.nonces += 1;
        let mut nonce = format!("nonce-{:012}", self.nonces);
        if !honest
            && dice.chance(40)
            && let Some(earlier) = self.words.last()
        {
            nonce.clone_from(&earlier.nonce);
        }
        let (issued, lasts) = (now.plus_ms(-1_000), dice.one_of(&[30_000, 600_000, 7_200_000]));
        let mut body = json!({
            "contract": record.id.to_string(), "by": by, "nonce": nonce,
            "issued_at": rfc3339(issued), "expires_at": rfc3339(issued.plus_ms(lasts)),
        });
        for (name, value) in said.as_object()? {
            body[name] = value.clone();
        }
        let number = signer_of(record, &by, signers).unwrap_or(0);
        let false_word = !honest && dice.chance(200);
        let (by, signed) = if false_word {
            falsify(dice, signers, number, body)
        } else {
            (by, signers[number].sign(body.to_string().into_bytes()))
        };
        let word = Word { to: record.id, by, nonce, signed, never: false_word, heard: Vec::new() };
        self.words.push(word);
        Some(Saying::Word(self.words.len() - 1))
    }
}

fn is_live(record: &RunningContract) -> bool {
    match &record.progress.stage {
        Stage::Proposed { .. } => true,
        Stage::Running { state } => state.ended().is_none(),
        Stage::Lapsed => false,
    }
}

fn signer_of(record: &RunningContract, by: &str, signers: &[Signer]) -> Option<usize> {
    let party = record.terms.parties.get(by)?.signs.as_ref()?.0;
    signers.iter().position(|signer| signer.party == party)
}

/// Something that fits where the contract stands; now and then it does not quite.
fn proper(dice: &mut Dice, contract: &Contract, record: &RunningContract, now: Timestamp) -> Option<(String, Value)> {
    let state = match &record.progress.stage {
        Stage::Proposed { agreed } => {
            let payers: Vec<&str> =
                contract.legs().map(|leg| leg.from).filter(|from| !agreed.contains(*from)).collect();
            let by = payers.get(dice.place(payers.len()))?;
            return Some(((*by).to_owned(), json!({"agree": contract.hash().to_string()})));
        }
        Stage::Running { state } => state,
        Stage::Lapsed => return None,
    };
    let asked: Vec<(&str, &str)> = contract.consents_awaited(state).collect();
    if !asked.is_empty() && dice.chance(600) {
        let (by, statement) = asked[dice.place(asked.len())];
        return Some((by.to_owned(), json!({"consent": {"statement": statement, "granted": dice.chance(700)}})));
    }
    let open: Vec<OpenEdge> = contract.who_may_act(state, now).into_iter().filter(|edge| !edge.by.is_empty()).collect();
    let edge = open.get(dice.place(open.len()))?;
    let by = if dice.chance(50) {
        let parties: Vec<&str> = contract.parties().map(|party| party.name).collect();
        parties[dice.place(parties.len())].to_owned()
    } else {
        edge.by[dice.place(edge.by.len())].clone()
    };
    if edge.kind == TriggerKind::Act {
        return Some((by, json!({"act": edge.name})));
    }
    let number = |field: &tebura_contract::OpenField, dice: &mut Dice| {
        let (low, high) = (field.min, field.max.min(5_000));
        // Two people have to state the same number.
        let value = dice.one_of(&[low, (low + high) / 2, (low + high) / 2, high, dice_between(low, high)]);
        if dice.chance(40) { field.max + 1 } else { value }
    };
    let fields: serde_json::Map<String, Value> =
        edge.fields.iter().map(|field| (field.name.clone(), json!(number(field, dice)))).collect();
    Some((by, json!({"attest": edge.name, "fields": fields})))
}

fn dice_between(low: i64, high: i64) -> i64 {
    low + (high - low) / 3
}

/// The same words, so that they must never count.
fn falsify(dice: &mut Dice, signers: &[Signer], number: usize, mut body: Value) -> (String, SignedStatement) {
    let (own, other) = (&signers[number], &signers[(number + 1) % signers.len()]);
    let by = body["by"].as_str().unwrap_or_default().to_owned();
    let text = |body: &Value| body.to_string().into_bytes();
    let signed = match dice.place(5) {
        0 => other.forge(own, text(&body)),
        1 => other.sign(text(&body)),
        2 => {
            let mut signed = own.sign(text(&body));
            body["nonce"] = json!("nonce-of-another");
            signed.body = text(&body);
            signed
        }
        3 => {
            body["issued_at"] = json!("2020-01-01T00:00:00.000Z");
            body["expires_at"] = json!("2020-01-01T01:00:00.000Z");
            own.sign(text(&body))
        }
        _ => {
            for word in ["attest", "fields", "consent", "agree"] {
                if let Some(object) = body.as_object_mut() {
                    object.remove(word);
                }
            }
            body["act"] = json!("take_everything");
            own.sign(text(&body))
        }
    };
    (by, signed)
}

/// Sends a proposal.
pub async fn propose(hub: &Hub, offer: &Offer) -> (Heard, Result<ContractId, String>) {
    let key = KeyRequest { scope: "offers".to_owned(), key: offer.key.clone(), fingerprint: [0; 32] };
    let proposal = Proposal {
        merchant: offer.merchant,
        document: offer.paper.document.clone(),
        further: offer.paper.further.clone(),
        parties: offer.parties.clone(),
        anchors: BTreeMap::new(),
        agree_within_ms: 120_000,
    };
    match hub.propose_contract(key, proposal).await {
        Ok(view) => (Heard::Yes, Ok(view.record.id)),
        Err(error) => {
            let again = matches!(
                error,
                ProposeError::Commit(_)
                    | ProposeError::Read(_)
                    | ProposeError::Bind(tebura_hub::contracts::BindError::Read(_))
            );
            (if again { Heard::AskAgain } else { Heard::No }, Err(error.to_string()))
        }
    }
}

/// Sends a signed word.
pub async fn tell(hub: &Hub, word: &Word) -> (Heard, String) {
    match hub.tell_contract(word.to, &word.signed).await {
        Ok(told) => (Heard::Yes, format!("repeated: {}", told.repeated)),
        Err(error) => {
            let again = matches!(
                error,
                TellError::Busy { .. } | TellError::Read(_) | TellError::Statement(StatementError::Read(_))
            );
            (if again { Heard::AskAgain } else { Heard::No }, error.to_string())
        }
    }
}
