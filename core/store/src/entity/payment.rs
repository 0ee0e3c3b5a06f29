//! Payments by face: written once.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{InstrumentId, MerchantId, PaymentId, PersonId, TillId};
use tebura_hub::payment::{Decision, Payer, Payment};
use tebura_ledger::{HoldId, Money, OperationId};

use super::{Damaged, Hot, currency, shard_column, time};

const TABLE: &str = "payment";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub merchant: Uuid,
    pub till: Uuid,
    pub amount: i64,
    pub currency: String,
    pub refused_code: Option<String>,
    pub person: Option<Uuid>,
    pub instrument: Option<Uuid>,
    pub hold: Option<Uuid>,
    pub place: Option<Uuid>,
    pub capture: Option<Uuid>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    shard,
    id,
    merchant,
    till,
    amount,
    currency,
    refused_code,
    person,
    instrument,
    hold,
    place,
    capture,
    created_at_ms,
);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(payment: &Payment) -> Self {
        let (payer, refused_code) = match &payment.decision {
            Decision::Recognised(payer) => (Some(payer), None),
            Decision::Refused { code } => (None, Some(code.clone())),
        };
        Self {
            shard: shard_column(payment.id.shard()),
            id: payment.id.uuid(),
            merchant: payment.merchant.uuid(),
            till: payment.till.uuid(),
            amount: payment.amount.minor(),
            currency: payment.amount.currency().code().to_owned(),
            refused_code,
            person: payer.map(|payer| payer.person.uuid()),
            instrument: payer.map(|payer| payer.instrument.uuid()),
            hold: payer.map(|payer| payer.hold.uuid()),
            place: payer.map(|payer| payer.place.uuid()),
            capture: payer.map(|payer| payer.capture.uuid()),
            created_at_ms: payment.created_at.millis(),
        }
    }

    pub(crate) fn domain(self) -> Result<Payment, Damaged> {
        let payer = (self.person, self.instrument, self.hold, self.place, self.capture);
        let decision = match (payer, self.refused_code) {
            ((Some(person), Some(instrument), Some(hold), Some(place), Some(capture)), None) => {
                Decision::Recognised(Payer {
                    person: PersonId::from_uuid(person),
                    instrument: InstrumentId::from_uuid(instrument),
                    hold: HoldId::from_uuid(hold),
                    place: OperationId::from_uuid(place),
                    capture: OperationId::from_uuid(capture),
                })
            }
            ((None, None, None, None, None), Some(code)) => Decision::Refused { code },
            _ => return Err(Damaged::new(TABLE, "decision")),
        };
        Ok(Payment {
            id: PaymentId::from_uuid(self.id),
            merchant: MerchantId::from_uuid(self.merchant),
            till: TillId::from_uuid(self.till),
            amount: Money::new(self.amount, currency(TABLE, &self.currency)?),
            decision,
            created_at: time(self.created_at_ms),
        })
    }
}
