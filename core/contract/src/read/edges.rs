//! Reads states and their edges.

use std::fmt::Display;

use serde_json::Value;

use super::{Reader, label, named, names, text};
use crate::duration;
use crate::finding::Code;
use crate::model::{
    Amount, Comparison, Disposal, Edge, Field, FieldIx, Go, Guard, Item, Moment, PartyIx, Rest, Role, State, Trigger,
    TriggerKind,
};
use crate::schema::shown;

impl Reader<'_> {
    pub(super) fn wait(&mut self, name: &str, value: &Value) -> State {
        let path = format!("/states/{name}");
        let by: Vec<Moment> = match value["by"].as_array() {
            Some(moments) => {
                let each = moments.iter().enumerate();
                each.map(|(index, moment)| self.moment(moment, &format!("{path}/by/{index}"))).collect()
            }
            None => vec![self.moment(&value["by"], &format!("{path}/by"))],
        };
        let on = value["on"].as_array().into_iter().flatten().enumerate();
        let on = on.map(|(index, edge)| self.edge(edge, &format!("{path}/on/{index}"), true)).collect();
        let otherwise = self.edge(&value["else"], &format!("{path}/else"), false);
        State { name: name.to_owned(), by, on, otherwise, label: named(name, &value["label"]) }
    }

    fn edge(&mut self, value: &Value, path: &str, asked: bool) -> Edge {
        if !asked {
            for name in ["when", "raise", "bind", "consent", "agreed", "times"] {
                if !value[name].is_null() {
                    self.add(Code::C3ElseAsks, format!("{path}/{name}"), &[("name", &name)]);
                }
            }
        }
        let trigger = if asked { self.trigger(&value["when"], path) } else { None };
        let fields: &[Field] = trigger.as_ref().map_or(&[], |trigger| &trigger.fields);
        let field_names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let disposals = names(&value["do"]);
        let disposals = disposals.iter();
        let disposals = disposals
            .filter_map(|leg| self.disposal(leg, &value["do"][leg], &format!("{path}/do"), &field_names))
            .collect();
        let raises = names(&value["raise"]).into_iter().filter_map(|leg| {
            let index = self.leg_ix(&leg, &format!("{path}/raise/{leg}"))?;
            Some((index, value["raise"][&leg].as_i64().unwrap_or_default()))
        });
        let raises = raises.collect();
        let binds = names(&value["bind"]).into_iter().filter_map(|var| {
            let field = self.field(text(&value["bind"][&var]), &field_names, &format!("{path}/bind/{var}"))?;
            Some((self.vars.binary_search(&var).ok()?, field))
        });
        let binds = binds.collect();
        let mut party = |name: &str| {
            let named = value[name].as_str()?;
            self.party_ix(named, &format!("{path}/{name}"))
        };
        let (consent, agreed) = (party("consent"), party("agreed"));
        let go = match text(&value["go"]) {
            "end" => Go::End,
            name => Go::State(self.state(name, &format!("{path}/go")).unwrap_or_default()),
        };
        let times = value["times"].as_u64().and_then(|times| u16::try_from(times).ok());
        Edge { trigger, disposals, raises, binds, consent, agreed, times, go, label: label(&value["label"]) }
    }

    fn trigger(&mut self, value: &Value, path: &str) -> Option<Trigger> {
        let (kind, name) = match (value["act"].as_str(), value["attest"].as_str()) {
            (Some(name), None) => (TriggerKind::Act, name),
            (None, Some(name)) => (TriggerKind::Attest, name),
            (None, None) | (Some(_), Some(_)) => {
                self.add(Code::C1Trigger, path, &[]);
                return None;
            }
        };
        let path = format!("{path}/when");
        let carries = !value["fields"].is_null() || !value["if"].is_null();
        if kind == TriggerKind::Act && carries {
            self.add(Code::C1FieldsOnAct, &path, &[]);
        }
        let (signers, quorum) = self.signers(&value["by"], kind, &format!("{path}/by"));
        let fields = names(&value["fields"]).into_iter().map(|name| {
            let bounds = &value["fields"][&name];
            let (min, max) = (bounds["min"].as_i64().unwrap_or(0), bounds["max"].as_i64().unwrap_or_default());
            if min > max {
                let values: [(_, &dyn Display); 2] = [("min", &min), ("max", &max)];
                self.add(Code::C1FieldBounds, format!("{path}/fields/{name}"), &values);
            }
            Field { name, min, max }
        });
        let fields: Vec<Field> = fields.collect();
        let field_names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let guards = value["if"].as_array().into_iter().flatten().enumerate();
        let guards = guards.filter_map(|(index, guard)| {
            let field = self.field(text(&guard[0]), &field_names, &format!("{path}/if/{index}/0"))?;
            let comparison = match text(&guard[1]) {
                "<" => Comparison::Less,
                "<=" => Comparison::AtMost,
                ">" => Comparison::More,
                ">=" => Comparison::AtLeast,
                _ => Comparison::Equal,
            };
            Some(Guard { field, comparison, value: guard[2].as_i64().unwrap_or_default() })
        });
        let guards = guards.collect();
        let mut moment = |name: &str| {
            let moment = &value[name];
            (!moment.is_null()).then(|| self.moment(moment, &format!("{path}/{name}")))
        };
        let (after, before) = (moment("after"), moment("before"));
        Some(Trigger { kind, name: name.to_owned(), signers, quorum, fields, guards, after, before })
    }

    fn signers(&mut self, value: &Value, kind: TriggerKind, path: &str) -> (Vec<PartyIx>, usize) {
        let of: Vec<(String, &str)> = match value.as_str() {
            Some(name) => vec![(path.to_owned(), name)],
            None => {
                let of = value["of"].as_array().into_iter().flatten().enumerate();
                of.map(|(index, name)| (format!("{path}/of/{index}"), text(name))).collect()
            }
        };
        let mut signers = Vec::new();
        for (path, name) in &of {
            let Some(party) = self.party_ix(name, path) else { continue };
            if kind == TriggerKind::Act && self.roles[party] == Role::Attestor {
                self.add(Code::C1AttestorCommands, path, &[("name", name)]);
            }
            signers.push(party);
        }
        signers.sort_unstable();
        signers.dedup();
        let quorum = usize::try_from(value["k"].as_u64().unwrap_or(1)).unwrap_or(usize::MAX);
        let known = of.iter().filter(|(_, name)| self.parties.iter().any(|party| party == name)).count();
        if known == of.len() && (quorum > signers.len() || signers.len() < of.len()) {
            let values: [(_, &dyn Display); 2] = [("k", &quorum), ("n", &signers.len())];
            self.add(Code::C1Quorum, path, &values);
        }
        (signers, quorum)
    }

    fn disposal(&mut self, name: &str, value: &Value, path: &str, fields: &[String]) -> Option<Disposal> {
        let path = format!("{path}/{name}");
        let leg = self.leg_ix(name, &path)?;
        let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let rests = entries.iter().filter(|entry| !entry["rest"].is_null()).count();
        let Some((last, items)) = entries.split_last().filter(|(last, _)| rests == 1 && !last["rest"].is_null()) else {
            self.add(Code::C5NoRest, path, &[("leg", &name)]);
            return None;
        };
        let items = items.iter().enumerate();
        let items =
            items.filter_map(|(index, entry)| self.item(leg, entry, &format!("{path}/{index}"), fields)).collect();
        let rest = self.rest(&last["rest"], &format!("{path}/{}/rest", entries.len() - 1))?;
        Some(Disposal { leg, items, rest })
    }

    fn item(&mut self, leg: usize, value: &Value, path: &str, fields: &[String]) -> Option<Item> {
        if value["release"].is_null() {
            let to = self.party_ix(text(&value["to"]), &format!("{path}/to"));
            let amount = self.amount(leg, &value["amt"], &format!("{path}/amt"), fields);
            Some(Item::Pay { to: to?, amount: amount? })
        } else {
            Some(Item::Release { amount: self.amount(leg, &value["release"], &format!("{path}/release"), fields)? })
        }
    }

    fn amount(&mut self, leg: usize, value: &Value, path: &str, fields: &[String]) -> Option<Amount> {
        let max = value["max"].as_i64();
        if let Some(fixed) = value.as_i64() {
            Some(Amount::Fixed(fixed))
        } else if let Some(share) = value["bp"].as_i64() {
            if self.things[leg] {
                let name = self.legs[leg].clone();
                self.add(Code::C6ShareOfThing, path, &[("asset", &name)]);
            }
            Some(Amount::Share(share))
        } else if let Some(name) = value["field"].as_str() {
            Some(Amount::Field(self.field(name, fields, path)?, max))
        } else {
            let name = text(&value["var"]);
            let var = self.vars.binary_search_by(|known| known.as_str().cmp(name)).ok();
            if var.is_none() {
                self.add(Code::C8UnboundVariable, path, &[("name", &shown(name)), ("state", &"this edge")]);
            }
            Some(Amount::Var(var?, max))
        }
    }

    fn rest(&mut self, value: &Value, path: &str) -> Option<Rest> {
        match value.as_str() {
            Some("release") => Some(Rest::Release),
            Some("keep") => Some(Rest::Keep),
            Some(name) => self.party_ix(name, path).map(Rest::Pay),
            None => {
                let rehold = &value["rehold"];
                let contract = text(&rehold["contract"]).parse().ok();
                if contract.is_none() {
                    let expected = "sha256: and 64 lower-case hexadecimal digits";
                    let values: [(_, &dyn Display); 2] =
                        [("value", &shown(text(&rehold["contract"]))), ("expected", &expected)];
                    self.add(Code::C1Value, format!("{path}/rehold/contract"), &values);
                }
                let written = text(&rehold["until"]);
                let until_ms = duration::parse(written).filter(|ms| *ms > 0);
                if until_ms.is_none() {
                    self.add(Code::C1Duration, format!("{path}/rehold/until"), &[("value", &shown(written))]);
                }
                Some(Rest::Rehold { contract: contract?, until_ms: until_ms? })
            }
        }
    }

    fn field(&mut self, name: &str, fields: &[String], path: &str) -> Option<FieldIx> {
        let found = fields.binary_search_by(|known| known.as_str().cmp(name)).ok();
        if found.is_none() {
            self.add(Code::C8UnknownField, path, &[("name", &shown(name))]);
        }
        found
    }
}
