//! Who somebody is, proven: a session with a nonce of the hub's, a challenge, evidence, and claims with what they rest on.
//!
//! An identity plugin decides one step at a time, as a rail does, and never acts. The hub draws the nonce, hands the
//! evidence over once and keeps none of it: only its digest, the claims that the person agreed to, how good the proof is
//! and until when it counts. Calls to a platform operator are sent by the sender of the rails. Whatever is unclear is
//! undecided, never proven.

mod accept;
mod begin;
mod claims;
mod counter;
mod drive;
mod family;
mod give;
mod memory;
mod prover;
mod record;

pub use accept::ProofBreach;
pub use begin::{NewProofing, ProofingError};
pub use claims::ProvenClaim;
pub use counter::{COUNTER, Document, Seen, SeenError};
pub use give::MAX_EVIDENCE_BYTES;
pub(crate) use memory::ProofingTables;
pub use prover::{
    Assertion, Challenge, Evidence, ProofEvent, ProofSession, ProofStep, ProofTurn, ProofVerdict, Prover,
    ProverDescriptor,
};
pub use record::{LinkDigest, Proof, Proofing, ProofingStage, ProofingStatus};
