//! C7: nobody can fire an edge that pays him without somebody else who has a reason to refuse.

use std::fmt::Display;

use crate::finding::{Code, Findings};
use crate::model::{Document, Edge, Go, Item, PartyIx, Rest, Role, StateIx, Trigger};

pub(super) fn look(document: &Document, findings: &mut Findings) {
    stakes(document, findings);
    for (index, state) in document.states.iter().enumerate() {
        for (number, edge) in state.edges().enumerate() {
            let path = document.edge_path(index, number);
            own_payments(document, edge, &path, findings);
            let Some(trigger) = &edge.trigger else { continue };
            consents(document, edge, &path, findings);
            self_paying(document, edge, trigger, &path, findings);
            unasked(document, edge, trigger, &path, findings);
            claims(document, index, edge, trigger, &path, findings);
        }
    }
}

/// Attestors neither pay nor are paid.
fn stakes(document: &Document, findings: &mut Findings) {
    let attestor = |party: PartyIx| document.parties[party].role == Role::Attestor;
    for leg in document.legs.iter().filter(|leg| attestor(leg.from)) {
        let name = &document.parties[leg.from].name;
        findings.add(Code::C7AttestorWithStake, format!("/legs/{}/from", leg.name), &[("name", name)]);
    }
    for (index, state) in document.states.iter().enumerate() {
        for (number, edge) in state.edges().enumerate() {
            for disposal in &edge.disposals {
                for party in disposal.paid().filter(|party| attestor(*party)) {
                    let leg = &document.legs[disposal.leg].name;
                    let path = format!("{}/do/{leg}", document.edge_path(index, number));
                    let name = &document.parties[party].name;
                    findings.add(Code::C7AttestorWithStake, path, &[("name", name)]);
                }
            }
        }
    }
}

fn own_payments(document: &Document, edge: &Edge, path: &str, findings: &mut Findings) {
    for disposal in &edge.disposals {
        let leg = &document.legs[disposal.leg];
        let name = &document.parties[leg.from].name;
        let place = |entry: usize| format!("{path}/do/{}/{entry}", leg.name);
        let pays = |item: &Item| matches!(item, Item::Pay { to, .. } if *to == leg.from);
        let own = disposal.items.iter().position(pays);
        let own = own.or_else(|| (disposal.rest == Rest::Pay(leg.from)).then_some(disposal.items.len()));
        if let Some(entry) = own {
            findings.add(Code::C1PaysItself, place(entry), &[("leg", &leg.name), ("name", name)]);
        }
    }
}

/// A consent is that of somebody whose money the edge uses.
fn consents(document: &Document, edge: &Edge, path: &str, findings: &mut Findings) {
    for (field, party) in [("consent", edge.consent), ("agreed", edge.agreed)] {
        let Some(party) = party else { continue };
        let mut used =
            edge.disposals.iter().map(|disposal| disposal.leg).chain(edge.raises.iter().map(|(leg, _)| *leg));
        if !used.any(|leg| document.legs[leg].from == party) {
            let name = &document.parties[party].name;
            findings.add(Code::C7ConsentOfStranger, format!("{path}/{field}"), &[("name", name)]);
        }
    }
}

fn self_paying(document: &Document, edge: &Edge, trigger: &Trigger, path: &str, findings: &mut Findings) {
    let paying: Vec<_> = edge.disposals.iter().filter(|disposal| disposal.paid().next().is_some()).collect();
    let paid = |party: &PartyIx| paying.iter().any(|disposal| disposal.paid().any(|to| to == *party));
    let signers: Vec<PartyIx> = trigger.signers.iter().copied().filter(paid).collect();
    if signers.is_empty() || signers.len() < trigger.quorum {
        return;
    }
    let payers = || paying.iter().map(|disposal| document.legs[disposal.leg].from);
    let covered = |given: Option<PartyIx>| given.is_some_and(|party| payers().all(|payer| payer == party));
    let names = names(document, &signers);
    if covered(edge.agreed) && !covered(edge.consent) {
        let payer = payers().next().map(|payer| document.parties[payer].name.as_str()).unwrap_or_default();
        findings.add(Code::W3TakenAlone, path, &[("signers", &names), ("payer", &payer)]);
    } else if !covered(edge.consent) {
        findings.add(Code::C7PaysItsSigners, format!("{path}/when/by"), &[("signers", &names)]);
    }
}

/// A raise, and a move into another contract, need the payer now.
fn unasked(document: &Document, edge: &Edge, trigger: &Trigger, path: &str, findings: &mut Findings) {
    let asked = |payer: PartyIx| {
        let others = trigger.signers.iter().filter(|party| **party != payer).count();
        others < trigger.quorum || edge.consent == Some(payer)
    };
    let raises = edge.raises.iter().map(|(leg, _)| (*leg, Code::C7RaiseWithoutPayer, "raise"));
    let moved = edge.disposals.iter().filter(|disposal| matches!(disposal.rest, Rest::Rehold { .. }));
    let moves = moved.map(|disposal| (disposal.leg, Code::C7ReholdWithoutPayer, "do"));
    for (leg, code, field) in raises.chain(moves) {
        let leg = &document.legs[leg];
        if !asked(leg.from) {
            let values: [(_, &dyn Display); 2] = [("leg", &leg.name), ("payer", &document.parties[leg.from].name)];
            findings.add(code, format!("{path}/{field}/{}", leg.name), &values);
        }
    }
}

/// Whoever can lead alone to a state where silence pays him must meet somebody there who can say no.
fn claims(document: &Document, from: StateIx, edge: &Edge, trigger: &Trigger, path: &str, findings: &mut Findings) {
    let Go::State(target) = edge.go else { return };
    if target == from || edge.consent.is_some() {
        return;
    }
    let silence = Silence::from(document, target);
    let gains = |party: &PartyIx| silence.paid.contains(party);
    let signers: Vec<PartyIx> = trigger.signers.iter().copied().filter(gains).collect();
    let anyway = Silence::from(document, from).paid;
    let new = signers.iter().any(|party| !anyway.contains(party));
    if signers.len() < trigger.quorum.max(1) || !new || silence.answerable {
        return;
    }
    let names = names(document, &signers);
    if let Some(payer) = edge.agreed {
        let values: [(_, &dyn Display); 2] = [("signers", &names), ("payer", &document.parties[payer].name)];
        findings.add(Code::W3TakenAlone, path, &values);
    } else {
        let values: [(_, &dyn Display); 2] = [("signers", &names), ("state", &document.states[target].name)];
        findings.add(Code::C7ClaimWithoutAnswer, format!("{path}/when/by"), &values);
    }
}

/// What happens from a state on when nobody does anything.
struct Silence {
    paid: Vec<PartyIx>,
    /// Somebody who is not paid by it can end it without paying them.
    answerable: bool,
}

impl Silence {
    fn from(document: &Document, state: StateIx) -> Self {
        let mut passed = vec![state];
        let mut paid = Vec::new();
        let mut at = state;
        loop {
            let edge = &document.states[at].otherwise;
            paid.extend(edge.disposals.iter().flat_map(|disposal| disposal.paid()));
            match edge.go {
                // A cycle is C2's finding.
                Go::State(next) if !passed.contains(&next) => {
                    passed.push(next);
                    at = next;
                }
                Go::State(_) | Go::End => break,
            }
        }
        let refuses = |edge: &Edge| {
            let Some(trigger) = &edge.trigger else { return false };
            let others = trigger.signers.iter().filter(|party| !paid.contains(party)).count();
            let pays = edge.disposals.iter().flat_map(|disposal| disposal.paid()).any(|party| paid.contains(&party));
            others >= trigger.quorum && !pays
        };
        let answerable = passed.iter().flat_map(|state| &document.states[*state].on).any(refuses);
        Self { paid, answerable }
    }
}

fn names(document: &Document, parties: &[PartyIx]) -> String {
    let names: Vec<String> = parties.iter().map(|party| format!("`{}`", document.parties[*party].name)).collect();
    names.join(", ")
}
