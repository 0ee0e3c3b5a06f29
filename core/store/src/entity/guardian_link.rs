//! Who answers for whom.

use sea_orm::entity::prelude::*;
use tebura_hub::guardians::{Basis, EndedBy, GuardianLink, Guardianship};
use tebura_hub::ids::{GuardianLinkId, PersonId, ProofingId};
use tebura_ledger::Timestamp;

use super::{Damaged, time, word};

const TABLE: &str = "guardian_link";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "guardian_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub guardian: Uuid,
    pub ward: Uuid,
    pub kind: String,
    pub basis: String,
    pub proofing: Option<Uuid>,
    pub paper: Option<String>,
    pub until_ms: i64,
    pub created_at_ms: i64,
    pub ended_at_ms: Option<i64>,
    pub ended_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    id,
    guardian,
    ward,
    kind,
    basis,
    proofing,
    paper,
    until_ms,
    created_at_ms,
    ended_at_ms,
    ended_by,
);

impl Model {
    pub(crate) fn of(link: &GuardianLink) -> Self {
        let (basis, proofing, paper) = match &link.basis {
            Basis::Proof(proofing) => ("proof", Some(proofing.uuid()), None),
            Basis::Pin => ("pin", None, None),
            Basis::Paper(paper) => ("paper", None, Some(paper.clone())),
        };
        Self {
            id: link.id.uuid(),
            guardian: link.guardian.uuid(),
            ward: link.ward.uuid(),
            kind: link.kind.word().to_owned(),
            basis: basis.to_owned(),
            proofing,
            paper,
            until_ms: link.until.millis(),
            created_at_ms: link.created_at.millis(),
            ended_at_ms: link.ended.map(|(at, _)| Timestamp::millis(at)),
            ended_by: link.ended.map(|(_, by)| by.word().to_owned()),
        }
    }

    pub(crate) fn domain(self) -> Result<GuardianLink, Damaged> {
        let basis = match (self.basis.as_str(), self.proofing, self.paper) {
            ("proof", Some(proofing), None) => Some(Basis::Proof(ProofingId::from_uuid(proofing))),
            ("pin", None, None) => Some(Basis::Pin),
            ("paper", None, Some(paper)) => Some(Basis::Paper(paper)),
            (_, Some(_) | None, Some(_) | None) => None,
        };
        let by = |text: &String| EndedBy::ALL.into_iter().find(|by| by.word() == text);
        let ended = match (self.ended_at_ms, self.ended_by.as_ref()) {
            (Some(at), Some(text)) => Some((time(at), word(TABLE, "ended_by", by(text))?)),
            (None, None) => None,
            (Some(_) | None, Some(_) | None) => return Err(Damaged::new(TABLE, "ended_by")),
        };
        Ok(GuardianLink {
            id: GuardianLinkId::from_uuid(self.id),
            guardian: PersonId::from_uuid(self.guardian),
            ward: PersonId::from_uuid(self.ward),
            kind: word(TABLE, "kind", Guardianship::from_word(&self.kind))?,
            basis: word(TABLE, "basis", basis)?,
            until: time(self.until_ms),
            created_at: time(self.created_at_ms),
            ended,
        })
    }
}
