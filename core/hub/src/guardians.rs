//! Who answers for whom: a guardian for a child, somebody for an elder who asked for it. A link ends by its date, or when one
//! of the two, or the operator, ends it.
//!
//! A guardian is proven to be of age. A child's link rests on that proof, signed with the card or seen at a counter, and ends
//! when the child is of age; children under fifteen have no card that signs. An elder's rests on the elder's word.
//! Absent: the relation's own evidence, such as a family register.

use tebura_ledger::Timestamp;

use crate::age::{self, Age, MAJORITY};
use crate::hub::Hub;
use crate::ids::{GuardianLinkId, PersonId, ProofingId};
use crate::pay_by_face::pin_code;
use crate::perform::KeyRequest;
use crate::pin::{CheckPinError, Pin};
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::recognition::RecognitionWrite;

/// Longest that a link may last: who answers for an elder is looked at again then.
pub(crate) const MAX_MS: i64 = 10 * 366 * 86_400_000;
/// For how many people one may answer without a desk.
pub(crate) const MAX_WARDS: usize = 20;
/// Characters of what names a paper.
const MAX_PAPER: usize = 100;

/// What somebody is to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guardianship {
    Child,
    Elder,
}

impl Guardianship {
    /// The word in the API and in rows.
    pub fn word(self) -> &'static str {
        match self {
            Guardianship::Child => "child",
            Guardianship::Elder => "elder",
        }
    }

    /// From its word.
    pub fn from_word(word: &str) -> Option<Guardianship> {
        [Guardianship::Child, Guardianship::Elder].into_iter().find(|kind| kind.word() == word)
    }
}

/// What a link rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The guardian's own proof of age: signed with the card, or seen at a counter.
    Proof(ProofingId),
    /// The elder's PIN.
    Pin,
    /// A paper that the operator has seen, by its number or name.
    Paper(String),
}

/// Who ended a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    Guardian,
    Ward,
    Operator,
}

impl EndedBy {
    /// Everyone who can.
    pub const ALL: [EndedBy; 3] = [EndedBy::Guardian, EndedBy::Ward, EndedBy::Operator];

    /// The word in the API and in rows.
    pub fn word(self) -> &'static str {
        match self {
            EndedBy::Guardian => "guardian",
            EndedBy::Ward => "ward",
            EndedBy::Operator => "operator",
        }
    }
}

/// Who answers for whom, from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardianLink {
    pub id: GuardianLinkId,
    pub guardian: PersonId,
    pub ward: PersonId,
    pub kind: Guardianship,
    pub basis: Basis,
    pub until: Timestamp,
    pub created_at: Timestamp,
    pub ended: Option<(Timestamp, EndedBy)>,
}

impl GuardianLink {
    /// Whether it counts.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.until
    }
}

/// A link to make.
#[derive(Clone, Debug)]
pub struct NewGuardianLink {
    pub guardian: PersonId,
    pub ward: PersonId,
    pub kind: Guardianship,
    /// Of a child, as the guardian declares it: `2016-04-01`. Not kept.
    pub born_on: Option<String>,
    /// An elder agrees with her PIN,
    pub pin: Option<Pin>,
    /// or on a paper that the operator has seen: its number or name.
    pub paper: Option<String>,
    pub until: Timestamp,
}

/// Why nobody answers for anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardianError {
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("there is no such link")]
    LinkNotFound,
    #[error("nobody is their own guardian; name two people")]
    SamePerson,
    #[error("the guardian's age was not proven; the guardian proves it with the My Number card or at a counter first")]
    GuardianAgeUnknown,
    #[error("a guardian is 18 or older; name an adult")]
    GuardianUnderAge,
    #[error("this person is guarded by the other already; end that link first")]
    Circular,
    #[error("the child's whole date of birth is needed, such as 2016-04-01; without it nobody is taken for a child")]
    BirthDateUnknown,
    #[error("this person is of age and enrols in person; for an elder choose the kind elder")]
    WardOfAge,
    #[error("the elder has to agree: with the PIN ({code}), or on a paper that the operator has seen")]
    ElderDidNotAgree { code: &'static str },
    #[error("a name has 1 to 100 characters and no control characters")]
    NameInvalid,
    #[error("the name holds what reads as an Individual Number (個人番号); it is never taken here, leave it out")]
    IndividualNumber,
    #[error("{MAX_WARDS} people are the most that one guardian answers for here; ask at the desk")]
    TooManyWards,
    #[error("the link has to end after now and within ten years; choose another date")]
    UntilInvalid,
    #[error(transparent)]
    Pin(#[from] CheckPinError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Lets a guardian answer for somebody. A repeat with the same key answers with the same link.
    pub async fn link_guardian(&self, key: KeyRequest, new: NewGuardianLink) -> Result<GuardianLink, GuardianError> {
        let NewGuardianLink { guardian, ward, kind, born_on, pin, paper, until } = new;
        if let Some(link) = self.made_before::<GuardianError>(&key).await? {
            return self.earlier_link(Some(link)).await;
        }
        for person in [guardian, ward] {
            self.store.person(person).await?.ok_or(GuardianError::PersonNotFound(person))?;
        }
        if guardian == ward {
            return Err(GuardianError::SamePerson);
        }
        let proof = self.proof_of_age(guardian).await?;
        let now = self.now();
        let links = self.store.guardian_links(guardian).await?;
        if links.iter().any(|link| link.guardian == ward && link.counts(now)) {
            return Err(GuardianError::Circular);
        }
        let (basis, last) = match kind {
            Guardianship::Child => {
                let majority = majority_of(&born_on.ok_or(GuardianError::BirthDateUnknown)?, now)?;
                if self.age_of(ward).await? == Age::Adult {
                    return Err(GuardianError::WardOfAge);
                }
                (Basis::Proof(proof), majority)
            }
            Guardianship::Elder => (self.agreed_elder(ward, pin, paper).await?, until),
        };
        if until <= now || until > now.plus_ms(MAX_MS) {
            return Err(GuardianError::UntilInvalid);
        }
        let shard = self.key_shard(&key);
        let link = GuardianLink {
            id: GuardianLinkId::from_uuid(self.ids.next(shard)),
            guardian,
            ward,
            kind,
            basis,
            until: until.min(last),
            created_at: now,
            ended: None,
        };
        let writes = vec![Write::Recognition(RecognitionWrite::Guardian(link.clone()))];
        let unit = Unit { key: Some(key.claim(link.id)), writes, ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => {}
            Committed::Replayed { target } => return self.earlier_link(Some(target)).await,
        }
        self.follow_family(link.guardian, link.ward).await?;
        Ok(link)
    }

    pub(crate) async fn earlier_link(&self, target: Option<String>) -> Result<GuardianLink, GuardianError> {
        let id = target.and_then(|target| target.parse().ok()).ok_or(CommitError::KeyReused)?;
        self.store.guardian_link(id).await?.ok_or(GuardianError::LinkNotFound)
    }

    /// What proves that somebody is of age.
    pub(crate) async fn proof_of_age(&self, guardian: PersonId) -> Result<ProofingId, GuardianError> {
        let proof = match self.age_of(guardian).await? {
            Age::Adult => {
                let claims = self.claims(guardian).await?;
                let of_age = claims.iter().find(|claim| ["birth_date", "age_over_18"].contains(&claim.name.as_str()));
                of_age.map(|claim| claim.proofing)
            }
            Age::Minor => return Err(GuardianError::GuardianUnderAge),
            Age::Unknown => None,
        };
        proof.ok_or(GuardianError::GuardianAgeUnknown)
    }

    async fn agreed_elder(
        &self,
        ward: PersonId,
        pin: Option<Pin>,
        paper: Option<String>,
    ) -> Result<Basis, GuardianError> {
        let is_paper = |text: &String| (1..=MAX_PAPER).contains(&text.chars().count());
        if let (None, Some(paper)) = (&pin, paper.filter(is_paper)) {
            return Ok(Basis::Paper(paper));
        }
        match pin_code(self.check_pin(ward, pin).await?) {
            None => Ok(Basis::Pin),
            Some(code) => Err(GuardianError::ElderDidNotAgree { code }),
        }
    }

    /// Ends a link at once. To end it twice is to end it once.
    pub async fn end_guardianship(&self, id: GuardianLinkId, by: EndedBy) -> Result<GuardianLink, GuardianError> {
        let mut link = self.store.guardian_link(id).await?.ok_or(GuardianError::LinkNotFound)?;
        if link.ended.is_none() {
            let now = self.now();
            link.ended = Some((now, by));
            let writes = vec![Write::Recognition(RecognitionWrite::Guardian(link.clone()))];
            self.store.commit(id.shard(), now, Unit { writes, ..Unit::default() }).await?;
        }
        self.follow_family(link.guardian, link.ward).await?;
        Ok(link)
    }

    /// A person's links, as guardian and as ward, ended ones too; oldest first.
    pub async fn guardian_links(&self, person: PersonId) -> Result<Vec<GuardianLink>, ReadError> {
        self.store.guardian_links(person).await
    }

    /// For whom a person answers now.
    pub async fn wards_of(&self, guardian: PersonId) -> Result<Vec<PersonId>, ReadError> {
        let now = self.now();
        let links = self.store.guardian_links(guardian).await?;
        Ok(links.iter().filter(|link| link.guardian == guardian && link.counts(now)).map(|link| link.ward).collect())
    }

    /// Who answers for a person now.
    pub async fn guardians_of(&self, ward: PersonId) -> Result<Vec<PersonId>, ReadError> {
        let now = self.now();
        let links = self.store.guardian_links(ward).await?;
        Ok(links.iter().filter(|link| link.ward == ward && link.counts(now)).map(|link| link.guardian).collect())
    }

    /// Whether a person may answer for another now; else the code of the refusal.
    pub async fn answers_for(&self, guardian: PersonId, ward: PersonId) -> Result<Result<(), &'static str>, ReadError> {
        let (now, links) = (self.now(), self.store.guardian_links(ward).await?);
        let own = |link: &&GuardianLink| link.guardian == guardian && link.ward == ward;
        if !links.iter().any(|link| own(&link)) {
            return Ok(Err("guardian.not_linked"));
        }
        if !links.iter().filter(own).any(|link| link.counts(now)) {
            return Ok(Err("guardian.no_longer"));
        }
        // A proof that was corrected since says so; one that ran out made nobody younger.
        if self.age_of(guardian).await? == Age::Minor {
            return Ok(Err("guardian.under_age"));
        }
        Ok(if self.store.person(guardian).await?.is_some() { Ok(()) } else { Err("guardian.no_longer") })
    }
}

/// When a child is of age, who is not yet.
pub(crate) fn majority_of(born_on: &str, now: Timestamp) -> Result<Timestamp, GuardianError> {
    if age::is_over(0, born_on, now) != Some(true) {
        return Err(GuardianError::BirthDateUnknown);
    }
    if age::is_over(MAJORITY, born_on, now) == Some(true) {
        return Err(GuardianError::WardOfAge);
    }
    age::over_at(MAJORITY, born_on).ok_or(GuardianError::BirthDateUnknown)
}
