//! When means to pay were removed. A row of its own: what the log said of an instrument stays true.

use sea_orm::entity::prelude::*;
use tebura_hub::people::Instrument;
use tebura_ledger::Timestamp;

use super::instrument;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instrument_end")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub instrument: Uuid,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::instrument::Entity",
        from = "Column::Instrument",
        to = "super::instrument::Column::Id"
    )]
    Instrument,
}

impl Related<instrument::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Instrument.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(instrument: &Instrument) -> Option<Self> {
        instrument.removed_at.map(Timestamp::millis).map(|at_ms| Self { instrument: instrument.id.uuid(), at_ms })
    }
}
