//! A unit in memory: its key first, then money, then the other rows.

use tebura_ledger::{Book, Hold, Shard, Timestamp};

use super::Tables;
use crate::ports::{ClaimedKey, CommitError, Committed, Unit, Write};

impl Tables {
    pub(super) fn commit(&mut self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
        if let Some(claim) = &unit.key {
            let id = (claim.scope.clone(), claim.key.clone());
            match self.keys.get(&id) {
                Some(claimed) if claimed.fingerprint == claim.fingerprint => {
                    return Ok(Committed::Replayed { target: claimed.target.clone() });
                }
                Some(_) => return Err(CommitError::KeyReused),
                None => {}
            }
        }
        self.check_writes(&unit.writes)?;
        let outcomes = self.apply(shard, now, &unit)?;
        if let Some(claim) = unit.key {
            let claimed = ClaimedKey { fingerprint: claim.fingerprint, target: claim.target };
            self.keys.insert((claim.scope, claim.key), claimed);
        }
        let told = |write: &Write| if let Write::Event(event) = write { Some(event.clone()) } else { None };
        let told = unit.writes.iter().filter_map(told);
        self.events.entry(shard).or_default().extend(told);
        unit.writes.into_iter().for_each(|write| self.write(write));
        Ok(Committed::Done(outcomes))
    }

    fn apply(&mut self, shard: Shard, now: Timestamp, unit: &Unit) -> Result<Vec<tebura_ledger::Outcome>, CommitError> {
        for id in self.foreign_accounts(shard, unit) {
            let home = self.books.get(&id.shard()).and_then(|book| book.account(id));
            if let Some((currency, floor)) = home.map(|home| (home.currency(), home.floor())) {
                self.book(shard).declare_foreign(id, currency, floor);
            }
        }
        let book = self.book(shard);
        let outcomes = book.apply_all(&unit.ledger, now)?;
        let events = book.take_changes().events;
        self.events.entry(shard).or_default().extend(events);
        Ok(outcomes)
    }

    pub(super) fn book(&mut self, shard: Shard) -> &mut Book {
        self.books.entry(shard).or_insert_with(|| Book::new(shard))
    }

    pub(super) fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.books.values().flat_map(Book::holds)
    }
}
