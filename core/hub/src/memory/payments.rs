//! What is asked about many payments, or operations, at once.

use std::ops::Range;

use tebura_ledger::{Book, Operation, RailId, Timestamp};

use super::Tables;
use crate::ids::{PersonId, TillId};
use crate::payment::{Counted, Decided, Decision, Payment};
use crate::reconcile::Own;

impl Tables {
    pub(super) fn payments_of(&self, person: PersonId, limit: u16) -> Vec<Payment> {
        let of = |row: &&Payment| matches!(&row.decision, Decision::Recognised(payer) if payer.person == person);
        self.payments.values().rev().filter(of).take(usize::from(limit)).cloned().collect()
    }

    pub(super) fn asked_of(&self, rail: &RailId, period: Range<Timestamp>) -> Vec<Own> {
        let operations = self.books.values().flat_map(Book::operations);
        let of_time = operations.filter(|row| period.contains(&row.created_at()));
        let own = |row: &Operation| {
            let hold = self.books.get(&row.id().shard())?.hold(row.hold()?)?;
            let reference = hold.reference().map(str::to_owned);
            (hold.rail() == rail).then(|| Own { operation: row.clone(), hold: reference })
        };
        of_time.filter_map(own).collect()
    }

    pub(super) fn decisions(&self, till: TillId, period: Range<Timestamp>) -> Counted {
        let mut counted = Counted::new();
        let of = |own: &&Payment| own.till == till && period.contains(&own.created_at);
        for payment in self.payments.values().filter(of) {
            let code = match &payment.decision {
                Decision::Recognised(_) => None,
                Decision::Refused { code } => Some(code.clone()),
            };
            let worn = self.recognition.worn.get(&payment.id).cloned().unwrap_or_default();
            *counted.entry(Decided { code, worn }).or_default() += 1;
        }
        counted
    }
}
