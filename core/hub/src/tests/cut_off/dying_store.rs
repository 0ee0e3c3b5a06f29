//! A store whose process dies at a chosen commit, or when it is told to: from then on nothing is answered.

use super::*;
use async_trait::async_trait;
use tebura_ledger::{Account, AccountId, Hold, HoldId, Operation, OperationId, RailId, Shard, Timestamp};

use crate::consent::ConsentEvent;
use crate::contracts::{ContractEntry, RunningContract};
use crate::enroll::Enrolment;
use crate::exchange::Exchange;
use crate::gallery_rules::GalleryRule;
use crate::guardians::GuardianLink;
use crate::ids::*;
use crate::notices::{Notice, NoticeKey};
use crate::parties::{Party, PartyKey};
use crate::payment::{Counted, Payment};
use crate::people::{CaptureSession, EnrolledTemplate, Instrument, Person};
use crate::ports::{Caller, ClaimedKey, Committed, Page, PinRecord, ReadError, References, StoredEvent, Unit};
use crate::privacy::{Kept, Outlived};
use crate::proofing::{LinkDigest, Proofing};
use crate::rail::PluginId;
use crate::recognition::{FaceChanges, Membership};
use crate::reconcile::{Compared, Finding, Own, StatementHead, StatementId};
use crate::rights::RightsRequest;
use crate::services::{ServiceCounts, ServiceRequest, ServiceSet};
use crate::sites::{ApiKey, Gallery, Merchant, Payee, Till};
use crate::template_spaces::TemplateSpace;
use crate::webhooks::{WebhookDelivery, WebhookEndpoint, WebhookProgress};

/// When the process dies.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) enum Death {
    /// The nth commit never happens.
    BeforeCommit(u32),
    /// The nth commit happens and is never answered.
    AfterCommit(u32),
    /// The far end acts on the nth call and nobody hears of it.
    AfterAct(u32),
}

pub(in crate::tests) struct DyingStore {
    inner: Arc<MemoryStore>,
    death: Option<Death>,
    pub(in crate::tests) commits: Arc<AtomicU32>,
    pub(in crate::tests) dead: Arc<AtomicBool>,
}

impl DyingStore {
    pub(in crate::tests) fn new(inner: Arc<MemoryStore>, death: Option<Death>) -> Self {
        DyingStore { inner, death, commits: Arc::default(), dead: Arc::default() }
    }

    fn alive(&self) -> Result<&MemoryStore, ReadError> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(ReadError { reason: "dead".to_owned() });
        }
        Ok(&self.inner)
    }
}

macro_rules! reads {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for DyingStore {
            fn shards(&self) -> u16 {
                self.inner.shards()
            }

            async fn commit(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
                let dead = || CommitError::Unavailable { reason: "dead".to_owned() };
                let inner = self.alive().map_err(|_| dead())?;
                let nth = self.commits.fetch_add(1, Ordering::SeqCst);
                match self.death {
                    Some(Death::BeforeCommit(when)) if when == nth => {
                        self.dead.store(true, Ordering::SeqCst);
                        Err(dead())
                    }
                    Some(Death::AfterCommit(when)) if when == nth => {
                        self.dead.store(true, Ordering::SeqCst);
                        inner.commit(shard, now, unit).await?;
                        Err(dead())
                    }
                    _ => inner.commit(shard, now, unit).await,
                }
            }

            $(async fn $name(&self, $($argument: $kind),*) -> Result<$answer, ReadError> {
                self.alive()?.$name($($argument),*).await
            })*
        }
    };
}

reads! {
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
    fn party_key(id: PartyKeyId) -> Option<PartyKey>;
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
    fn contract_of_hold(hold: HoldId) -> Option<ContractId>;
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
