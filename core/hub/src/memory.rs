//! A store in memory, for tests and for the simulation: the same answers as the SQL store, nothing durable.
//!
//! One [`Book`] a shard and one map a table behind one lock, so that every unit is a transaction by construction.

mod accounts;
mod payments;
mod privacy;
mod units;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tebura_ledger::{
    Account, AccountId, Book, Event, Hold, HoldId, Operation, OperationId, OperationKind, RailId, Shard, Timestamp,
};

use crate::consent::ConsentEvent;
use crate::contracts::{ContractEntry, ContractTables, RunningContract};
use crate::enroll::Enrolment;
use crate::exchange::Exchange;
use crate::gallery_rules::GalleryRule;
use crate::guardians::GuardianLink;
use crate::ids::{
    ApiKeyId, CaptureSessionId, ContractId, EnrolmentId, GalleryId, GuardianLinkId, InstrumentId, MerchantId, PartyId,
    PartyKeyId, PaymentId, PersonId, ProofingId, ReferenceId, RightsRequestId, ServiceRequestId, TillId,
    WebhookEndpointId,
};
use crate::notices::{Notice, NoticeKey, NoticeTables};
use crate::parties::{Party, PartyKey, PartyTables};
use crate::payment::{Counted, Payment};
use crate::people::{CaptureSession, EnrolledTemplate, FaceReference, Instrument, Person};
use crate::ports::{
    Caller, ClaimedKey, CommitError, Committed, Page, PinRecord, ReadError, References, Store, StoredEvent, Unit,
};
use crate::privacy::{Kept, Outlived, PrivacyTables};
use crate::proofing::{LinkDigest, Proofing, ProofingTables};
use crate::rail::PluginId;
use crate::recognition::{FaceChanges, Membership, RecognitionTables};
use crate::reconcile::{Compared, Finding, Own, StatementHead, StatementId, StatementTables};
use crate::rights::RightsRequest;
use crate::services::{ServiceCounts, ServiceRequest, ServiceSet, ServiceTables};
use crate::shards::{merge_events, sum_account};
use crate::sites::{ApiKey, Gallery, Merchant, Payee, Till};
use crate::template_spaces::TemplateSpace;
use crate::webhooks::{WebhookDelivery, WebhookEndpoint, WebhookProgress, WebhookTables};

/// A [`Store`] that forgets everything when it is dropped.
pub struct MemoryStore {
    shards: u16,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    books: BTreeMap<Shard, Book>,
    events: BTreeMap<Shard, Vec<Event>>,
    keys: BTreeMap<(String, String), ClaimedKey>,
    exchanges: BTreeMap<OperationId, Exchange>,
    values: BTreeMap<(PluginId, String), Vec<u8>>,
    payments: BTreeMap<PaymentId, Payment>,
    people: BTreeMap<PersonId, Person>,
    pin_tries: BTreeMap<PersonId, (u32, Option<Timestamp>)>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    sessions: BTreeMap<CaptureSessionId, CaptureSession>,
    references: BTreeMap<ReferenceId, FaceReference>,
    merchants: BTreeMap<MerchantId, Merchant>,
    payees: BTreeMap<(MerchantId, RailId), Payee>,
    tills: BTreeMap<TillId, Till>,
    galleries: BTreeMap<GalleryId, Gallery>,
    members: BTreeSet<(GalleryId, PersonId)>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    webhooks: WebhookTables,
    contracts: ContractTables,
    proofings: ProofingTables,
    services: ServiceTables,
    parties: PartyTables,
    privacy: PrivacyTables,
    statements: StatementTables,
    notices: NoticeTables,
    recognition: RecognitionTables,
}

impl MemoryStore {
    /// An empty store with shards `0..shards`; at least 1, at most 256.
    pub fn new(shards: u16) -> Self {
        Self { shards: shards.clamp(1, 256), tables: Mutex::default() }
    }

    /// Checks every shard's book, see [`Book::audit`].
    ///
    /// # Errors
    /// The first imbalance found.
    pub fn audit(&self) -> Result<(), tebura_ledger::Imbalance> {
        self.tables().books.values().try_for_each(Book::audit)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A unit that panicked is one failed test; the tables are still whole, since units change them last.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find<T>(&self, row: impl FnOnce(&Tables) -> Option<&T>) -> Result<Option<T>, ReadError>
    where
        T: Clone,
    {
        Ok(row(&self.tables()).cloned())
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn shards(&self) -> u16 {
        self.shards
    }

    async fn commit(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
        if u16::from(shard.number()) >= self.shards {
            return Err(CommitError::Rejected { reason: format!("there is no shard {}", shard.number()) });
        }
        self.tables().commit(shard, now, unit)
    }

    async fn claimed_key(&self, scope: &str, key: &str) -> Result<Option<ClaimedKey>, ReadError> {
        self.find(|tables| tables.keys.get(&(scope.to_owned(), key.to_owned())))
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, ReadError> {
        let tables = self.tables();
        let row = |shard: &Shard| tables.books.get(shard).and_then(|book| book.account(id)).cloned();
        let Some(home) = row(&id.shard()) else {
            return Ok(None);
        };
        let elsewhere: Vec<Account> =
            tables.books.keys().filter(|shard| **shard != id.shard()).filter_map(row).collect();
        sum_account(&home, &elsewhere).map(Some)
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, ReadError> {
        self.find(|tables| tables.books.get(&id.shard()).and_then(|book| book.hold(id)))
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, ReadError> {
        self.find(|tables| tables.books.get(&id.shard()).and_then(|book| book.operation(id)))
    }

    async fn operations_of(&self, hold: HoldId) -> Result<Vec<Operation>, ReadError> {
        let tables = self.tables();
        let operations = tables.books.get(&hold.shard()).into_iter().flat_map(Book::operations);
        Ok(operations.filter(|operation| operation.hold() == Some(hold)).cloned().collect())
    }

    async fn exceptions(&self, page: Page<OperationId>) -> Result<Vec<Operation>, ReadError> {
        let tables = self.tables();
        let exception = |row: &&Operation| matches!(row.kind(), OperationKind::Exception { .. });
        let after = |row: &&Operation| page.after.is_none_or(|after| row.id() > after);
        let rows = tables.books.values().flat_map(Book::operations).filter(exception).filter(after);
        let mut rows: Vec<Operation> = rows.cloned().collect();
        rows.sort_by_key(Operation::id);
        rows.truncate(usize::from(page.limit));
        Ok(rows)
    }

    async fn holds(&self, caller: &Caller, page: Page<HoldId>) -> Result<Vec<Hold>, ReadError> {
        let tables = self.tables();
        let seen = tables.seen_by(caller);
        let visible = |hold: &&Hold| seen.as_ref().is_none_or(|accounts| accounts.contains(&hold.payee()));
        let after = |hold: &&Hold| page.after.is_none_or(|after| hold.id() > after);
        let mut holds: Vec<Hold> = tables.holds().filter(visible).filter(after).cloned().collect();
        holds.sort_by_key(Hold::id);
        holds.truncate(usize::from(page.limit));
        Ok(holds)
    }

    async fn events(&self, caller: &Caller, after: &[(Shard, u64)], limit: u16) -> Result<Vec<StoredEvent>, ReadError> {
        let tables = self.tables();
        let seen = tables.seen_by(caller);
        let visible = |stored: &StoredEvent| {
            let payee = stored.event.payee;
            seen.as_ref().is_none_or(|accounts| payee.is_some_and(|payee| accounts.contains(&payee)))
        };
        let of_shard = |(shard, events): (&Shard, &Vec<Event>)| {
            let position = after.iter().find(|(of, _)| of == shard).map_or(0, |(_, seq)| *seq);
            let numbered = (1_u64..).zip(events).skip_while(|(seq, _)| *seq <= position);
            let stored = numbered.map(|(seq, event)| StoredEvent { shard: *shard, seq, event: event.clone() });
            stored.filter(visible).take(usize::from(limit)).collect()
        };
        Ok(merge_events(tables.events.iter().map(of_shard).collect(), usize::from(limit)))
    }

    async fn due_holds(&self, now: Timestamp, limit: u16) -> Result<Vec<Hold>, ReadError> {
        let tables = self.tables();
        let due = |hold: &&Hold| hold.parts().release_in_flight == 0 && hold.follow_up(now).is_some();
        let mut holds: Vec<Hold> = tables.holds().filter(due).cloned().collect();
        holds.sort_by_key(|hold| (hold.expires_at(), hold.id()));
        holds.truncate(usize::from(limit));
        Ok(holds)
    }

    async fn exchange(&self, operation: OperationId) -> Result<Option<Exchange>, ReadError> {
        self.find(|tables| tables.exchanges.get(&operation))
    }

    async fn due_exchanges(&self, now: Timestamp, limit: u16) -> Result<Vec<Exchange>, ReadError> {
        let tables = self.tables();
        let due = |exchange: &&Exchange| exchange.stage.is_open() && exchange.due_at <= now;
        let mut exchanges: Vec<Exchange> = tables.exchanges.values().filter(due).cloned().collect();
        exchanges.sort_by_key(|exchange| (exchange.due_at, exchange.operation));
        exchanges.truncate(usize::from(limit));
        Ok(exchanges)
    }

    async fn kv(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.find(|tables| tables.values.get(&(plugin.clone(), key.to_owned())))
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, ReadError> {
        self.find(|tables| tables.payments.get(&id))
    }

    async fn decisions(&self, till: TillId, from: Timestamp, until: Timestamp) -> Result<Counted, ReadError> {
        Ok(self.tables().decisions(till, from..until))
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError> {
        self.find(|tables| tables.people.get(&id))
    }

    async fn pin(&self, id: PersonId) -> Result<Option<PinRecord>, ReadError> {
        let tables = self.tables();
        let (failed, locked_until) = tables.pin_tries.get(&id).copied().unwrap_or_default();
        let record = |person: &Person| PinRecord { hash: person.pin_hash.clone(), failed, locked_until };
        Ok(tables.people.get(&id).map(record))
    }

    async fn instruments(&self, person: PersonId) -> Result<Vec<Instrument>, ReadError> {
        let tables = self.tables();
        Ok(tables.instruments.values().filter(|instrument| instrument.person == person).cloned().collect())
    }

    async fn instrument(&self, id: InstrumentId) -> Result<Option<Instrument>, ReadError> {
        self.find(|tables| tables.instruments.get(&id))
    }

    async fn capture_session(&self, id: CaptureSessionId) -> Result<Option<CaptureSession>, ReadError> {
        self.find(|tables| tables.sessions.get(&id))
    }

    async fn face_references(&self, after: Option<ReferenceId>, limit: u16) -> Result<References, ReadError> {
        let tables = self.tables();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows: Vec<FaceReference> =
            tables.references.range((from, Bound::Unbounded)).take(limit.into()).map(|(_, row)| row.clone()).collect();
        let last = rows.last().map(|row| row.id).filter(|_| rows.len() == usize::from(limit));
        Ok(References { rows, last, ..References::default() })
    }

    async fn template_spaces(&self) -> Result<Vec<TemplateSpace>, ReadError> {
        Ok(Vec::new())
    }

    async fn templates_left_behind(&self, _: u16) -> Result<Vec<ReferenceId>, ReadError> {
        Ok(Vec::new())
    }

    async fn face_reference(&self, id: ReferenceId) -> Result<References, ReadError> {
        let rows = self.tables().references.get(&id).cloned().into_iter().collect();
        Ok(References { rows, ..References::default() })
    }

    async fn face_references_of(&self, person: PersonId) -> Result<References, ReadError> {
        let tables = self.tables();
        let rows = tables.references.values().filter(|reference| reference.person == person).cloned().collect();
        Ok(References { rows, ..References::default() })
    }

    async fn face_changes(&self, after: Option<&[(Shard, u64)]>) -> Result<FaceChanges, ReadError> {
        Ok(self.tables().recognition.changes_after(after))
    }

    async fn gallery_rules(&self) -> Result<Vec<(GalleryId, GalleryRule)>, ReadError> {
        Ok(self.tables().recognition.rules.iter().map(|(gallery, rule)| (*gallery, rule.clone())).collect())
    }

    async fn gallery_membership(&self, gallery: GalleryId, person: PersonId) -> Result<Option<Membership>, ReadError> {
        let (tables, member) = (self.tables(), (gallery, person));
        let until = tables.recognition.terms.get(&member).copied();
        Ok(tables.members.contains(&member).then_some(Membership { until }))
    }

    async fn due_gallery_terms(&self, now: Timestamp, limit: u16) -> Result<Vec<(GalleryId, PersonId)>, ReadError> {
        Ok(self.tables().recognition.due_terms(now, limit))
    }

    async fn guardian_link(&self, id: GuardianLinkId) -> Result<Option<GuardianLink>, ReadError> {
        self.find(|tables| tables.recognition.guardians.get(&id))
    }

    async fn guardian_links(&self, person: PersonId) -> Result<Vec<GuardianLink>, ReadError> {
        Ok(self.tables().recognition.links_of(person))
    }

    async fn payment_way(&self, id: PaymentId) -> Result<Option<String>, ReadError> {
        self.find(|tables| tables.recognition.ways.get(&id))
    }

    async fn references_of(&self, person: PersonId) -> Result<Vec<EnrolledTemplate>, ReadError> {
        let tables = self.tables();
        let own = tables.references.values().filter(|row| row.person == person);
        Ok(own.map(EnrolledTemplate::of).collect())
    }

    async fn consents_of(&self, person: PersonId) -> Result<Vec<ConsentEvent>, ReadError> {
        Ok(self.tables().privacy.consents_of(person))
    }

    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<Enrolment>, ReadError> {
        self.find(|tables| tables.privacy.enrolment(id))
    }

    async fn rights_request(&self, id: RightsRequestId) -> Result<Option<RightsRequest>, ReadError> {
        self.find(|tables| tables.privacy.request(id))
    }

    async fn rights_requests_of(&self, person: PersonId) -> Result<Vec<RightsRequest>, ReadError> {
        Ok(self.tables().privacy.requests_of(person))
    }

    async fn open_rights_requests(&self, limit: u16) -> Result<Vec<RightsRequest>, ReadError> {
        Ok(self.tables().privacy.open_requests(limit))
    }

    async fn outlived(&self, kept: Kept, before: Timestamp, limit: u16) -> Result<Vec<Outlived>, ReadError> {
        Ok(self.tables().outlived(kept, before, limit))
    }

    async fn payments_of(&self, person: PersonId, limit: u16) -> Result<Vec<Payment>, ReadError> {
        Ok(self.tables().payments_of(person, limit))
    }

    async fn service_requests_of(&self, person: PersonId, limit: u16) -> Result<Vec<ServiceRequest>, ReadError> {
        Ok(self.tables().services.of(person, limit))
    }

    async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        self.find(|tables| tables.merchants.get(&id))
    }

    async fn merchant_of_account(&self, account: AccountId) -> Result<Option<MerchantId>, ReadError> {
        let tables = self.tables();
        Ok(tables.payees.values().find(|payee| payee.account == account).map(|payee| payee.merchant))
    }

    async fn payees(&self, merchant: MerchantId) -> Result<Vec<Payee>, ReadError> {
        let tables = self.tables();
        Ok(tables.payees.values().filter(|payee| payee.merchant == merchant).cloned().collect())
    }

    async fn till(&self, id: TillId) -> Result<Option<Till>, ReadError> {
        self.find(|tables| tables.tills.get(&id))
    }

    async fn gallery(&self, id: GalleryId) -> Result<Option<Gallery>, ReadError> {
        self.find(|tables| tables.galleries.get(&id))
    }

    async fn gallery_members(&self) -> Result<Vec<(GalleryId, PersonId)>, ReadError> {
        Ok(self.tables().members.iter().copied().collect())
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, ReadError> {
        self.find(|tables| tables.api_keys.get(&id))
    }

    async fn party(&self, id: PartyId) -> Result<Option<Party>, ReadError> {
        Ok(self.tables().parties.party(id))
    }

    async fn party_key(&self, id: PartyKeyId) -> Result<Option<PartyKey>, ReadError> {
        Ok(self.tables().parties.key(id))
    }

    async fn party_keys(&self, party: PartyId) -> Result<Vec<PartyKey>, ReadError> {
        Ok(self.tables().parties.keys(party))
    }

    async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>, ReadError> {
        Ok(self.tables().webhooks.endpoint(id))
    }

    async fn webhook_endpoints(&self, merchant: Option<MerchantId>) -> Result<Vec<WebhookEndpoint>, ReadError> {
        Ok(self.tables().webhooks.endpoints(merchant))
    }

    async fn webhook_progress(&self, id: WebhookEndpointId) -> Result<Option<WebhookProgress>, ReadError> {
        Ok(self.tables().webhooks.progress(id))
    }

    async fn webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        dead: bool,
        limit: u16,
    ) -> Result<Vec<WebhookDelivery>, ReadError> {
        Ok(self.tables().webhooks.deliveries(id, dead, limit))
    }

    async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<WebhookEndpointId>, ReadError> {
        Ok(self.tables().webhooks.due(now))
    }

    async fn event(&self, shard: Shard, seq: u64) -> Result<Option<StoredEvent>, ReadError> {
        let place = usize::try_from(seq).ok().and_then(|seq| seq.checked_sub(1));
        let found = self.find(|tables| tables.events.get(&shard)?.get(place?))?;
        Ok(found.map(|event| StoredEvent { shard, seq, event }))
    }

    async fn event_heads(&self) -> Result<Vec<(Shard, u64)>, ReadError> {
        let tables = self.tables();
        Ok(tables.events.iter().map(|(shard, events)| (*shard, events.len() as u64)).collect())
    }

    async fn asked_of(&self, rail: &RailId, from: Timestamp, until: Timestamp) -> Result<Vec<Own>, ReadError> {
        Ok(self.tables().asked_of(rail, from..until))
    }

    async fn statement(&self, rail: &RailId, id: &StatementId) -> Result<Option<StatementHead>, ReadError> {
        Ok(self.tables().statements.statement(rail, id))
    }

    async fn statements(&self, rail: &RailId) -> Result<Vec<StatementHead>, ReadError> {
        Ok(self.tables().statements.statements(rail))
    }

    async fn findings(
        &self,
        rail: &RailId,
        id: &StatementId,
        of: Option<Compared>,
        after: u32,
        limit: u16,
    ) -> Result<Vec<Finding>, ReadError> {
        Ok(self.tables().statements.findings(rail, id, of, after, limit))
    }

    async fn findings_of(&self, operation: OperationId) -> Result<Vec<Compared>, ReadError> {
        Ok(self.tables().statements.findings_of(operation))
    }

    async fn awaited(&self, rail: &RailId) -> Result<Vec<OperationId>, ReadError> {
        Ok(self.tables().statements.awaited(rail))
    }

    async fn notice(&self, key: &NoticeKey) -> Result<Option<Notice>, ReadError> {
        Ok(self.tables().notices.find(key))
    }

    async fn due_notices(&self, now: Timestamp, limit: u16) -> Result<Vec<Notice>, ReadError> {
        Ok(self.tables().notices.due(now, limit))
    }

    async fn operations_named(&self, rail: &RailId, reference: &str) -> Result<Vec<OperationId>, ReadError> {
        Ok(self.tables().notices.named(rail, reference))
    }

    async fn proofing(&self, id: ProofingId) -> Result<Option<Proofing>, ReadError> {
        self.find(|tables| tables.proofings.one(id))
    }

    async fn proofings_of(&self, person: PersonId) -> Result<Vec<Proofing>, ReadError> {
        Ok(self.tables().proofings.of(person))
    }

    async fn due_proofings(&self, now: Timestamp, limit: u16) -> Result<Vec<ProofingId>, ReadError> {
        Ok(self.tables().proofings.due(now, limit))
    }

    async fn proof_link(&self, link: &LinkDigest) -> Result<Option<PersonId>, ReadError> {
        Ok(self.tables().proofings.linked(link))
    }

    async fn running_contract(&self, id: ContractId) -> Result<Option<RunningContract>, ReadError> {
        self.find(|tables| tables.contracts.find(id))
    }

    async fn contract_entries(&self, id: ContractId) -> Result<Vec<ContractEntry>, ReadError> {
        Ok(self.tables().contracts.entries(id))
    }

    async fn running_contracts(
        &self,
        caller: &Caller,
        page: Page<ContractId>,
    ) -> Result<Vec<RunningContract>, ReadError> {
        Ok(self.tables().contracts.page(caller, page))
    }

    async fn due_contracts(&self, now: Timestamp, limit: u16) -> Result<Vec<ContractId>, ReadError> {
        Ok(self.tables().contracts.due(now, limit))
    }

    async fn service_request(&self, id: ServiceRequestId) -> Result<Option<ServiceRequest>, ReadError> {
        self.find(|tables| tables.services.find(id))
    }

    async fn due_service_requests(&self, now: Timestamp, limit: u16) -> Result<Vec<ServiceRequestId>, ReadError> {
        Ok(self.tables().services.due(now, limit))
    }

    async fn service_counts(
        &self,
        service: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<ServiceCounts, ReadError> {
        Ok(self.tables().services.counts(service, &(from..until)))
    }

    async fn service_revision(&self, service: &str) -> Result<u32, ReadError> {
        Ok(self.tables().services.revision(service))
    }

    async fn requests_of_service(
        &self,
        service: &str,
        page: Page<ServiceRequestId>,
    ) -> Result<Vec<ServiceRequestId>, ReadError> {
        Ok(self.tables().services.of_service(service, page))
    }

    async fn service_set_version(&self) -> Result<u32, ReadError> {
        Ok(self.tables().services.version())
    }

    async fn service_set(&self, version: u32) -> Result<Option<ServiceSet>, ReadError> {
        self.find(|tables| tables.services.set(version))
    }

    async fn service_sets(&self, limit: u16) -> Result<Vec<ServiceSet>, ReadError> {
        Ok(self.tables().services.sets(limit))
    }

    async fn service_of_hold(&self, hold: HoldId) -> Result<Option<ServiceRequestId>, ReadError> {
        Ok(self.tables().services.of_hold(hold))
    }

    async fn contract_of_hold(&self, hold: HoldId) -> Result<Option<ContractId>, ReadError> {
        Ok(self.tables().contracts.of_hold(hold))
    }

    async fn ping(&self) -> Result<(), ReadError> {
        Ok(())
    }
}
