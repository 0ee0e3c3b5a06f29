//! What the hub needs from the world. Adapters implement these; [`crate::memory`] does so for tests.
//!
//! No port knows another: a store does not send, an egress does not decide, an engine does not store.

use async_trait::async_trait;
use tebura_face::{Pack, Sample, SampleRefusal};
use tebura_ledger::{
    Account, AccountId, Event, Hold, HoldId, Operation, OperationId, Outcome, RailId, Refusal, Shard, Timestamp,
};

use crate::audit::SignedHead;
use crate::consent::ConsentEvent;
use crate::contracts::{ContractEntry, RunningContract};
use crate::enroll::Enrolment;
use crate::exchange::Exchange;
use crate::gallery_rules::GalleryRule;
use crate::guardians::GuardianLink;
use crate::ids::{
    ApiKeyId, CaptureSessionId, ContractId, EnrolmentId, GalleryId, GuardianLinkId, InstrumentId, MerchantId, PartyId,
    PartyKeyId, PaymentId, PersonId, ProofingId, ReferenceId, RightsRequestId, ServiceRequestId, TillId,
    WebhookEndpointId,
};
use crate::notices::{Inbound, InboundGrant, News, Notice, NoticeKey, NoticeWrite};
use crate::parties::{Party, PartyKey, PartyWrite};
use crate::payment::{Counted, Payment};
use crate::people::{CaptureSession, EnrolledTemplate, FaceReference, Instrument, Person};
use crate::privacy::{Kept, Outlived, PrivacyWrite};
use crate::proofing::{LinkDigest, Proofing};
use crate::rail::{
    Fault, HttpCall, HttpReply, KvWrite, PluginId, RailDescriptor, RailError, RailEvent, RailOperation, Step,
};
use crate::recognition::{FaceChanges, Membership, RecognitionWrite};
use crate::reconcile::{Compared, Finding, Own, StatementHead, StatementId};
use crate::rights::RightsRequest;
use crate::services::{
    ServiceCall, ServiceCounts, ServiceDescriptor, ServiceEvent, ServiceRequest, ServiceSet, ServiceStep, ServiceWrite,
};
use crate::sites::{ApiKey, Gallery, Merchant, Payee, Till};
use crate::template_spaces::{TemplateSpace, TemplateWrite};
use crate::webhooks::{WebhookDelivery, WebhookEndpoint, WebhookProgress, WebhookWrite};

/// Reads the time and waits for it. Only the server's adapter touches a real clock.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch, never going backwards within a process.
    fn now(&self) -> Timestamp;
    /// Returns when `now()` is `at` or later.
    async fn wait_until(&self, at: Timestamp);
}

/// Draws ids and secrets.
pub trait Ids: Send + Sync {
    /// A UUIDv7 whose last byte is `shard`.
    fn next(&self, shard: Shard) -> uuid::Uuid;
    /// 32 bytes that nobody can guess.
    fn secret(&self) -> [u8; 32];
}

/// Turns an image into a comparable sample.
#[async_trait]
pub trait FaceEngine: Send + Sync {
    /// The pack in use: scope, thresholds, licence.
    fn pack(&self) -> &Pack;
    /// Detects one face, judges liveness, and returns its template. The image is not kept.
    async fn examine(&self, image: Vec<u8>) -> Result<Sample, SampleRefusal>;
}

/// A rail: the hub's own ledger, or a plugin.
#[async_trait]
pub trait Rail: Send + Sync {
    /// What it can do.
    fn descriptor(&self) -> &RailDescriptor;
    /// First step of an operation. An error declines it: nothing has left the hub.
    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError>;
    /// Next step. After a call may have been delivered an error counts as `unknown`.
    async fn resume(&self, operation: &RailOperation, state: &[u8], event: &RailEvent) -> Result<Step, RailError>;

    /// What its far end may call; `None`: nothing.
    fn inbound(&self) -> Option<&InboundGrant> {
        None
    }

    /// Says whether a request is its far end's, and what it is about. A fault: it is not believed.
    async fn identify(&self, request: &Inbound, now: Timestamp) -> Result<Vec<News>, RailError> {
        let _ = (request, now);
        let message = "this rail hears no notices".to_owned();
        Err(RailError::Fault(Fault { code: "notice.unsupported".to_owned(), message }))
    }
}

/// A city or merchant service: a plugin, whatever instances of it are configured.
#[async_trait]
pub trait Service: Send + Sync {
    /// What it says of itself; the same for as long as it is installed.
    fn descriptor(&self) -> &ServiceDescriptor;
    /// First step of a request. An error fails it: nothing has left the hub.
    async fn handle(&self, request: &ServiceCall) -> Result<ServiceStep, RailError>;
    /// Next step. An error fails the request, and what it still holds goes back.
    async fn resume(&self, request: &ServiceCall, state: &[u8], event: &ServiceEvent)
    -> Result<ServiceStep, RailError>;
}

/// A committed call on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub plugin: PluginId,
    pub call: HttpCall,
    /// The hub's own key for this step, used when the plugin gave none.
    pub key: String,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The far end answered.
    Reply(HttpReply),
    /// Nothing left the hub: a connection was never made.
    NotDelivered { reason: String },
    /// Bytes may have arrived; no usable reply came back.
    MaybeDelivered { reason: String },
    /// The call breaks the manifest or the operator's binding. Nothing left, and a repeat would not help.
    Refused { code: &'static str, reason: String },
}

/// The one place that sends.
#[async_trait]
pub trait Egress: Send + Sync {
    /// Performs one attempt of one call.
    async fn send(&self, outgoing: &Outgoing) -> Delivery;
}

/// A caller's `Idempotency-Key`, bound to who calls and to what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyClaim {
    /// The API key's owner: keys of different callers never meet.
    pub scope: String,
    /// As sent, 1 to 255 visible characters.
    pub key: String,
    /// SHA-256 of route and canonical body.
    pub fingerprint: [u8; 32],
    /// What the write makes: `op_…`, `pay_…`, `person_…`. A repeat is answered from it.
    pub target: String,
}

/// A key that was claimed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedKey {
    pub fingerprint: [u8; 32],
    pub target: String,
}

/// A row that a unit writes besides money.
#[derive(Clone, Debug)]
pub enum Write {
    /// Step machine state; `expected` is the revision that was read (0: a new row).
    Exchange {
        exchange: Exchange,
        expected: u32,
    },
    /// A plugin's own key-value data.
    Kv {
        plugin: PluginId,
        write: KvWrite,
    },
    /// A payment by face: written once, its status follows from its operations.
    Payment(Payment),
    Person(Person),
    Instrument(Instrument),
    /// `expected` is the revision that was read (0: a new row).
    CaptureSession {
        session: CaptureSession,
        expected: u32,
    },
    /// An enrolled template; stored encrypted with the person's own key.
    FaceReference(FaceReference),
    Template(TemplateWrite),
    Merchant(Merchant),
    Payee(Payee),
    Till(Till),
    Gallery(Gallery),
    GalleryMember {
        gallery: GalleryId,
        person: PersonId,
        present: bool,
    },
    ApiKey(ApiKey),
    /// A signed head of a shard's log. Says something about the log, so it is not in it.
    AuditHead(SignedHead),
    /// Failed PIN tries since the last success, and until when the PIN is locked.
    PinTries {
        person: PersonId,
        failed: u32,
        locked_until: Option<Timestamp>,
    },
    Webhook(WebhookWrite),
    /// A contract that runs; `expected` is the revision that was read (0: a new row).
    Contract {
        contract: RunningContract,
        expected: u32,
    },
    ContractEntry(ContractEntry),
    Service(ServiceWrite),
    /// Something that happened, for the log and whoever listens to it.
    Event(Event),
    Party(PartyWrite),
    Recognition(RecognitionWrite),
    /// What people say about their own data, and what is deleted.
    Privacy(PrivacyWrite),
    Notice(NoticeWrite),
    /// An attempt to prove something; `expected` is the revision that was read (0: a new row).
    Proofing {
        proofing: Proofing,
        expected: u32,
    },
    /// Whose card a link stands for. Stale when it is another person's.
    ProofLink {
        link: LinkDigest,
        person: PersonId,
    },
    /// A rail's statement as it was compared: written once.
    Statement {
        head: StatementHead,
        findings: Vec<Finding>,
    },
}

/// Everything that happens together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Claimed first; when it was claimed before nothing else happens.
    pub key: Option<KeyClaim>,
    /// Applied in order; one refusal refuses the unit.
    pub ledger: Vec<tebura_ledger::Command>,
    /// Written after the ledger accepted.
    pub writes: Vec<Write>,
}

/// A unit that is durable, or was already.
#[derive(Clone, Debug)]
pub enum Committed {
    /// One outcome for each ledger command.
    Done(Vec<Outcome>),
    /// The key was claimed before with the same fingerprint.
    Replayed { target: String },
}

/// Why nothing was committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody else moved the row first; read again and decide again.
    #[error("the record changed in the meantime; read it again")]
    Stale,
    /// The write queue is full.
    #[error("the hub is busy; repeat with the same key in {retry_after_ms} ms")]
    Busy { retry_after_ms: u32 },
    /// The database refuses what the unit says: a defect of the hub, not of the caller. Nothing was written.
    #[error("the store refused to write this ({reason}); repeating it will not help, tell the operator")]
    Rejected { reason: String },
    /// The outcome of the transaction is not known; repeat with the same key.
    #[error("the store did not answer; repeat with the same key ({reason})")]
    Unavailable { reason: String },
}

/// Why nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store did not answer; try again ({reason})")]
pub struct ReadError {
    /// For the log; no data in it.
    pub reason: String,
}

/// A page of templates.
#[derive(Debug, Default)]
pub struct References {
    pub rows: Vec<FaceReference>,
    /// Rows that do not open: changed, or another's. Restore them, or enrol these people again.
    pub damaged: Vec<ReferenceId>,
    /// After which the next page begins; `None`: this is the last.
    pub last: Option<ReferenceId>,
}

/// One page of a list: what comes after `after`, oldest first, at most `limit`.
#[derive(Clone, Copy, Debug)]
pub struct Page<C> {
    pub after: Option<C>,
    pub limit: u16,
}

/// An event with its place in its shard's sequence (1, 2, 3 … without gaps).
#[derive(Clone, Debug)]
pub struct StoredEvent {
    pub shard: Shard,
    pub seq: u64,
    pub event: Event,
}

/// Who asks: what it may see and move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    Operator,
    /// Sees what is paid to its own accounts.
    Merchant(MerchantId),
}

/// A person's PIN as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRecord {
    /// argon2id in PHC string form; `None`: no PIN was chosen.
    pub hash: Option<String>,
    pub failed: u32,
    pub locked_until: Option<Timestamp>,
}

/// Durable state. Reads see committed data; `commit` returns after the data is durable.
#[async_trait]
pub trait Store: Send + Sync {
    /// Number of shards, 1 to 256, fixed when the store was created.
    fn shards(&self) -> u16;

    /// Applies a unit in one transaction, together with whatever other units arrived meanwhile.
    /// `shard` routes it; `now` stamps it.
    async fn commit(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError>;

    /// A key claimed in any shard: a caller's key stands for one request, wherever it leads.
    async fn claimed_key(&self, scope: &str, key: &str) -> Result<Option<ClaimedKey>, ReadError>;

    /// Balances of an account, summed over shards.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, ReadError>;
    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, ReadError>;
    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, ReadError>;
    async fn operations_of(&self, hold: HoldId) -> Result<Vec<Operation>, ReadError>;
    /// Exceptions, oldest operation first: where a rail contradicts what is known.
    async fn exceptions(&self, page: Page<OperationId>) -> Result<Vec<Operation>, ReadError>;
    /// Newest last; a merchant sees holds whose payee is one of its accounts.
    async fn holds(&self, caller: &Caller, page: Page<HoldId>) -> Result<Vec<Hold>, ReadError>;
    /// Events after a position of each shard (missing shard: from the start).
    async fn events(&self, caller: &Caller, after: &[(Shard, u64)], limit: u16) -> Result<Vec<StoredEvent>, ReadError>;
    /// Holds that have a follow-up at `now` ([`Hold::follow_up`]) and no open release: the deadline has passed, or they
    /// closed with money still free. Oldest deadline first.
    async fn due_holds(&self, now: Timestamp, limit: u16) -> Result<Vec<Hold>, ReadError>;

    async fn exchange(&self, operation: OperationId) -> Result<Option<Exchange>, ReadError>;
    /// Exchanges that are not finished and due by `now`, oldest first.
    async fn due_exchanges(&self, now: Timestamp, limit: u16) -> Result<Vec<Exchange>, ReadError>;
    async fn kv(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, ReadError>;

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, ReadError>;
    /// How many payments of a till, made at `from` or later and before `until`, were decided how; see [`Counted`].
    async fn decisions(&self, till: TillId, from: Timestamp, until: Timestamp) -> Result<Counted, ReadError>;

    async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError>;
    async fn pin(&self, id: PersonId) -> Result<Option<PinRecord>, ReadError>;
    async fn instruments(&self, person: PersonId) -> Result<Vec<Instrument>, ReadError>;
    async fn instrument(&self, id: InstrumentId) -> Result<Option<Instrument>, ReadError>;
    async fn capture_session(&self, id: CaptureSessionId) -> Result<Option<CaptureSession>, ReadError>;
    /// Templates, decrypted, by id after `after`: to fill the galleries.
    async fn face_references(&self, after: Option<ReferenceId>, limit: u16) -> Result<References, ReadError>;
    /// The spaces in which templates are kept, oldest first; none where nothing is kept at rest.
    async fn template_spaces(&self) -> Result<Vec<TemplateSpace>, ReadError>;
    /// Templates that do not stand in the newest space.
    async fn templates_left_behind(&self, limit: u16) -> Result<Vec<ReferenceId>, ReadError>;
    /// What is enrolled of one person, oldest first.
    async fn references_of(&self, person: PersonId) -> Result<Vec<EnrolledTemplate>, ReadError>;

    /// What a person said about purposes, oldest first.
    async fn consents_of(&self, person: PersonId) -> Result<Vec<ConsentEvent>, ReadError>;
    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<Enrolment>, ReadError>;
    async fn rights_request(&self, id: RightsRequestId) -> Result<Option<RightsRequest>, ReadError>;
    /// Of one person, oldest first.
    async fn rights_requests_of(&self, person: PersonId) -> Result<Vec<RightsRequest>, ReadError>;
    /// Those that nobody has answered, the earliest deadline first.
    async fn open_rights_requests(&self, limit: u16) -> Result<Vec<RightsRequest>, ReadError>;
    /// Rows whose trigger lies before a time, the longest ago first.
    async fn outlived(&self, kept: Kept, before: Timestamp, limit: u16) -> Result<Vec<Outlived>, ReadError>;
    /// Payments that a person was recognised for, newest first. Reads the whole table: for people's own requests only.
    async fn payments_of(&self, person: PersonId, limit: u16) -> Result<Vec<Payment>, ReadError>;
    /// Requests to services that a person made, newest first. Reads the whole table, as above.
    async fn service_requests_of(&self, person: PersonId, limit: u16) -> Result<Vec<ServiceRequest>, ReadError>;

    /// One template, decrypted.
    async fn face_reference(&self, id: ReferenceId) -> Result<References, ReadError>;
    /// One person's templates, decrypted.
    async fn face_references_of(&self, person: PersonId) -> Result<References, ReadError>;
    /// What happened to members of galleries and to templates after a place in each shard's log; `None`: nothing, but the
    /// places of now.
    async fn face_changes(&self, after: Option<&[(Shard, u64)]>) -> Result<FaceChanges, ReadError>;
    async fn gallery_rules(&self) -> Result<Vec<(GalleryId, GalleryRule)>, ReadError>;
    /// Whether a person is in a gallery, and until when.
    async fn gallery_membership(&self, gallery: GalleryId, person: PersonId) -> Result<Option<Membership>, ReadError>;
    /// Members whose term is over at `now`, the longest over first.
    async fn due_gallery_terms(&self, now: Timestamp, limit: u16) -> Result<Vec<(GalleryId, PersonId)>, ReadError>;
    async fn guardian_link(&self, id: GuardianLinkId) -> Result<Option<GuardianLink>, ReadError>;
    /// Of a person as guardian and as ward, oldest first.
    async fn guardian_links(&self, person: PersonId) -> Result<Vec<GuardianLink>, ReadError>;
    /// How the payer of a payment was known; `None`: by the face.
    async fn payment_way(&self, id: PaymentId) -> Result<Option<String>, ReadError>;

    async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, ReadError>;
    async fn merchant_of_account(&self, account: AccountId) -> Result<Option<MerchantId>, ReadError>;
    async fn payees(&self, merchant: MerchantId) -> Result<Vec<Payee>, ReadError>;
    async fn till(&self, id: TillId) -> Result<Option<Till>, ReadError>;
    async fn gallery(&self, id: GalleryId) -> Result<Option<Gallery>, ReadError>;
    async fn gallery_members(&self) -> Result<Vec<(GalleryId, PersonId)>, ReadError>;
    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, ReadError>;

    async fn party(&self, id: PartyId) -> Result<Option<Party>, ReadError>;
    /// As its end has made it.
    async fn party_key(&self, id: PartyKeyId) -> Result<Option<PartyKey>, ReadError>;
    /// Of one party, ended ones too; oldest first.
    async fn party_keys(&self, party: PartyId) -> Result<Vec<PartyKey>, ReadError>;

    async fn proofing(&self, id: ProofingId) -> Result<Option<Proofing>, ReadError>;
    /// Of one person, oldest first.
    async fn proofings_of(&self, person: PersonId) -> Result<Vec<Proofing>, ReadError>;
    /// Sessions that have to be looked at by `now`, the longest due first.
    async fn due_proofings(&self, now: Timestamp, limit: u16) -> Result<Vec<ProofingId>, ReadError>;
    /// Whose card a link stands for.
    async fn proof_link(&self, link: &LinkDigest) -> Result<Option<PersonId>, ReadError>;

    async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>, ReadError>;
    /// Of one merchant, or all; oldest first.
    async fn webhook_endpoints(&self, merchant: Option<MerchantId>) -> Result<Vec<WebhookEndpoint>, ReadError>;
    async fn webhook_progress(&self, id: WebhookEndpointId) -> Result<Option<WebhookProgress>, ReadError>;
    /// Events that wait, in the log's order; or those that were given up.
    async fn webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        dead: bool,
        limit: u16,
    ) -> Result<Vec<WebhookDelivery>, ReadError>;
    /// Endpoints with something that waits and is due by `now`.
    async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<WebhookEndpointId>, ReadError>;
    async fn running_contract(&self, id: ContractId) -> Result<Option<RunningContract>, ReadError>;
    /// What happened to a contract, oldest first.
    async fn contract_entries(&self, id: ContractId) -> Result<Vec<ContractEntry>, ReadError>;
    /// Contracts of a merchant, or all; oldest first.
    async fn running_contracts(
        &self,
        caller: &Caller,
        page: Page<ContractId>,
    ) -> Result<Vec<RunningContract>, ReadError>;
    /// Contracts that have to be looked at by `now`, the longest due first.
    async fn due_contracts(&self, now: Timestamp, limit: u16) -> Result<Vec<ContractId>, ReadError>;
    /// The contract that decides about a hold.
    async fn contract_of_hold(&self, hold: HoldId) -> Result<Option<ContractId>, ReadError>;

    async fn service_request(&self, id: ServiceRequestId) -> Result<Option<ServiceRequest>, ReadError>;
    /// Requests that have to be looked at by `now`, the longest due first.
    async fn due_service_requests(&self, now: Timestamp, limit: u16) -> Result<Vec<ServiceRequestId>, ReadError>;
    /// How often each terminal asked something of a service at `from` or later and before `until`, by what came of it.
    async fn service_counts(
        &self,
        service: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<ServiceCounts, ReadError>;
    /// How often the own keys of a service were written; see [`ServiceWrite::Keys`].
    async fn service_revision(&self, service: &str) -> Result<u32, ReadError>;
    /// Requests to a service, in the order of their ids, which is that of time.
    async fn requests_of_service(
        &self,
        service: &str,
        page: Page<ServiceRequestId>,
    ) -> Result<Vec<ServiceRequestId>, ReadError>;
    /// The newest version of what is configured; 0: nothing ever was.
    async fn service_set_version(&self) -> Result<u32, ReadError>;
    async fn service_set(&self, version: u32) -> Result<Option<ServiceSet>, ReadError>;
    /// Newest first.
    async fn service_sets(&self, limit: u16) -> Result<Vec<ServiceSet>, ReadError>;
    /// The request that placed a hold.
    async fn service_of_hold(&self, hold: HoldId) -> Result<Option<ServiceRequestId>, ReadError>;

    /// One event by its place in the log.
    async fn event(&self, shard: Shard, seq: u64) -> Result<Option<StoredEvent>, ReadError>;
    /// The last number given in each shard.
    async fn event_heads(&self) -> Result<Vec<(Shard, u64)>, ReadError>;

    /// Operations on holds of a rail that were accepted in `[from, until)`. Their ids are of that time, as UUIDv7s are, give
    /// or take an hour.
    async fn asked_of(&self, rail: &RailId, from: Timestamp, until: Timestamp) -> Result<Vec<Own>, ReadError>;
    async fn statement(&self, rail: &RailId, id: &StatementId) -> Result<Option<StatementHead>, ReadError>;
    /// Every statement of a rail, by the time that it covers.
    async fn statements(&self, rail: &RailId) -> Result<Vec<StatementHead>, ReadError>;
    /// Findings of a statement after a number, of one kind or all, by number.
    async fn findings(
        &self,
        rail: &RailId,
        id: &StatementId,
        of: Option<Compared>,
        after: u32,
        limit: u16,
    ) -> Result<Vec<Finding>, ReadError>;
    /// What statements said of an operation.
    async fn findings_of(&self, operation: OperationId) -> Result<Vec<Compared>, ReadError>;
    /// Operations that a statement of the rail awaited and of which no other said anything else.
    async fn awaited(&self, rail: &RailId) -> Result<Vec<OperationId>, ReadError>;

    /// A request from outside that was kept.
    async fn notice(&self, key: &NoticeKey) -> Result<Option<Notice>, ReadError>;
    /// Requests from outside that are to be looked at by `now`, the longest due first.
    async fn due_notices(&self, now: Timestamp, limit: u16) -> Result<Vec<Notice>, ReadError>;
    /// What a rail outside settled with a reference.
    async fn operations_named(&self, rail: &RailId, reference: &str) -> Result<Vec<OperationId>, ReadError>;

    /// A trivial round trip, for `/readyz`.
    async fn ping(&self) -> Result<(), ReadError>;
}
