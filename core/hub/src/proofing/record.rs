//! A session as it is kept. What could identify somebody is encrypted by the store with the person's key.

use std::fmt;

use sha2::{Digest, Sha256};
use tebura_ledger::Timestamp;

use super::prover::{Challenge, ProofSession};
use crate::digest;
use crate::exchange::Stage;
use crate::ids::{PersonId, ProofingId};
use crate::rail::{ComponentDigest, Fault, PluginId};

/// SHA-256 of a plugin's name and the link that it gave: the card itself is not known by it.
pub type LinkDigest = [u8; 32];

/// One attempt of one person to prove something.
#[derive(Clone, PartialEq, Eq)]
pub struct Proofing {
    pub id: ProofingId,
    pub person: PersonId,
    pub plugin: PluginId,
    /// The component that decided the last step.
    pub digest: ComponentDigest,
    pub purpose: String,
    /// Those that the person agreed to.
    pub claims: Vec<String>,
    pub locale: String,
    pub nonce: [u8; 32],
    pub created_at: Timestamp,
    /// No evidence is taken from then on.
    pub expires_at: Timestamp,
    pub stage: ProofingStage,
    /// The plugin's opaque state.
    pub state: Vec<u8>,
    /// Steps decided so far.
    pub ordinal: u32,
    /// Bytes of the present call may have left.
    pub left: bool,
    /// When the worker has to look at it; `None`: it is over.
    pub due_at: Option<Timestamp>,
    /// Counts up with every write; a writer names the one it read.
    pub revision: u32,
}

/// What is to happen next.
#[derive(Clone, PartialEq, Eq)]
pub enum ProofingStage {
    /// The person's device has to answer.
    Challenged(Challenge),
    /// Between plugin and far end: `Outgoing`, `Sending`, `Arrived` or `Waiting`.
    Talking(Stage),
    Proven(Proof),
    Refused(Fault),
    Undecided(Fault),
    /// Nobody answered the challenge.
    Expired,
}

/// What a session proved.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    pub at: Timestamp,
    pub ial: u8,
    pub aal: u8,
    pub grades: Vec<(String, String)>,
    /// By name, as text.
    pub claims: Vec<(String, String)>,
    pub valid_until: Timestamp,
    pub evidence_digest: [u8; 32],
    pub link: Option<LinkDigest>,
}

/// Where a session stands, for callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofingStatus {
    Challenged,
    Pending,
    Proven,
    Refused,
    Undecided,
    Expired,
}

impl ProofingStatus {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            ProofingStatus::Challenged => "challenged",
            ProofingStatus::Pending => "pending",
            ProofingStatus::Proven => "proven",
            ProofingStatus::Refused => "refused",
            ProofingStatus::Undecided => "undecided",
            ProofingStatus::Expired => "expired",
        }
    }
}

impl fmt::Debug for Proofing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proofing { id, revision, .. } = self;
        let status = self.status();
        f.debug_struct("Proofing")
            .field("id", id)
            .field("status", &status)
            .field("revision", revision)
            .finish_non_exhaustive()
    }
}

impl Proofing {
    /// Where it stands.
    pub fn status(&self) -> ProofingStatus {
        match &self.stage {
            ProofingStage::Challenged(_) => ProofingStatus::Challenged,
            ProofingStage::Talking(_) => ProofingStatus::Pending,
            ProofingStage::Proven(_) => ProofingStatus::Proven,
            ProofingStage::Refused(_) => ProofingStatus::Refused,
            ProofingStage::Undecided(_) => ProofingStatus::Undecided,
            ProofingStage::Expired => ProofingStatus::Expired,
        }
    }

    /// What the plugin is shown.
    pub fn session(&self, now: Timestamp) -> ProofSession {
        ProofSession {
            id: self.id.to_string(),
            now,
            purpose: self.purpose.clone(),
            subject: subject(&self.plugin, self.person),
            nonce: self.nonce,
            claims: self.claims.clone(),
            locale: self.locale.clone(),
            expires: self.expires_at,
        }
    }

    /// Ends it. What the plugin kept is not needed any more.
    pub(super) fn end(&mut self, stage: ProofingStage) {
        self.stage = stage;
        self.state.clear();
        self.due_at = None;
    }

    /// Ends it without an answer either way.
    pub(super) fn undecided(&mut self, code: &str, message: String) {
        self.end(ProofingStage::Undecided(Fault { code: code.to_owned(), message }));
    }
}

/// A person under a name that one plugin sees and no other.
fn subject(plugin: &PluginId, person: PersonId) -> String {
    digest::short([b"tebura subject 1 ", plugin.0.as_bytes(), &[0], person.uuid().as_bytes()].concat())
}

/// What is kept of a plugin's link.
pub(super) fn link_digest(plugin: &PluginId, link: &[u8]) -> LinkDigest {
    let hash = Sha256::new().chain_update(b"tebura link 1 ").chain_update(plugin.0.as_bytes()).chain_update([0]);
    hash.chain_update(link).finalize().into()
}
