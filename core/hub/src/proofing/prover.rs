//! What an identity plugin is asked and what it answers, in the hub's words; mirrors `specs/wit/identity/1.0.0`.

use std::fmt;

use async_trait::async_trait;
use tebura_ledger::Timestamp;

use crate::rail::{ComponentDigest, Fault, PluginId, RailError, RailEvent, Step};

/// A way to prove who somebody is: an installed plugin.
#[async_trait]
pub trait Prover: Send + Sync {
    /// What it can prove.
    fn descriptor(&self) -> &ProverDescriptor;
    /// First step of a session. An error begins none.
    async fn begin(&self, session: &ProofSession) -> Result<ProofStep, RailError>;
    /// Next step. An error proves nothing.
    async fn resume(&self, session: &ProofSession, state: &[u8], event: &ProofEvent) -> Result<ProofStep, RailError>;
}

/// What a plugin can prove, known before any session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProverDescriptor {
    pub plugin: PluginId,
    pub version: String,
    /// For people.
    pub title: Option<String>,
    /// The component that decides.
    pub digest: ComponentDigest,
    /// The claims that its manifest lists: it may say no others.
    pub claims: Vec<String>,
    /// Longest session, milliseconds.
    pub session_ms: i64,
}

/// One attempt of one person, as the plugin sees it. The same in every step but for `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofSession {
    pub id: String,
    pub now: Timestamp,
    /// Why: belongs into what is signed.
    pub purpose: String,
    /// The person under a name that no other plugin sees.
    pub subject: String,
    /// Drawn for this session alone: belongs into what is signed.
    pub nonce: [u8; 32],
    /// Those that the person agreed to and the manifest lists.
    pub claims: Vec<String>,
    /// `ja` or `en`.
    pub locale: String,
    /// No evidence is taken from then on.
    pub expires: Timestamp,
}

/// What the person's device is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `jpki.signature`, … an open word.
    pub kind: String,
    /// The exact bytes to sign; empty where nothing is.
    pub to_sign: Vec<u8>,
    /// Texts to show, by name.
    pub display: Vec<(String, String)>,
    pub expires: Timestamp,
}

/// What the device answered. Handed to the plugin once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The challenge's word.
    pub kind: String,
    /// By the names that the kind gives them.
    pub parts: Vec<(String, Vec<u8>)>,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a plugin is told next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofEvent {
    Evidence(Evidence),
    /// Of a far end, or its timer.
    Far(RailEvent),
}

/// What was proven, as the plugin says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Identity assurance level, 0 to 3.
    pub ial: u8,
    /// Authenticator assurance level, 0 to 3.
    pub aal: u8,
    /// The same by other rules: `DS-511/2025` → `L3`.
    pub grades: Vec<(String, String)>,
    /// By name, as text.
    pub claims: Vec<(String, String)>,
    pub valid_until: Timestamp,
    /// SHA-256 of the evidence.
    pub evidence_digest: [u8; 32],
    /// The same for whoever holds the same card, and different at every plugin and operator. 16 to 64 bytes.
    pub link: Option<Vec<u8>>,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion").field("ial", &self.ial).field("aal", &self.aal).finish_non_exhaustive()
    }
}

/// How a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofVerdict {
    Proven(Assertion),
    /// The evidence proves it not.
    Refused(Fault),
    /// Nobody can tell: a far end is silent, a list is stale.
    Undecided(Fault),
}

/// Where a plugin hands back to people: for an answer, or for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofTurn {
    Challenge(Challenge),
    Verdict(ProofVerdict),
}

/// One decision of an identity plugin.
pub type ProofStep = Step<ProofTurn>;
