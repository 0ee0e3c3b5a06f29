//! Attempts to prove who somebody is, and what came of them. No body here is ever logged.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tebura_hub::ids::{ApiKeyId, PersonId};
use tebura_hub::proofing::{
    Challenge, Document, Evidence, NewProofing, Proof, Proofing, ProofingStage, ProvenClaim, Seen,
};
use tebura_hub::rail::PluginId;
use utoipa::ToSchema;

use super::time::{parse_rfc3339, rfc3339};
use crate::extract::parse_id;
use crate::hex;
use crate::problem::Problem;

/// A proofing to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginProofingBody {
    /// Who is to prove something: `person_…`
    pub person: String,
    /// The identity plugin.
    #[schema(example = "jp.tebura.mynumber")]
    pub plugin: String,
    /// Why: a word of the operator's. It becomes a part of what is signed.
    #[schema(example = "enrolment")]
    pub purpose: String,
    /// The claims that the person agreed to have proven and stored; each has to be offered by the plugin.
    #[schema(example = json!(["name", "birth_date"]))]
    pub agreed_claims: Vec<String>,
    /// `ja` or `en`.
    #[schema(example = "ja")]
    pub locale: String,
}

impl BeginProofingBody {
    /// What is asked of the hub.
    pub(crate) fn new_proofing(self) -> Result<NewProofing, Problem> {
        Ok(NewProofing {
            person: parse_id(&self.person)?,
            plugin: PluginId(self.plugin),
            purpose: self.purpose,
            claims: self.agreed_claims,
            locale: self.locale,
        })
    }
}

/// What staff saw at a counter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenBody {
    /// `student_card`, `disability_certificate`, `senior_card`, `residence_record`, `driving_licence`, or
    /// `municipal_register`: the municipality looked into its own.
    #[schema(example = "student_card")]
    pub document: String,
    /// The document's number, if it has one; only a digest of it is kept. Never the Individual Number.
    #[schema(write_only)]
    pub number: Option<String>,
    /// Each has to be one that the document proves.
    pub claims: Vec<NamedTextBody>,
    /// When the document or the fact ends, RFC 3339.
    #[schema(example = "2027-03-31T14:59:59Z")]
    pub valid_until: String,
    /// The person agreed that these claims are stored.
    pub agreed: bool,
}

impl SeenBody {
    /// What was seen, and by whose key.
    pub(crate) fn seen(self, person: PersonId, seen_by: ApiKeyId) -> Result<Seen, Problem> {
        let invalid = |code: &'static str, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        let document = Document::from_name(&self.document).ok_or_else(|| {
            invalid("claim.document_unknown", format!("The document is one of: {}.", Document::names()))
        })?;
        let valid_until = parse_rfc3339(&self.valid_until).ok_or_else(|| {
            invalid("claim.valid_until_invalid", "Write valid_until as 2027-03-31T14:59:59Z.".to_owned())
        })?;
        let claims = self.claims.into_iter().map(|claim| (claim.name, claim.value)).collect();
        Ok(Seen { person, document, number: self.number, claims, valid_until, agreed: self.agreed, seen_by })
    }
}

/// What the person's device answered. It counts once and is not kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceBody {
    /// The challenge's kind.
    #[schema(example = "jpki.signature")]
    pub kind: String,
    /// 1 to 16 parts of together at most 64 KiB.
    pub parts: Vec<EvidencePartBody>,
}

/// One part of an answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidencePartBody {
    /// As the kind names it.
    #[schema(example = "cms")]
    pub name: String,
    /// Base64.
    #[schema(write_only)]
    pub content: String,
}

impl EvidenceBody {
    /// The evidence in bytes.
    pub(crate) fn evidence(self) -> Result<Evidence, Problem> {
        let part = |part: EvidencePartBody| {
            let content = STANDARD.decode(&part.content).map_err(|_| {
                Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "proofing.evidence_not_base64",
                    "A part's content is base64 with padding (RFC 4648, section 4). Encode it again.",
                )
            })?;
            Ok((part.name, content))
        };
        let parts = self.parts.into_iter().map(part).collect::<Result<_, Problem>>()?;
        Ok(Evidence { kind: self.kind, parts })
    }
}

/// A named text.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct NamedTextBody {
    /// What it is.
    pub name: String,
    /// The text.
    pub value: String,
}

fn named(texts: &[(String, String)]) -> Vec<NamedTextBody> {
    texts.iter().map(|(name, value)| NamedTextBody { name: name.clone(), value: value.clone() }).collect()
}

/// An attempt to prove something, as it stands.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ProofingBody {
    /// `prf_…`
    pub id: String,
    /// Whose.
    pub person: String,
    /// The identity plugin.
    pub plugin: String,
    /// Why.
    pub purpose: String,
    /// What the person agreed to.
    pub agreed_claims: Vec<String>,
    /// `challenged`: the person's device has to answer. `pending`: a far end is asked; read it again. `proven`, `refused`,
    /// `undecided` (nobody can tell) and `expired` are final.
    #[schema(example = "challenged")]
    pub status: String,
    /// What the device has to do; only while `challenged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeBody>,
    /// What was proven; only when `proven`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofBody>,
    /// Why not; only when `refused` or `undecided`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonBody>,
    /// When it was begun.
    pub created_at: String,
    /// No evidence is taken from then on.
    pub expires_at: String,
}

/// What a person's device has to do.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ChallengeBody {
    /// An open word that tells the device how.
    #[schema(example = "jpki.signature")]
    pub kind: String,
    /// The exact bytes to sign, base64; empty where nothing is signed.
    pub to_sign: String,
    /// Texts to show.
    pub display: Vec<NamedTextBody>,
    /// The answer has to arrive before.
    pub expires_at: String,
}

/// How good a proof is. What it says is in the person's claims.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ProofBody {
    /// Identity assurance level, 0 to 3.
    pub ial: u8,
    /// Authenticator assurance level, 0 to 3.
    pub aal: u8,
    /// The same by other rules, by framework and version.
    pub grades: Vec<NamedTextBody>,
    /// The names of the claims.
    pub claims: Vec<String>,
    /// SHA-256 of the evidence, in hexadecimal digits.
    pub evidence_digest: String,
    /// When it was proven.
    pub proven_at: String,
    /// It counts until then.
    pub valid_until: String,
}

/// Why nothing was proven.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReasonBody {
    /// Stable, dotted, lower-case.
    #[schema(example = "certificate.revoked")]
    pub code: String,
    /// The plugin's words.
    pub message: String,
}

impl From<&Proofing> for ProofingBody {
    fn from(row: &Proofing) -> ProofingBody {
        let (mut challenge, mut proof, mut reason) = (None, None, None);
        match &row.stage {
            ProofingStage::Challenged(asked) => challenge = Some(ChallengeBody::from(asked)),
            ProofingStage::Proven(proven) => proof = Some(ProofBody::from(proven)),
            ProofingStage::Refused(fault) | ProofingStage::Undecided(fault) => {
                reason = Some(ReasonBody { code: fault.code.clone(), message: fault.message.clone() });
            }
            ProofingStage::Talking(_) | ProofingStage::Expired => {}
        }
        ProofingBody {
            id: row.id.to_string(),
            person: row.person.to_string(),
            plugin: row.plugin.0.clone(),
            purpose: row.purpose.clone(),
            agreed_claims: row.claims.clone(),
            status: row.status().name().to_owned(),
            challenge,
            proof,
            reason,
            created_at: rfc3339(row.created_at),
            expires_at: rfc3339(row.expires_at),
        }
    }
}

impl From<&Challenge> for ChallengeBody {
    fn from(challenge: &Challenge) -> ChallengeBody {
        ChallengeBody {
            kind: challenge.kind.clone(),
            to_sign: STANDARD.encode(&challenge.to_sign),
            display: named(&challenge.display),
            expires_at: rfc3339(challenge.expires),
        }
    }
}

impl From<&Proof> for ProofBody {
    fn from(proof: &Proof) -> ProofBody {
        ProofBody {
            ial: proof.ial,
            aal: proof.aal,
            grades: named(&proof.grades),
            claims: proof.claims.iter().map(|(name, _)| name.clone()).collect(),
            evidence_digest: hex::encode(&proof.evidence_digest),
            proven_at: rfc3339(proof.at),
            valid_until: rfc3339(proof.valid_until),
        }
    }
}

/// What a person has proven and what still counts.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ClaimListBody {
    /// Of every name the newest.
    pub items: Vec<ClaimBody>,
}

/// One thing that a person has proven.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ClaimBody {
    /// What it is.
    #[schema(example = "birth_date")]
    pub name: String,
    /// As text.
    pub value: String,
    /// Who vouches: the identity plugin.
    #[schema(example = "jp.tebura.mynumber")]
    pub source: String,
    /// The attempt that proved it.
    pub proofing: String,
    /// Identity assurance level, 0 to 3.
    pub ial: u8,
    /// Authenticator assurance level, 0 to 3.
    pub aal: u8,
    /// The same by other rules, by framework and version.
    pub grades: Vec<NamedTextBody>,
    /// SHA-256 of the evidence, in hexadecimal digits.
    pub evidence_digest: String,
    /// When it was proven.
    pub proven_at: String,
    /// It counts until then.
    pub valid_until: String,
    /// Whose proof it follows from, `person_…`: a child lives where its guardian lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<String>,
}

impl From<&ProvenClaim> for ClaimBody {
    fn from(claim: &ProvenClaim) -> ClaimBody {
        ClaimBody {
            name: claim.name.clone(),
            value: claim.value.clone(),
            source: claim.source.0.clone(),
            proofing: claim.proofing.to_string(),
            ial: claim.ial,
            aal: claim.aal,
            grades: named(&claim.grades),
            evidence_digest: hex::encode(&claim.evidence_digest),
            proven_at: rfc3339(claim.proven_at),
            valid_until: rfc3339(claim.valid_until),
            derived_from: claim.derived_from.map(|guardian| guardian.to_string()),
        }
    }
}
