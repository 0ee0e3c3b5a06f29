//! A checked document.

use serde_json::Value;
use tebura_ledger::RailId;

use crate::finding::{Code, Finding, Findings, Severity};
use crate::hash::{DocumentHash, canonical};
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::model::{Asset, Document, Edge, Label, PartyIx, Requirement, Rest, Role};
use crate::rails::Rails;
use crate::range::Ranges;
use crate::{read, schema, source};

/// A hold contract that passed every check that needs no rail. There is no other way to make one.
#[derive(Clone, Debug)]
pub struct Contract {
    pub(crate) document: Document,
    pub(crate) ranges: Ranges,
    hash: DocumentHash,
    canonical: String,
    warnings: Vec<Finding>,
}

/// What a look at a document gives: all findings, and the contract where none of them is an error.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The contract, where no finding is an error.
    pub contract: Option<Contract>,
    /// Errors first, then warnings, each in the order found.
    pub findings: Vec<Finding>,
}

/// A party as the document names it.
#[derive(Clone, Copy, Debug)]
pub struct PartyView<'c> {
    /// The name in the document.
    pub name: &'c str,
    /// What it is in the contract.
    pub role: Role,
    /// Ways of proving identity that are accepted; empty when the document does not say.
    pub auth: &'c [String],
    /// The name for people.
    pub label: &'c Label,
}

/// A leg as the document names it.
#[derive(Clone, Copy, Debug)]
pub struct LegView<'c> {
    /// The name in the document.
    pub name: &'c str,
    /// The party whose money or thing is held.
    pub from: &'c str,
    /// What is held.
    pub asset: &'c Asset,
    /// On which rail.
    pub rail: &'c RailId,
    /// How much at first, in the asset's smallest units.
    pub hold: i64,
    /// How much at most.
    pub cap: i64,
    /// The name for people.
    pub label: &'c Label,
}

/// An anchor as the document names it: its bounds, counted from the beginning.
#[derive(Clone, Copy, Debug)]
pub struct AnchorView<'c> {
    /// The name in the document.
    pub name: &'c str,
    /// Not earlier than this, in milliseconds after the beginning.
    pub earliest_ms: i64,
    /// Not later than this, in milliseconds after the beginning.
    pub latest_ms: i64,
    /// The name for people.
    pub label: &'c Label,
}

/// Looks at a document, and at the rails when they are given.
pub fn check(text: &str, rails: Option<&Rails>) -> Checked {
    let mut findings = Findings::default();
    let value = source::from_text(text, &mut findings);
    let contract = value.and_then(|value| build(&value, findings.refuses(), rails, &mut findings));
    Checked { contract, findings: findings.into_vec() }
}

/// Looks at a document that was read as JSON before; names written twice are lost by then.
pub fn check_value(value: &Value, rails: Option<&Rails>) -> Checked {
    let mut findings = Findings::default();
    let shallow = source::from_value(value, &mut findings);
    let refused = findings.refuses();
    let contract = if shallow { build(value, refused, rails, &mut findings) } else { None };
    Checked { contract, findings: findings.into_vec() }
}

fn build(value: &Value, refused: bool, rails: Option<&Rails>, findings: &mut Findings) -> Option<Contract> {
    if !schema::look(value, findings) {
        return None;
    }
    let mut document = read::document(value, findings)?;
    let ranges = crate::check::look(&mut document, findings);
    if let (Some(rails), Some(ranges)) = (rails, &ranges) {
        crate::check::look_at_rails(&document, ranges.longest_ms, rails, findings);
    }
    let canonical = canonical(value)?;
    if canonical.len() > DOCUMENT_BYTES_MAX {
        findings.add(Code::C1TooLarge, "", &[("size", &canonical.len()), ("limit", &DOCUMENT_BYTES_MAX)]);
    }
    if refused || findings.refuses() {
        return None;
    }
    let hash = DocumentHash::of(canonical.as_bytes());
    let warnings = findings.clone().into_vec();
    Some(Contract { document, ranges: ranges?, hash, canonical, warnings })
}

impl Contract {
    /// Reads and checks a document without rails.
    ///
    /// # Errors
    /// Every finding, errors first.
    pub fn parse(text: &str) -> Result<Self, Vec<Finding>> {
        let Checked { contract, findings } = check(text, None);
        contract.ok_or(findings)
    }

    /// Checks a document that was read as JSON before.
    ///
    /// # Errors
    /// Every finding, errors first.
    pub fn from_value(value: &Value) -> Result<Self, Vec<Finding>> {
        let Checked { contract, findings } = check_value(value, None);
        contract.ok_or(findings)
    }

    /// Looks at the rails of a hub: C4, C9 and C10; empty when all of them can do what the contract asks.
    pub fn check_rails(&self, rails: &Rails) -> Vec<Finding> {
        let mut findings = Findings::default();
        crate::check::look_at_rails(&self.document, self.ranges.longest_ms, rails, &mut findings);
        findings.into_vec().into_iter().filter(|finding| finding.severity() == Severity::Error).collect()
    }

    /// SHA-256 over the canonical form: the document's name wherever it is referred to.
    pub const fn hash(&self) -> DocumentHash {
        self.hash
    }

    /// The document as canonical JSON (RFC 8785): what is stored and hashed.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What whoever consents is told.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The name for people.
    pub const fn name(&self) -> &Label {
        &self.document.name
    }

    /// What is proved once, before anything is held.
    pub fn requires(&self) -> &[Requirement] {
        &self.document.requires
    }

    /// The parties, by name.
    pub fn parties(&self) -> impl Iterator<Item = PartyView<'_>> {
        self.document.parties.iter().map(|party| PartyView {
            name: &party.name,
            role: party.role,
            auth: &party.auth,
            label: &party.label,
        })
    }

    /// The legs, by name.
    pub fn legs(&self) -> impl Iterator<Item = LegView<'_>> {
        self.document.legs.iter().map(|leg| LegView {
            name: &leg.name,
            from: &self.document.parties[leg.from].name,
            asset: &leg.asset,
            rail: &leg.rail,
            hold: leg.hold,
            cap: leg.cap,
            label: &leg.label,
        })
    }

    /// The anchors, by name; an instance gives each an instant.
    pub fn anchors(&self) -> impl Iterator<Item = AnchorView<'_>> {
        self.document.anchors.iter().map(|anchor| AnchorView {
            name: &anchor.name,
            earliest_ms: anchor.earliest_ms,
            latest_ms: anchor.latest_ms,
            label: &anchor.label,
        })
    }

    /// The names of all commands and statements that some state waits for, once each, sorted.
    pub fn trigger_names(&self) -> Vec<&str> {
        let edges = self.document.states.iter().flat_map(|state| &state.on);
        let mut names: Vec<&str> =
            edges.filter_map(|edge| edge.trigger.as_ref()).map(|trigger| trigger.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The parties that sign a command, a statement or a consent somewhere, sorted.
    pub fn signers(&self) -> Vec<&str> {
        let edges = self.document.states.iter().flat_map(|state| &state.on);
        let signing = |edge: &Edge| {
            let by = edge.trigger.iter().flat_map(|trigger| trigger.signers.iter().copied());
            by.chain(edge.consent).collect::<Vec<_>>()
        };
        self.named(edges.flat_map(signing))
    }

    /// The parties that may be paid out of a leg, sorted; empty for a leg that only goes back or on.
    pub fn paid_from(&self, leg: &str) -> Vec<&str> {
        let document = &self.document;
        let edges = document.states.iter().flat_map(|state| state.edges());
        let index = document.legs.iter().position(|known| known.name == leg);
        self.named(edges.filter_map(|edge| edge.disposal(index?)).flat_map(|disposal| disposal.paid()))
    }

    /// The documents that a leg may move to, with the leg.
    pub fn reholds(&self) -> Vec<(&str, DocumentHash)> {
        let disposals = self.document.states.iter().flat_map(|state| state.edges()).flat_map(|edge| &edge.disposals);
        let mut moves: Vec<(&str, DocumentHash)> = disposals
            .filter_map(|disposal| match &disposal.rest {
                Rest::Rehold { contract, .. } => Some((self.document.legs[disposal.leg].name.as_str(), *contract)),
                Rest::Release | Rest::Keep | Rest::Pay(_) => None,
            })
            .collect();
        moves.sort_unstable();
        moves.dedup();
        moves
    }

    /// Whether the holds are placed at the very beginning.
    pub const fn funds_at_once(&self) -> bool {
        self.document.start == self.document.fund_at
    }

    fn named(&self, parties: impl Iterator<Item = PartyIx>) -> Vec<&str> {
        let mut names: Vec<&str> = parties.map(|party| self.document.parties[party].name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Pairs of parties that must be different people or organisations, because the checks count them as two: one signs
    /// or consents where the other is paid, both sign the same edge, or one attests and the other is paid anywhere, be it
    /// later and in silence.
    pub fn must_differ(&self) -> Vec<(&str, &str)> {
        let document = &self.document;
        let mut pairs: Vec<(PartyIx, PartyIx)> = Vec::new();
        for edge in document.states.iter().flat_map(|state| &state.on) {
            let Some(trigger) = &edge.trigger else { continue };
            let signers = trigger.signers.iter().copied().chain(edge.consent);
            let paid: Vec<PartyIx> = edge.disposals.iter().flat_map(|disposal| disposal.paid()).collect();
            for signer in signers.filter(|signer| !paid.contains(signer)) {
                pairs.extend(paid.iter().map(|paid| (signer.min(*paid), signer.max(*paid))));
            }
            if trigger.quorum > 1 {
                let each = trigger.signers.iter().enumerate();
                pairs.extend(each.flat_map(|(index, one)| trigger.signers[index + 1..].iter().map(|two| (*one, *two))));
            }
        }
        let edges = document.states.iter().flat_map(|state| state.edges());
        for paid in edges.flat_map(|edge| &edge.disposals).flat_map(|disposal| disposal.paid()) {
            let attestors = (0..document.parties.len()).filter(|party| document.parties[*party].role == Role::Attestor);
            pairs.extend(attestors.map(|attestor| (attestor.min(paid), attestor.max(paid))));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let name = |party: PartyIx| document.parties[party].name.as_str();
        pairs.into_iter().map(|(one, other)| (name(one), name(other))).collect()
    }
}
