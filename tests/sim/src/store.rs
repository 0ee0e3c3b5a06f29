//! The store as a hub process meets it: it may be busy, may not answer, and a process may die before or after a commit.
//! What is committed is one and the same for all processes, and the model sees every commit.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_hub::consent::ConsentEvent;
use tebura_hub::contracts::{ContractEntry, RunningContract};
use tebura_hub::enroll::Enrolment;
use tebura_hub::exchange::Exchange;
use tebura_hub::gallery_rules::GalleryRule;
use tebura_hub::guardians::GuardianLink;
use tebura_hub::ids::{
    ApiKeyId, CaptureSessionId, ContractId, EnrolmentId, GalleryId, GuardianLinkId, InstrumentId, MerchantId, PartyId,
    PartyKeyId, PaymentId, PersonId, ProofingId, ReferenceId, RightsRequestId, ServiceRequestId, TillId,
    WebhookEndpointId,
};
use tebura_hub::memory::MemoryStore;
use tebura_hub::notices::{Notice, NoticeKey};
use tebura_hub::parties::{Party, PartyKey};
use tebura_hub::payment::{Counted, Payment};
use tebura_hub::people::{CaptureSession, EnrolledTemplate, Instrument, Person};
use tebura_hub::ports::{
    Caller, ClaimedKey, CommitError, Committed, Page, PinRecord, ReadError, References, Store, StoredEvent, Unit, Write,
};
use tebura_hub::privacy::{Kept, Outlived};
use tebura_hub::proofing::{LinkDigest, Proofing};
use tebura_hub::rail::PluginId;
use tebura_hub::recognition::{FaceChanges, Membership};
use tebura_hub::reconcile::{Compared, Finding, Own, StatementHead, StatementId};
use tebura_hub::rights::RightsRequest;
use tebura_hub::services::{ServiceCounts, ServiceRequest, ServiceSet};
use tebura_hub::sites::{ApiKey, Gallery, Merchant, Payee, Till};
use tebura_hub::template_spaces::TemplateSpace;
use tebura_hub::webhooks::{WebhookDelivery, WebhookEndpoint, WebhookProgress};
use tebura_ledger::{
    Account, AccountId, Command, Hold, HoldId, Operation, OperationId, RailId, Shard, Timestamp, Verdict,
};

use crate::defect::Defect;
use crate::world::{State, World};

/// One process's way to the store.
pub struct SimStore {
    pub world: Arc<World>,
    pub inner: Arc<MemoryStore>,
}

/// Lost acknowledgements and the like.
enum Mishap {
    None,
    Busy,
    NeverHappens,
    NeverAnswers,
}

impl SimStore {
    async fn answers(&self) -> Result<(), ReadError> {
        self.world.pause(0).await;
        let silent = self.world.with(|state| state.dice.chance(state.faults.unread));
        if silent { Err(ReadError { reason: "simulated".to_owned() }) } else { Ok(()) }
    }

    async fn write(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
        let unit = self.world.with(|state| spoiled(state, &self.inner, unit));
        let result = self.inner.commit(shard, now, unit.clone()).await;
        let wrong = self.world.with(|state| {
            state.say(format!("commit {}: {}", words(&unit), outcome(&result)));
            state.model.take(&unit, now, &result)
        });
        let wrong = match wrong {
            Ok(touched) => crate::compare::rows(&self.world, &self.inner, &touched).await,
            Err(wrong) => Err(wrong),
        };
        if let Err(wrong) = wrong {
            self.world.with(|state| state.blame(wrong));
        }
        result
    }
}

/// The unit, or what a planted defect leaves of it.
fn spoiled(state: &mut State, store: &MemoryStore, mut unit: Unit) -> Unit {
    let before = (unit.writes.len(), unit.key.is_some(), unit.ledger.len());
    match state.defect {
        Some(Defect::DroppedExchange) if state.dice.chance(20) => {
            unit.writes.retain(|write| !matches!(write, Write::Exchange { expected: 0, .. }));
        }
        Some(Defect::DroppedKey) if state.dice.chance(100) => unit.key = None,
        Some(Defect::DroppedSettlement) if state.dice.chance(20) && unit.key.is_none() => {
            unit.ledger.retain(
                |command| !matches!(command, Command::Settle(settle) if matches!(settle.verdict, Verdict::Settled { .. })),
            );
        }
        _ => {}
    }
    let contract = crate::store_contracts::spoil(state, store, &mut unit);
    if contract || before != (unit.writes.len(), unit.key.is_some(), unit.ledger.len()) {
        state.planted += 1;
        state.say("a planted defect");
    }
    unit
}

fn words(unit: &Unit) -> String {
    let mut words: Vec<String> = unit.key.iter().map(|key| format!("{}/{}", key.scope, key.key)).collect();
    words.extend(unit.ledger.iter().map(crate::words::describe));
    words.extend(unit.writes.iter().filter_map(|write| {
        let Write::Exchange { exchange, expected } = write else { return None };
        Some(format!("exchange {} {}->{}", exchange.operation, expected, exchange.stage.name()))
    }));
    words.extend(unit.writes.iter().filter_map(|write| {
        let Write::ContractEntry(entry) = write else { return None };
        Some(format!("{} entry {} {:?}", entry.contract, entry.number, entry.happened))
    }));
    words.join(", ")
}

fn outcome(result: &Result<Committed, CommitError>) -> String {
    match result {
        Ok(Committed::Done(_)) => "done".to_owned(),
        Ok(Committed::Replayed { target }) => format!("was {target}"),
        Err(error) => error.to_string(),
    }
}

macro_rules! store {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for SimStore {
            fn shards(&self) -> u16 {
                self.inner.shards()
            }

            async fn commit(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
                let unavailable = || CommitError::Unavailable { reason: "simulated".to_owned() };
                let (mishap, ms) = self.world.with(|state| (draw(state), state.dice.between(0, 3)));
                self.world.pause(ms).await;
                let answer = match mishap {
                    Mishap::Busy => return Err(CommitError::Busy { retry_after_ms: 10 }),
                    Mishap::NeverHappens => Err(unavailable()),
                    Mishap::NeverAnswers => self.write(shard, now, unit).await.and_then(|_| Err(unavailable())),
                    Mishap::None => self.write(shard, now, unit).await,
                };
                self.world.pause(ms).await;
                answer
            }

            async fn party_key(&self, id: PartyKeyId) -> Result<Option<PartyKey>, ReadError> {
                self.answers().await?;
                let key = self.inner.party_key(id).await?;
                Ok(self.world.with(|state| crate::store_contracts::spoil_key(state, key)))
            }

            async fn contract_of_hold(&self, hold: HoldId) -> Result<Option<ContractId>, ReadError> {
                self.answers().await?;
                let contract = self.inner.contract_of_hold(hold).await?;
                let forgets = self.world.with(|state| state.defect == Some(Defect::FreeHolds));
                Ok(contract.filter(|_| !forgets))
            }

            $(async fn $name(&self, $($argument: $kind),*) -> Result<$answer, ReadError> {
                self.answers().await?;
                self.inner.$name($($argument),*).await
            })*
        }
    };
}

fn draw(state: &mut State) -> Mishap {
    let faults = state.faults;
    if state.dice.chance(faults.busy) {
        return Mishap::Busy;
    }
    match (state.dice.chance(faults.unanswered), state.dice.chance(500)) {
        (false, _) => Mishap::None,
        (true, false) => Mishap::NeverHappens,
        (true, true) => Mishap::NeverAnswers,
    }
}

store! {
    fn claimed_key(scope: &str, key: &str) -> Option<ClaimedKey>;
    fn account(id: AccountId) -> Option<Account>;
    fn hold(id: HoldId) -> Option<Hold>;
    fn operation(id: OperationId) -> Option<Operation>;
    fn operations_of(hold: HoldId) -> Vec<Operation>;
    fn exceptions(page: Page<OperationId>) -> Vec<Operation>;
    fn holds(caller: &Caller, page: Page<HoldId>) -> Vec<Hold>;
    fn events(caller: &Caller, after: &[(Shard, u64)], limit: u16) -> Vec<StoredEvent>;
    fn due_holds(now: Timestamp, limit: u16) -> Vec<Hold>;
    fn exchange(operation: OperationId) -> Option<Exchange>;
    fn notice(key: &NoticeKey) -> Option<Notice>;
    fn due_notices(now: Timestamp, limit: u16) -> Vec<Notice>;
    fn operations_named(rail: &RailId, reference: &str) -> Vec<OperationId>;
    fn due_exchanges(now: Timestamp, limit: u16) -> Vec<Exchange>;
    fn kv(plugin: &PluginId, key: &str) -> Option<Vec<u8>>;
    fn payment(id: PaymentId) -> Option<Payment>;
    fn decisions(till: TillId, from: Timestamp, until: Timestamp) -> Counted;
    fn person(id: PersonId) -> Option<Person>;
    fn pin(id: PersonId) -> Option<PinRecord>;
    fn instruments(person: PersonId) -> Vec<Instrument>;
    fn instrument(id: InstrumentId) -> Option<Instrument>;
    fn capture_session(id: CaptureSessionId) -> Option<CaptureSession>;
    fn face_references(after: Option<ReferenceId>, limit: u16) -> References;
    fn template_spaces() -> Vec<TemplateSpace>;
    fn templates_left_behind(limit: u16) -> Vec<ReferenceId>;
    fn face_reference(id: ReferenceId) -> References;
    fn face_references_of(person: PersonId) -> References;
    fn face_changes(after: Option<&[(Shard, u64)]>) -> FaceChanges;
    fn gallery_rules() -> Vec<(GalleryId, GalleryRule)>;
    fn gallery_membership(gallery: GalleryId, person: PersonId) -> Option<Membership>;
    fn due_gallery_terms(now: Timestamp, limit: u16) -> Vec<(GalleryId, PersonId)>;
    fn guardian_link(id: GuardianLinkId) -> Option<GuardianLink>;
    fn guardian_links(person: PersonId) -> Vec<GuardianLink>;
    fn payment_way(id: PaymentId) -> Option<String>;
    fn references_of(person: PersonId) -> Vec<EnrolledTemplate>;
    fn consents_of(person: PersonId) -> Vec<ConsentEvent>;
    fn enrolment(id: EnrolmentId) -> Option<Enrolment>;
    fn rights_request(id: RightsRequestId) -> Option<RightsRequest>;
    fn rights_requests_of(person: PersonId) -> Vec<RightsRequest>;
    fn open_rights_requests(limit: u16) -> Vec<RightsRequest>;
    fn outlived(kept: Kept, before: Timestamp, limit: u16) -> Vec<Outlived>;
    fn payments_of(person: PersonId, limit: u16) -> Vec<Payment>;
    fn service_requests_of(person: PersonId, limit: u16) -> Vec<ServiceRequest>;
    fn merchant(id: MerchantId) -> Option<Merchant>;
    fn merchant_of_account(account: AccountId) -> Option<MerchantId>;
    fn payees(merchant: MerchantId) -> Vec<Payee>;
    fn till(id: TillId) -> Option<Till>;
    fn gallery(id: GalleryId) -> Option<Gallery>;
    fn gallery_members() -> Vec<(GalleryId, PersonId)>;
    fn api_key(id: ApiKeyId) -> Option<ApiKey>;
    fn party(id: PartyId) -> Option<Party>;
    fn party_keys(party: PartyId) -> Vec<PartyKey>;
    fn webhook_endpoint(id: WebhookEndpointId) -> Option<WebhookEndpoint>;
    fn webhook_endpoints(merchant: Option<MerchantId>) -> Vec<WebhookEndpoint>;
    fn webhook_progress(id: WebhookEndpointId) -> Option<WebhookProgress>;
    fn webhook_deliveries(id: WebhookEndpointId, dead: bool, limit: u16) -> Vec<WebhookDelivery>;
    fn webhooks_due(now: Timestamp) -> Vec<WebhookEndpointId>;
    fn running_contract(id: ContractId) -> Option<RunningContract>;
    fn contract_entries(id: ContractId) -> Vec<ContractEntry>;
    fn running_contracts(caller: &Caller, page: Page<ContractId>) -> Vec<RunningContract>;
    fn proofing(id: ProofingId) -> Option<Proofing>;
    fn proofings_of(person: PersonId) -> Vec<Proofing>;
    fn due_proofings(now: Timestamp, limit: u16) -> Vec<ProofingId>;
    fn proof_link(link: &LinkDigest) -> Option<PersonId>;
    fn due_contracts(now: Timestamp, limit: u16) -> Vec<ContractId>;
    fn service_request(id: ServiceRequestId) -> Option<ServiceRequest>;
    fn due_service_requests(now: Timestamp, limit: u16) -> Vec<ServiceRequestId>;
    fn service_counts(service: &str, from: Timestamp, until: Timestamp) -> ServiceCounts;
    fn service_revision(service: &str) -> u32;
    fn requests_of_service(service: &str, page: Page<ServiceRequestId>) -> Vec<ServiceRequestId>;
    fn service_set_version() -> u32;
    fn service_set(version: u32) -> Option<ServiceSet>;
    fn service_sets(limit: u16) -> Vec<ServiceSet>;
    fn service_of_hold(hold: HoldId) -> Option<ServiceRequestId>;
    fn event(shard: Shard, seq: u64) -> Option<StoredEvent>;
    fn event_heads() -> Vec<(Shard, u64)>;
    fn asked_of(rail: &RailId, from: Timestamp, until: Timestamp) -> Vec<Own>;
    fn statement(rail: &RailId, id: &StatementId) -> Option<StatementHead>;
    fn statements(rail: &RailId) -> Vec<StatementHead>;
    fn findings(rail: &RailId, id: &StatementId, of: Option<Compared>, after: u32, limit: u16) -> Vec<Finding>;
    fn findings_of(operation: OperationId) -> Vec<Compared>;
    fn awaited(rail: &RailId) -> Vec<OperationId>;
    fn ping() -> ();
}
