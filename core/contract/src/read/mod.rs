//! From a document of the right shape to the model: names become indexes, texts become numbers.
//!
//! Trusts the schema for shape: a missing part reads as nothing. What names something that is not there is a finding.

mod edges;
mod texts;

use std::fmt::Display;

use serde_json::Value;
use tebura_ledger::{Currency, RailId};

use crate::duration;
use crate::finding::{Code, Findings};
use crate::model::{Anchor, AnchorIx, Asset, Document, Label, Leg, Moment, Party, PartyIx, Requirement, Role, StateIx};
use crate::schema::shown;

/// Words that an edge's `go` or a rest gives a meaning to.
const RESERVED: [&str; 3] = ["end", "keep", "release"];

/// Names that are being resolved, and where findings go.
struct Reader<'f> {
    parties: Vec<String>,
    roles: Vec<Role>,
    anchors: Vec<String>,
    legs: Vec<String>,
    things: Vec<bool>,
    states: Vec<String>,
    vars: Vec<String>,
    findings: &'f mut Findings,
}

/// Reads a document; `None` when a name or a text in it means nothing.
pub(crate) fn document(value: &Value, findings: &mut Findings) -> Option<Document> {
    texts::look(value, findings);
    let mut reader = Reader {
        parties: names(&value["parties"]),
        roles: Vec::new(),
        anchors: names(&value["anchors"]),
        legs: names(&value["legs"]),
        things: names(&value["legs"]).iter().map(|leg| text(&value["legs"][leg]["asset"]).contains(':')).collect(),
        states: names(&value["states"]),
        vars: variables(value),
        findings,
    };
    let document = reader.document(value);
    (!reader.findings.refuses()).then_some(document)
}

/// The names of an object, sorted: the order of canonical JSON.
fn names(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names
}

/// Every name that some edge binds.
fn variables(value: &Value) -> Vec<String> {
    let states = value["states"].as_object().into_iter().flatten().map(|(_, state)| state);
    let edges = states.flat_map(|state| state["on"].as_array().into_iter().flatten());
    let mut vars: Vec<String> = edges.flat_map(|edge| names(&edge["bind"])).collect();
    vars.sort_unstable();
    vars.dedup();
    vars
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn label(value: &Value) -> Option<Label> {
    match value {
        Value::String(text) => Some(Label { ja: text.clone(), en: text.clone() }),
        Value::Object(texts) => {
            let of = |language: &str| texts.get(language).and_then(Value::as_str).unwrap_or_default().to_owned();
            Some(Label { ja: of("ja"), en: of("en") })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

impl Reader<'_> {
    fn document(&mut self, value: &Value) -> Document {
        self.reserved("parties", &self.parties.clone());
        self.reserved("states", &self.states.clone());
        let parties = self.parties.clone().iter().map(|name| self.party(name, &value["parties"][name])).collect();
        let anchors = self.anchors.clone().iter().map(|name| self.anchor(name, &value["anchors"][name])).collect();
        let legs = self.legs.clone().iter().filter_map(|name| self.leg(name, &value["legs"][name])).collect();
        let requires = value["requires"].as_array().into_iter().flatten().enumerate();
        let requires = requires.map(|(index, value)| self.requirement(index, value)).collect();
        let start = self.state(text(&value["start"]), "/start");
        let fund_at = match value["fund_at"].as_str() {
            Some(name) => self.state(name, "/fund_at"),
            None => start,
        };
        let states = self.states.clone().iter().map(|name| self.wait(name, &value["states"][name])).collect();
        Document {
            name: label(&value["name"]).unwrap_or(Label { ja: String::new(), en: String::new() }),
            parties,
            requires,
            anchors,
            legs,
            fund_by_ms: self.duration(&value["fund_by"], "/fund_by"),
            grace_ms: if value["grace"].is_null() { 0 } else { self.duration(&value["grace"], "/grace") },
            start: start.unwrap_or_default(),
            fund_at: fund_at.unwrap_or_default(),
            states,
            vars: self.vars.clone(),
            latest_entry_ms: Vec::new(),
        }
    }

    fn reserved(&mut self, object: &str, names: &[String]) {
        for name in names.iter().filter(|name| RESERVED.contains(&name.as_str())) {
            self.add(Code::C1ReservedName, format!("/{object}/{name}"), &[("name", name)]);
        }
    }

    fn party(&mut self, name: &str, value: &Value) -> Party {
        let role = match text(&value["role"]) {
            "payer" => Role::Payer,
            "payee" => Role::Payee,
            "attestor" => Role::Attestor,
            _ => Role::Agent,
        };
        self.roles.push(role);
        let auth = value["auth"].as_array().into_iter().flatten().map(|way| text(way).to_owned()).collect();
        Party { name: name.to_owned(), role, auth, label: named(name, &value["label"]) }
    }

    fn requirement(&mut self, index: usize, value: &Value) -> Requirement {
        let of = value["of"].as_str().map(str::to_owned);
        if let Some(name) = &of {
            self.party_ix(name, &format!("/requires/{index}/of"));
        }
        Requirement { claim: text(&value["claim"]).to_owned(), proof: text(&value["proof"]).to_owned(), of }
    }

    fn anchor(&mut self, name: &str, value: &Value) -> Anchor {
        let path = format!("/anchors/{name}");
        let earliest_ms = self.duration(&value["earliest"], &format!("{path}/earliest"));
        let latest_ms = self.duration(&value["latest"], &format!("{path}/latest"));
        Anchor { name: name.to_owned(), earliest_ms, latest_ms, label: named(name, &value["label"]) }
    }

    fn leg(&mut self, name: &str, value: &Value) -> Option<Leg> {
        let path = format!("/legs/{name}");
        let hold = value["hold"].as_i64().unwrap_or_default();
        let written = text(&value["asset"]);
        let asset = match Currency::new(written) {
            _ if written.contains(':') => Asset::Thing(written.to_owned()),
            Ok(currency) => Asset::Money(currency),
            Err(error) => {
                let values: [(_, &dyn Display); 2] = [("value", &shown(written)), ("reason", &error)];
                self.add(Code::C1Asset, format!("{path}/asset"), &values);
                Asset::Thing(written.to_owned())
            }
        };
        let rail = RailId::new(text(&value["rail"]));
        if let Err(error) = &rail {
            let values: [(_, &dyn Display); 2] = [("value", &shown(text(&value["rail"]))), ("expected", error)];
            self.add(Code::C1Value, format!("{path}/rail"), &values);
        }
        Some(Leg {
            name: name.to_owned(),
            from: self.party_ix(text(&value["from"]), &format!("{path}/from"))?,
            asset,
            rail: rail.ok()?,
            hold,
            cap: value["cap"].as_i64().unwrap_or(hold),
            label: named(name, &value["label"]),
        })
    }

    fn party_ix(&mut self, name: &str, path: &str) -> Option<PartyIx> {
        let found = self.parties.binary_search_by(|known| known.as_str().cmp(name)).ok();
        if found.is_none() {
            self.add(Code::C1UnknownParty, path, &[("name", &shown(name))]);
        }
        found
    }

    fn leg_ix(&mut self, name: &str, path: &str) -> Option<usize> {
        let found = self.legs.binary_search_by(|known| known.as_str().cmp(name)).ok();
        if found.is_none() {
            self.add(Code::C1UnknownLeg, path, &[("name", &shown(name))]);
        }
        found
    }

    fn state(&mut self, name: &str, path: &str) -> Option<StateIx> {
        let found = self.states.binary_search_by(|known| known.as_str().cmp(name)).ok();
        if found.is_none() {
            self.add(Code::C1UnknownState, path, &[("name", &shown(name))]);
        }
        found
    }

    fn anchor_ix(&mut self, name: &str, path: &str) -> Option<AnchorIx> {
        let found = self.anchors.binary_search_by(|known| known.as_str().cmp(name)).ok();
        if found.is_none() {
            self.add(Code::C1UnknownAnchor, path, &[("name", &shown(name))]);
        }
        found
    }

    fn duration(&mut self, value: &Value, path: &str) -> i64 {
        let read = duration::parse(text(value));
        if read.is_none() {
            self.add(Code::C1Duration, path, &[("value", &shown(text(value)))]);
        }
        read.unwrap_or_default()
    }

    fn moment(&mut self, value: &Value, path: &str) -> Moment {
        if !value["within"].is_null() {
            return Moment::Within(self.duration(&value["within"], &format!("{path}/within")));
        }
        let Some(anchor) = value["anchor"].as_str() else { return Moment::After(self.duration(value, path)) };
        let off = match value["off"].as_str() {
            None => 0,
            Some(written) => duration::parse_signed(written).unwrap_or_else(|| {
                self.add(Code::C1Duration, format!("{path}/off"), &[("value", &shown(written))]);
                0
            }),
        };
        Moment::Anchor(self.anchor_ix(anchor, &format!("{path}/anchor")).unwrap_or_default(), off)
    }

    fn add(&mut self, code: Code, path: impl Into<String>, values: &[(&'static str, &dyn Display)]) {
        self.findings.add(code, path, values);
    }
}

/// A label, or the name itself in both languages.
fn named(name: &str, value: &Value) -> Label {
    label(value).unwrap_or(Label { ja: name.to_owned(), en: name.to_owned() })
}
