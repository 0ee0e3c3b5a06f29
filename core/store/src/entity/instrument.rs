//! Means to pay.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{InstrumentId, PersonId};
use tebura_hub::people::Instrument;
use tebura_ledger::AccountId;

use super::{Damaged, instrument_end, rail, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instrument")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub rail: String,
    pub account: Uuid,
    pub token: String,
    pub label: String,
    pub is_default: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_one = "super::instrument_end::Entity")]
    End,
}

impl Related<instrument_end::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::End.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, person, rail, account, token, label, is_default,);

impl Model {
    pub(crate) fn of(instrument: &Instrument) -> Self {
        Self {
            id: instrument.id.uuid(),
            person: instrument.person.uuid(),
            rail: instrument.rail.as_str().to_owned(),
            account: instrument.account.uuid(),
            token: instrument.token.clone(),
            label: instrument.label.clone(),
            is_default: instrument.is_default,
        }
    }

    pub(crate) fn domain(self, end: Option<&instrument_end::Model>) -> Result<Instrument, Damaged> {
        Ok(Instrument {
            id: InstrumentId::from_uuid(self.id),
            person: PersonId::from_uuid(self.person),
            rail: rail("instrument", &self.rail)?,
            account: AccountId::from_uuid(self.account),
            token: self.token,
            label: self.label,
            is_default: self.is_default,
            removed_at: end.map(|end| time(end.at_ms)),
        })
    }
}
