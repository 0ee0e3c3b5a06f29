//! Claims by a document that staff saw at a counter: what a certificate on a chip does not say, such as who is a student.
//! And taking a proof back: somebody moved out, a card was given back.
//!
//! The table says which document proves what, how surely and for how long. No number and no copy of a document is kept.

use sha2::{Digest, Sha256};
use tebura_ledger::Timestamp;

use super::ProofingError;
use super::record::{Proof, Proofing, ProofingStage, ProofingStatus};
use crate::hub::Hub;
use crate::ids::{ApiKeyId, PersonId, ProofingId};
use crate::individual_number;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::rail::{ComponentDigest, Fault, PluginId};
use crate::set_up::Made;

/// The source of such claims; no plugin can have a name without a dot.
pub const COUNTER: &str = "counter";
const DAY_MS: i64 = 86_400_000;
/// Characters of a household's name.
const MAX_HOUSEHOLD: usize = 64;

/// A document that staff can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// 学生証、在学証明書.
    StudentCard,
    /// 障害者手帳 of any kind.
    DisabilityCertificate,
    /// 高齢者証 of the municipality.
    SeniorCard,
    /// 住民票の写し.
    ResidenceRecord,
    /// 運転免許証.
    DrivingLicence,
    /// No document: the municipality looked into its own register.
    MunicipalRegister,
}

/// What is known of a document.
struct Facts {
    document: Document,
    name: &'static str,
    claims: &'static [&'static str],
    /// Identity assurance level: 2 with a photograph of the holder or from the register itself.
    ial: u8,
    /// The longest that it counts from the day it was seen, days.
    longest: i64,
}

const DOCUMENTS: [Facts; 6] = [
    facts(Document::StudentCard, "student_card", &["student"], 1, 366),
    facts(Document::DisabilityCertificate, "disability_certificate", &["disability"], 2, 5 * 366),
    facts(Document::SeniorCard, "senior_card", &["senior"], 1, 5 * 366),
    facts(Document::ResidenceRecord, "residence_record", &["municipality", "household", "birth_date"], 1, 366),
    facts(Document::DrivingLicence, "driving_licence", &["birth_date"], 2, 5 * 366),
    facts(
        Document::MunicipalRegister,
        "municipal_register",
        &["municipality", "household", "birth_date", "student", "senior", "disability"],
        2,
        366,
    ),
];

const fn facts(
    document: Document,
    name: &'static str,
    claims: &'static [&'static str],
    ial: u8,
    longest: i64,
) -> Facts {
    Facts { document, name, claims, ial, longest }
}

impl Document {
    /// The document of that name, as the API has it.
    pub fn from_name(name: &str) -> Option<Self> {
        DOCUMENTS.iter().find(|facts| facts.name == name).map(|facts| facts.document)
    }

    /// All names.
    pub fn names() -> String {
        DOCUMENTS.map(|facts| facts.name).join(", ")
    }

    fn facts(self) -> &'static Facts {
        // Every document is in the table; a test holds them side by side.
        DOCUMENTS.iter().find(|facts| facts.document == self).unwrap_or(&DOCUMENTS[0])
    }
}

/// What staff saw.
#[derive(Clone, Debug)]
pub struct Seen {
    pub person: PersonId,
    pub document: Document,
    /// The document's number, if it has one. Only its digest is kept, with who saw it.
    pub number: Option<String>,
    /// By name.
    pub claims: Vec<(String, String)>,
    /// When the document ends, or the fact: a school year.
    pub valid_until: Timestamp,
    /// The person agreed that these claims are stored.
    pub agreed: bool,
    pub seen_by: ApiKeyId,
}

/// Why nothing was noted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeenError {
    #[error("the request holds what reads as an Individual Number (個人番号); it is never taken here, leave it out")]
    IndividualNumber,
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("the person has to agree that this is stored; ask, and send `agreed: true`")]
    NotAgreed,
    #[error("name at least one claim, and each once")]
    NoClaims,
    #[error("{document} does not prove {claim:?}; it proves: {proves}")]
    ClaimNotProven { document: &'static str, claim: String, proves: String },
    #[error("{claim:?} cannot be {value:?}; write {write}")]
    ValueInvalid { claim: String, value: String, write: &'static str },
    #[error("it has ended already, on {}; a document that is over proves nothing", tebura_ledger::instant::rfc3339(*.0))]
    Over(Timestamp),
    #[error("{document} counts for {days} days at most from when it was seen; see it again then")]
    TooLong { document: &'static str, days: i64 },
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Notes what staff saw, as a proof like any other.
    pub async fn see_document(&self, key: KeyRequest, seen: Seen) -> Result<Made<Proofing>, SeenError> {
        let now = self.now();
        let proof = proof(&seen, now)?;
        self.store.person(seen.person).await?.ok_or(SeenError::PersonNotFound(seen.person))?;
        let row = Proofing {
            id: ProofingId::from_uuid(self.ids.next(seen.person.shard())),
            person: seen.person,
            plugin: PluginId(COUNTER.to_owned()),
            digest: ComponentDigest([0; 32]),
            purpose: seen.document.facts().name.to_owned(),
            claims: proof.claims.iter().map(|(name, _)| name.clone()).collect(),
            locale: "ja".to_owned(),
            nonce: self.ids.secret(),
            created_at: now,
            expires_at: now,
            stage: ProofingStage::Proven(proof),
            state: Vec::new(),
            ordinal: 0,
            left: false,
            due_at: None,
            revision: 1,
        };
        let write = Write::Proofing { proofing: row.clone(), expected: 0 };
        let unit = Unit { key: Some(key.claim(row.id)), writes: vec![write], ..Unit::default() };
        match self.store.commit(seen.person.shard(), now, unit).await? {
            Committed::Done(_) => {
                self.tell_galleries(seen.person).await;
                Ok(Made { row, replayed: false })
            }
            Committed::Replayed { target } => {
                let id = target.parse().map_err(|_| CommitError::KeyReused)?;
                let row = self.store.proofing(id).await?.ok_or(CommitError::KeyReused)?;
                Ok(Made { row, replayed: true })
            }
        }
    }

    /// Takes a proof back: from now on it proves nothing. What was proven otherwise stays.
    pub async fn withdraw_proof(&self, key: KeyRequest, id: ProofingId) -> Result<Made<Proofing>, ProofingError> {
        if let Some(made) = self.made_before::<ProofingError>(&key).await? {
            return self.proofing_before(&made).await;
        }
        let mut row = self.proofing(id).await?;
        if row.status() != ProofingStatus::Proven {
            return Err(ProofingError::NothingProven(row.status()));
        }
        let code = "claim.withdrawn".to_owned();
        row.end(ProofingStage::Refused(Fault { code, message: "the operator took the proof back".to_owned() }));
        let before = row.revision;
        match self.put_proofing(&mut row, before, Vec::new(), Some(key)).await? {
            Some(target) => self.proofing_before(&target).await,
            None => Ok(Made { row, replayed: false }),
        }
    }
}

fn proof(seen: &Seen, now: Timestamp) -> Result<Proof, SeenError> {
    let Facts { name, claims, ial, longest, .. } = seen.document.facts();
    let texts = seen.claims.iter().flat_map(|(name, value)| [name, value]).chain(&seen.number);
    if texts.into_iter().any(|text| individual_number::is_in(text)) {
        return Err(SeenError::IndividualNumber);
    }
    if !seen.agreed {
        return Err(SeenError::NotAgreed);
    }
    let mut named: Vec<&String> = seen.claims.iter().map(|(name, _)| name).collect();
    named.sort();
    named.dedup();
    if seen.claims.is_empty() || named.len() != seen.claims.len() {
        return Err(SeenError::NoClaims);
    }
    for (claim, value) in &seen.claims {
        if !claims.contains(&claim.as_str()) {
            let (claim, proves) = (claim.clone(), claims.join(", "));
            return Err(SeenError::ClaimNotProven { document: name, claim, proves });
        }
        if let Some(write) = wrong(claim, value, now) {
            return Err(SeenError::ValueInvalid { claim: claim.clone(), value: value.clone(), write });
        }
    }
    if seen.valid_until <= now {
        return Err(SeenError::Over(seen.valid_until));
    }
    if seen.valid_until > now.plus_ms(longest * DAY_MS) {
        return Err(SeenError::TooLong { document: name, days: *longest });
    }
    let digest = Sha256::new()
        .chain_update(b"tebura counter 1 ")
        .chain_update(name.as_bytes())
        .chain_update([0])
        .chain_update(seen.seen_by.to_string().as_bytes())
        .chain_update([0])
        .chain_update(seen.number.as_deref().unwrap_or_default().as_bytes());
    Ok(Proof {
        at: now,
        ial: *ial,
        aal: 0,
        grades: Vec::new(),
        claims: seen.claims.clone(),
        valid_until: seen.valid_until,
        evidence_digest: digest.finalize().into(),
        link: None,
    })
}

/// What to write instead of a value that a claim cannot have.
fn wrong(claim: &str, value: &str, now: Timestamp) -> Option<&'static str> {
    let (fits, write) = match claim {
        "student" => (
            ["elementary", "junior_high", "high", "university", "other"].contains(&value),
            "elementary, junior_high, high, university or other",
        ),
        "senior" => (value == "true", "true"),
        "disability" => (["class_1", "class_2"].contains(&value), "class_1 or class_2, as the certificate says"),
        "municipality" => (
            value.len() == 5 && value.bytes().all(|byte| byte.is_ascii_digit()),
            "its five digits (JIS X 0402), such as 17206",
        ),
        "birth_date" => (
            crate::age::is_over(0, value, now) == Some(true),
            "a day that has been, such as 1985-04-01; leave an unknown one out",
        ),
        "household" => (
            (1..=MAX_HOUSEHOLD).contains(&value.chars().count()) && !value.chars().any(char::is_control),
            "the name that the municipality gives a household, 1 to 64 characters",
        ),
        _ => (false, "one of the claims that the document proves"),
    };
    (!fits).then_some(write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_in_the_table_once() {
        for facts in &DOCUMENTS {
            assert_eq!(facts.document.facts().name, facts.name);
            assert_eq!(Document::from_name(facts.name), Some(facts.document));
            assert!(facts.claims.iter().all(|claim| wrong(claim, "\u{7}", Timestamp::from_millis(0)).is_some()));
        }
        assert_eq!(Document::from_name("business_card"), None);
    }
}
