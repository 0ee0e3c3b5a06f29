//! Permissions to enrol one live image.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{CaptureSessionId, PersonId};
use tebura_hub::people::CaptureSession;
use tebura_ledger::Timestamp;

use super::{Hot, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "capture_session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub expires_at_ms: i64,
    pub used_at_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, person, expires_at_ms, used_at_ms);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(session: &CaptureSession) -> Self {
        Self {
            id: session.id.uuid(),
            person: session.person.uuid(),
            expires_at_ms: session.expires_at.millis(),
            used_at_ms: session.used_at.map(Timestamp::millis),
        }
    }

    pub(crate) fn domain(self) -> CaptureSession {
        CaptureSession {
            id: CaptureSessionId::from_uuid(self.id),
            person: PersonId::from_uuid(self.person),
            expires_at: time(self.expires_at_ms),
            used_at: self.used_at_ms.map(time),
        }
    }
}
