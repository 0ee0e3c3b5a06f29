//! A session as JSON: what is encrypted. Names are never reused, since rows outlive the program that wrote them.

use serde::{Deserialize, Serialize};
use tebura_hub::ids::{PersonId, ProofingId};
use tebura_hub::proofing::{Challenge, Proof, Proofing, ProofingStage};
use tebura_hub::rail::{ComponentDigest, Fault, PluginId};
use tebura_ledger::Timestamp;

use super::exchange_body::StageBody;
use super::{Damaged, time};
use crate::hex;

const TABLE: &str = "proofing";

/// Everything of a [`Proofing`] that has no column.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    #[serde(with = "hex::bytes")]
    digest: Vec<u8>,
    purpose: String,
    claims: Vec<String>,
    locale: String,
    #[serde(with = "hex::bytes")]
    nonce: Vec<u8>,
    created_at_ms: i64,
    expires_at_ms: i64,
    stage: ProofingStageBody,
    #[serde(with = "hex::bytes")]
    state: Vec<u8>,
    ordinal: u32,
    left: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
enum ProofingStageBody {
    Challenged {
        kind: String,
        #[serde(with = "hex::bytes")]
        to_sign: Vec<u8>,
        display: Vec<(String, String)>,
        expires_ms: i64,
    },
    Talking {
        stage: StageBody,
    },
    Proven {
        at_ms: i64,
        ial: u8,
        aal: u8,
        grades: Vec<(String, String)>,
        claims: Vec<(String, String)>,
        valid_until_ms: i64,
        #[serde(with = "hex::bytes")]
        evidence_digest: Vec<u8>,
        #[serde(with = "hex::option")]
        link: Option<Vec<u8>>,
    },
    Refused {
        code: String,
        message: String,
    },
    Undecided {
        code: String,
        message: String,
    },
    Expired,
}

impl Body {
    pub(super) fn of(row: &Proofing) -> Self {
        Self {
            digest: row.digest.0.to_vec(),
            purpose: row.purpose.clone(),
            claims: row.claims.clone(),
            locale: row.locale.clone(),
            nonce: row.nonce.to_vec(),
            created_at_ms: row.created_at.millis(),
            expires_at_ms: row.expires_at.millis(),
            stage: ProofingStageBody::of(&row.stage),
            state: row.state.clone(),
            ordinal: row.ordinal,
            left: row.left,
        }
    }

    pub(super) fn domain(self, id: ProofingId, person: PersonId, plugin: PluginId) -> Result<Proofing, Damaged> {
        Ok(Proofing {
            id,
            person,
            plugin,
            digest: ComponentDigest(array("digest", self.digest)?),
            purpose: self.purpose,
            claims: self.claims,
            locale: self.locale,
            nonce: array("nonce", self.nonce)?,
            created_at: time(self.created_at_ms),
            expires_at: time(self.expires_at_ms),
            stage: self.stage.domain()?,
            state: self.state,
            ordinal: self.ordinal,
            left: self.left,
            due_at: None,
            revision: 0,
        })
    }
}

impl ProofingStageBody {
    fn of(stage: &ProofingStage) -> Self {
        match stage {
            ProofingStage::Challenged(Challenge { kind, to_sign, display, expires }) => Self::Challenged {
                kind: kind.clone(),
                to_sign: to_sign.clone(),
                display: display.clone(),
                expires_ms: expires.millis(),
            },
            ProofingStage::Talking(stage) => Self::Talking { stage: StageBody::of(stage) },
            ProofingStage::Proven(proof) => Self::Proven {
                at_ms: proof.at.millis(),
                ial: proof.ial,
                aal: proof.aal,
                grades: proof.grades.clone(),
                claims: proof.claims.clone(),
                valid_until_ms: proof.valid_until.millis(),
                evidence_digest: proof.evidence_digest.to_vec(),
                link: proof.link.map(|link| link.to_vec()),
            },
            ProofingStage::Refused(Fault { code, message }) => {
                Self::Refused { code: code.clone(), message: message.clone() }
            }
            ProofingStage::Undecided(Fault { code, message }) => {
                Self::Undecided { code: code.clone(), message: message.clone() }
            }
            ProofingStage::Expired => Self::Expired,
        }
    }

    fn domain(self) -> Result<ProofingStage, Damaged> {
        Ok(match self {
            Self::Challenged { kind, to_sign, display, expires_ms } => {
                ProofingStage::Challenged(Challenge { kind, to_sign, display, expires: time(expires_ms) })
            }
            Self::Talking { stage } => ProofingStage::Talking(stage.domain()),
            Self::Proven { at_ms, ial, aal, grades, claims, valid_until_ms, evidence_digest, link } => {
                ProofingStage::Proven(Proof {
                    at: Timestamp::from_millis(at_ms),
                    ial,
                    aal,
                    grades,
                    claims,
                    valid_until: time(valid_until_ms),
                    evidence_digest: array("evidence_digest", evidence_digest)?,
                    link: link.map(|link| array("link", link)).transpose()?,
                })
            }
            Self::Refused { code, message } => ProofingStage::Refused(Fault { code, message }),
            Self::Undecided { code, message } => ProofingStage::Undecided(Fault { code, message }),
            Self::Expired => ProofingStage::Expired,
        })
    }
}

fn array(column: &'static str, bytes: Vec<u8>) -> Result<[u8; 32], Damaged> {
    bytes.try_into().map_err(|_| Damaged::new(TABLE, column))
}
