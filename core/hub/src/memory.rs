//! The store port in memory: the same `Book`, no durability. For tests and for reading what a store has to do.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tebura_ledger::{Account, AccountId, AccountParts, Book, Hold, HoldId, Operation, OperationId, Shard, Timestamp};

use crate::exchange::Exchange;
use crate::ids::{
    ApiKeyId, CaptureSessionId, GalleryId, InstrumentId, MerchantId, PaymentId, PersonId, ReferenceId, TillId,
};
use crate::payment::Payment;
use crate::people::{CaptureSession, FaceReference, Instrument, Person};
use crate::ports::{
    Caller, ClaimedKey, CommitError, Committed, Page, PinRecord, ReadError, Store, StoredEvent, Unit, Write,
};
use crate::rail::PluginId;
use crate::sites::{ApiKey, Gallery, Merchant, Payee, Till};

/// See the module.
pub struct MemoryStore {
    shards: u16,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    books: BTreeMap<Shard, Book>,
    events: BTreeMap<Shard, Vec<tebura_ledger::Event>>,
    keys: BTreeMap<(Shard, String, String), ClaimedKey>,
    exchanges: BTreeMap<OperationId, Exchange>,
    kv: BTreeMap<(PluginId, String), Vec<u8>>,
    payments: BTreeMap<PaymentId, Payment>,
    people: BTreeMap<PersonId, Person>,
    pins: BTreeMap<PersonId, (u32, Option<Timestamp>)>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    sessions: BTreeMap<CaptureSessionId, CaptureSession>,
    references: BTreeMap<ReferenceId, FaceReference>,
    merchants: BTreeMap<MerchantId, Merchant>,
    payees: BTreeMap<AccountId, Payee>,
    tills: BTreeMap<TillId, Till>,
    galleries: BTreeMap<GalleryId, Gallery>,
    members: BTreeMap<(GalleryId, PersonId), ()>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
}

impl MemoryStore {
    /// An empty store of 1 to 256 shards.
    pub fn new(shards: u16) -> Self {
        MemoryStore { shards: shards.clamp(1, 256), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn book(&mut self, shard: Shard) -> &mut Book {
        self.books.entry(shard).or_insert_with(|| Book::new(shard))
    }

    fn commit(&mut self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
        if let Some(claim) = &unit.key {
            let place = (shard, claim.scope.clone(), claim.key.clone());
            if let Some(claimed) = self.keys.get(&place) {
                return if claimed.fingerprint == claim.fingerprint {
                    Ok(Committed::Replayed { target: claimed.target.clone() })
                } else {
                    Err(CommitError::KeyReused)
                };
            }
        }
        if unit.writes.iter().any(|write| self.is_stale(write)) {
            return Err(CommitError::Stale);
        }
        for id in unit.ledger.iter().flat_map(|command| command.keys().accounts).filter(|id| id.shard() != shard) {
            if let Some(account) = self.book(id.shard()).account(id).cloned() {
                self.book(shard).declare_foreign(id, account.currency(), account.floor());
            }
        }
        let outcomes = self.book(shard).apply_all(&unit.ledger, now)?;
        let changes = self.book(shard).take_changes();
        self.events.entry(shard).or_default().extend(changes.events);
        if let Some(claim) = unit.key {
            let claimed = ClaimedKey { fingerprint: claim.fingerprint, target: claim.target };
            self.keys.insert((shard, claim.scope, claim.key), claimed);
        }
        unit.writes.into_iter().for_each(|write| self.write(write));
        Ok(Committed::Done(outcomes))
    }

    fn is_stale(&self, write: &Write) -> bool {
        match write {
            Write::Exchange { exchange, expected } => {
                self.exchanges.get(&exchange.operation).map_or(0, |row| row.revision) != *expected
            }
            Write::CaptureSession { session, expected_unused: true } => {
                self.sessions.get(&session.id).is_none_or(|row| row.used_at.is_some())
            }
            Write::CaptureSession { expected_unused: false, .. }
            | Write::Kv { .. }
            | Write::Payment(_)
            | Write::Person(_)
            | Write::Instrument(_)
            | Write::FaceReference(_)
            | Write::Merchant(_)
            | Write::Payee(_)
            | Write::Till(_)
            | Write::Gallery(_)
            | Write::GalleryMember { .. }
            | Write::ApiKey(_)
            | Write::PinTries { .. } => false,
        }
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Exchange { exchange, .. } => drop(self.exchanges.insert(exchange.operation, exchange)),
            Write::Kv { plugin, write } => match write.value {
                Some(value) => drop(self.kv.insert((plugin, write.key), value)),
                None => drop(self.kv.remove(&(plugin, write.key))),
            },
            Write::Payment(row) => drop(self.payments.insert(row.id, row)),
            Write::Person(row) => drop(self.people.insert(row.id, row)),
            Write::Instrument(row) => {
                if row.is_default {
                    let others = self.instruments.values_mut().filter(|other| other.person == row.person);
                    others.for_each(|other| other.is_default = false);
                }
                self.instruments.insert(row.id, row);
            }
            Write::CaptureSession { session, .. } => drop(self.sessions.insert(session.id, session)),
            Write::FaceReference(row) => drop(self.references.insert(row.id, row)),
            Write::Merchant(row) => drop(self.merchants.insert(row.id, row)),
            Write::Payee(row) => drop(self.payees.insert(row.account, row)),
            Write::Till(row) => drop(self.tills.insert(row.id, row)),
            Write::Gallery(row) => drop(self.galleries.insert(row.id, row)),
            Write::GalleryMember { gallery, person, present: true } => drop(self.members.insert((gallery, person), ())),
            Write::GalleryMember { gallery, person, present: false } => drop(self.members.remove(&(gallery, person))),
            Write::ApiKey(row) => drop(self.api_keys.insert(row.id, row)),
            Write::PinTries { person, failed, locked_until } => {
                self.pins.insert(person, (failed, locked_until));
            }
        }
    }

    fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.books.values().flat_map(Book::holds)
    }

    fn owns(&self, caller: &Caller, account: AccountId) -> bool {
        match caller {
            Caller::Operator => true,
            Caller::Merchant(merchant) => self.payees.get(&account).is_some_and(|payee| payee.merchant == *merchant),
        }
    }
}

/// One account summed over its rows in several shards.
fn summed(rows: Vec<&Account>) -> Option<Account> {
    let home = rows.iter().copied().max_by_key(|row| row.version())?;
    let sum = |part: fn(&AccountParts) -> i64| rows.iter().map(|row| part(row.parts())).sum();
    let parts = AccountParts { posted: sum(|parts| parts.posted), held: sum(|parts| parts.held), ..*home.parts() };
    Account::from_parts(parts).ok()
}

#[async_trait]
impl Store for MemoryStore {
    fn shards(&self) -> u16 {
        self.shards
    }

    async fn commit(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
        self.state().commit(shard, now, unit)
    }

    async fn claimed_key(&self, shard: Shard, scope: &str, key: &str) -> Result<Option<ClaimedKey>, ReadError> {
        Ok(self.state().keys.get(&(shard, scope.to_owned(), key.to_owned())).cloned())
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, ReadError> {
        let state = self.state();
        Ok(summed(state.books.values().filter_map(|book| book.account(id)).collect()))
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, ReadError> {
        Ok(self.state().books.get(&id.shard()).and_then(|book| book.hold(id)).cloned())
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, ReadError> {
        Ok(self.state().books.get(&id.shard()).and_then(|book| book.operation(id)).cloned())
    }

    async fn operations_of(&self, hold: HoldId) -> Result<Vec<Operation>, ReadError> {
        let state = self.state();
        let operations = state.books.get(&hold.shard()).into_iter().flat_map(Book::operations);
        Ok(operations.filter(|operation| operation.hold() == Some(hold)).cloned().collect())
    }

    async fn holds(&self, caller: &Caller, page: Page<HoldId>) -> Result<Vec<Hold>, ReadError> {
        let state = self.state();
        let mut holds: Vec<Hold> = state
            .holds()
            .filter(|hold| state.owns(caller, hold.payee()) && page.after.is_none_or(|after| hold.id() > after))
            .cloned()
            .collect();
        holds.sort_by_key(Hold::id);
        holds.truncate(page.limit.into());
        Ok(holds)
    }

    async fn events(&self, caller: &Caller, after: &[(Shard, u64)], limit: u16) -> Result<Vec<StoredEvent>, ReadError> {
        let state = self.state();
        let mut events = Vec::new();
        for (shard, all) in &state.events {
            let seen = after.iter().find(|(of, _)| of == shard).map_or(0, |(_, seq)| *seq);
            let numbered = (1..).zip(all).filter(|(seq, _)| *seq > seen);
            let visible = numbered.filter(|(_, event)| {
                matches!(caller, Caller::Operator) || event.payee.is_some_and(|payee| state.owns(caller, payee))
            });
            events.extend(visible.map(|(seq, event)| StoredEvent { shard: *shard, seq, event: event.clone() }));
        }
        events.sort_by_key(|stored| (stored.event.at, stored.shard, stored.seq));
        events.truncate(limit.into());
        Ok(events)
    }

    async fn due_holds(&self, now: Timestamp, limit: u16) -> Result<Vec<Hold>, ReadError> {
        let state = self.state();
        let mut due: Vec<Hold> = state.holds().filter(|hold| hold.follow_up(now).is_some()).cloned().collect();
        due.sort_by_key(|hold| (hold.due_at(), hold.id()));
        due.truncate(limit.into());
        Ok(due)
    }

    async fn exchange(&self, operation: OperationId) -> Result<Option<Exchange>, ReadError> {
        Ok(self.state().exchanges.get(&operation).cloned())
    }

    async fn due_exchanges(&self, now: Timestamp, limit: u16) -> Result<Vec<Exchange>, ReadError> {
        let state = self.state();
        let open = state.exchanges.values().filter(|row| row.stage.is_open() && row.due_at <= now);
        let mut due: Vec<Exchange> = open.cloned().collect();
        due.sort_by_key(|row| (row.due_at, row.operation));
        due.truncate(limit.into());
        Ok(due)
    }

    async fn kv(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.state().kv.get(&(plugin.clone(), key.to_owned())).cloned())
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, ReadError> {
        Ok(self.state().payments.get(&id).cloned())
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError> {
        Ok(self.state().people.get(&id).cloned())
    }

    async fn pin(&self, id: PersonId) -> Result<Option<PinRecord>, ReadError> {
        let state = self.state();
        let (failed, locked_until) = state.pins.get(&id).copied().unwrap_or_default();
        let pin = |person: &Person| PinRecord { hash: person.pin_hash.clone(), failed, locked_until };
        Ok(state.people.get(&id).map(pin))
    }

    async fn instruments(&self, person: PersonId) -> Result<Vec<Instrument>, ReadError> {
        Ok(self.state().instruments.values().filter(|row| row.person == person).cloned().collect())
    }

    async fn instrument(&self, id: InstrumentId) -> Result<Option<Instrument>, ReadError> {
        Ok(self.state().instruments.get(&id).cloned())
    }

    async fn capture_session(&self, id: CaptureSessionId) -> Result<Option<CaptureSession>, ReadError> {
        Ok(self.state().sessions.get(&id).cloned())
    }

    async fn face_references(&self) -> Result<Vec<FaceReference>, ReadError> {
        Ok(self.state().references.values().cloned().collect())
    }

    async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        Ok(self.state().merchants.get(&id).cloned())
    }

    async fn merchant_of_account(&self, account: AccountId) -> Result<Option<MerchantId>, ReadError> {
        Ok(self.state().payees.get(&account).map(|payee| payee.merchant))
    }

    async fn payees(&self, merchant: MerchantId) -> Result<Vec<Payee>, ReadError> {
        Ok(self.state().payees.values().filter(|row| row.merchant == merchant).cloned().collect())
    }

    async fn till(&self, id: TillId) -> Result<Option<Till>, ReadError> {
        Ok(self.state().tills.get(&id).cloned())
    }

    async fn gallery(&self, id: GalleryId) -> Result<Option<Gallery>, ReadError> {
        Ok(self.state().galleries.get(&id).cloned())
    }

    async fn gallery_members(&self) -> Result<Vec<(GalleryId, PersonId)>, ReadError> {
        Ok(self.state().members.keys().copied().collect())
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, ReadError> {
        Ok(self.state().api_keys.get(&id).cloned())
    }

    async fn ping(&self) -> Result<(), ReadError> {
        Ok(())
    }
}
