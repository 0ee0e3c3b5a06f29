//! The port: writes go to a lane, reads go to the database, by entity.

mod audit;
pub(crate) mod books;
mod money;
mod notices;
mod people;
mod rails;
mod sites;
mod statements;
mod webhooks;

use async_trait::async_trait;
use sea_orm::DbErr;
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
use tebura_hub::notices::{Notice, NoticeKey};
use tebura_hub::parties::{Party, PartyKey};
use tebura_hub::payment::{Counted, Payment};
use tebura_hub::people::{CaptureSession, EnrolledTemplate, Instrument, Person};
use tebura_hub::ports::{
    Caller, ClaimedKey, CommitError, Committed, Page, PinRecord, ReadError, References, Store, StoredEvent, Unit,
};
use tebura_hub::privacy::{Kept, Outlived};
use tebura_hub::proofing::{LinkDigest, Proofing};
use tebura_hub::rail::PluginId;
use tebura_hub::recognition::{FaceChanges, Membership};
use tebura_hub::reconcile::{Compared, Finding, Own, StatementHead, StatementId};
use tebura_hub::rights::RightsRequest;
use tebura_hub::services::{ServiceCounts, ServiceRequest, ServiceSet};
use tebura_hub::shards::key_home;
use tebura_hub::sites::{ApiKey, Gallery, Merchant, Payee, Till};
use tebura_hub::template_spaces::TemplateSpace;
use tebura_hub::webhooks::{WebhookDelivery, WebhookEndpoint, WebhookProgress};
use tebura_ledger::{Account, AccountId, Hold, HoldId, Operation, OperationId, RailId, Shard, Timestamp};

use crate::contracts;
use crate::engine::{Failure, describe};
use crate::entity::{Damaged, face_reference};
use crate::open::SqlStore;
use crate::parties;
use crate::privacy;
use crate::proofings;
use crate::recognition;
use crate::services;
use crate::templates;

/// Why a read failed, before the port's words.
pub(crate) struct Unread(String);

impl From<DbErr> for Unread {
    fn from(error: DbErr) -> Self {
        Self(describe(&error))
    }
}

impl From<Damaged> for Unread {
    fn from(damaged: Damaged) -> Self {
        Self(damaged.to_string())
    }
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict { reason }
            | Failure::Broken { reason }
            | Failure::Lost { reason }
            | Failure::Unknown { reason } => Self(reason),
        }
    }
}

impl From<Unread> for ReadError {
    fn from(Unread(reason): Unread) -> Self {
        Self { reason }
    }
}

#[async_trait]
impl Store for SqlStore {
    fn shards(&self) -> u16 {
        self.shards
    }

    async fn commit(&self, shard: Shard, now: Timestamp, unit: Unit) -> Result<Committed, CommitError> {
        if u16::from(shard.number()) >= self.shards {
            return Err(CommitError::Rejected { reason: format!("there is no shard {}", shard.number()) });
        }
        let home = unit.key.as_ref().map_or(shard, |claim| key_home(&claim.scope, &claim.key, self.shards));
        self.lanes.commit(shard, home, now, unit).await
    }

    async fn claimed_key(&self, scope: &str, key: &str) -> Result<Option<ClaimedKey>, ReadError> {
        Ok(money::claimed_key(&self.reader, key_home(scope, key, self.shards), scope, key).await?)
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, ReadError> {
        money::account(&self.reader, id).await
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, ReadError> {
        Ok(money::hold(&self.reader, id).await?)
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, ReadError> {
        Ok(money::operation(&self.reader, id).await?)
    }

    async fn operations_of(&self, hold: HoldId) -> Result<Vec<Operation>, ReadError> {
        Ok(money::operations_of(&self.reader, hold).await?)
    }

    async fn exceptions(&self, page: Page<OperationId>) -> Result<Vec<Operation>, ReadError> {
        Ok(money::exceptions(&self.reader, page).await?)
    }

    async fn holds(&self, caller: &Caller, page: Page<HoldId>) -> Result<Vec<Hold>, ReadError> {
        Ok(money::holds(&self.reader, self.shards, caller, page).await?)
    }

    async fn events(&self, caller: &Caller, after: &[(Shard, u64)], limit: u16) -> Result<Vec<StoredEvent>, ReadError> {
        Ok(money::events(&self.reader, caller, after, limit).await?)
    }

    async fn due_holds(&self, now: Timestamp, limit: u16) -> Result<Vec<Hold>, ReadError> {
        Ok(money::due_holds(&self.reader, now, limit).await?)
    }

    async fn exchange(&self, operation: OperationId) -> Result<Option<Exchange>, ReadError> {
        Ok(rails::exchange(&self.reader, operation).await?)
    }

    async fn due_exchanges(&self, now: Timestamp, limit: u16) -> Result<Vec<Exchange>, ReadError> {
        Ok(rails::due_exchanges(&self.reader, now, limit).await?)
    }

    async fn kv(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(rails::kv(&self.reader, plugin, key).await?)
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, ReadError> {
        Ok(rails::payment(&self.reader, id).await?)
    }

    async fn decisions(&self, till: TillId, from: Timestamp, until: Timestamp) -> Result<Counted, ReadError> {
        Ok(rails::decisions(&self.reader, till, from, until).await?)
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError> {
        Ok(people::person(&self.reader, &self.vault, id).await?)
    }

    async fn pin(&self, id: PersonId) -> Result<Option<PinRecord>, ReadError> {
        Ok(people::pin(&self.reader, id).await?)
    }

    async fn instruments(&self, person: PersonId) -> Result<Vec<Instrument>, ReadError> {
        Ok(people::instruments(&self.reader, person).await?)
    }

    async fn instrument(&self, id: InstrumentId) -> Result<Option<Instrument>, ReadError> {
        Ok(people::instrument(&self.reader, id).await?)
    }

    async fn capture_session(&self, id: CaptureSessionId) -> Result<Option<CaptureSession>, ReadError> {
        Ok(people::capture_session(&self.reader, &self.vault, id).await?)
    }

    async fn face_references(&self, after: Option<ReferenceId>, limit: u16) -> Result<References, ReadError> {
        Ok(templates::page(&self.reader, &self.vault, after, limit).await?)
    }

    async fn template_spaces(&self) -> Result<Vec<TemplateSpace>, ReadError> {
        Ok(templates::spaces(&self.reader).await?)
    }

    async fn templates_left_behind(&self, limit: u16) -> Result<Vec<ReferenceId>, ReadError> {
        Ok(templates::left_behind(&self.reader, limit).await?)
    }

    async fn face_reference(&self, id: ReferenceId) -> Result<References, ReadError> {
        Ok(templates::some(&self.reader, &self.vault, face_reference::Column::Id, id.uuid()).await?)
    }

    async fn face_references_of(&self, person: PersonId) -> Result<References, ReadError> {
        Ok(templates::some(&self.reader, &self.vault, face_reference::Column::Person, person.uuid()).await?)
    }

    async fn face_changes(&self, after: Option<&[(Shard, u64)]>) -> Result<FaceChanges, ReadError> {
        Ok(recognition::changes(&self.reader, after).await?)
    }

    async fn gallery_rules(&self) -> Result<Vec<(GalleryId, GalleryRule)>, ReadError> {
        Ok(recognition::rules(&self.reader).await?)
    }

    async fn gallery_membership(&self, gallery: GalleryId, person: PersonId) -> Result<Option<Membership>, ReadError> {
        Ok(recognition::membership(&self.reader, gallery, person).await?)
    }

    async fn due_gallery_terms(&self, now: Timestamp, limit: u16) -> Result<Vec<(GalleryId, PersonId)>, ReadError> {
        Ok(recognition::due_terms(&self.reader, now, limit).await?)
    }

    async fn guardian_link(&self, id: GuardianLinkId) -> Result<Option<GuardianLink>, ReadError> {
        Ok(recognition::link(&self.reader, id).await?)
    }

    async fn guardian_links(&self, person: PersonId) -> Result<Vec<GuardianLink>, ReadError> {
        Ok(recognition::links(&self.reader, person).await?)
    }

    async fn payment_way(&self, id: PaymentId) -> Result<Option<String>, ReadError> {
        Ok(recognition::way(&self.reader, id).await?)
    }

    async fn references_of(&self, person: PersonId) -> Result<Vec<EnrolledTemplate>, ReadError> {
        Ok(people::references_of(&self.reader, person).await?)
    }

    async fn consents_of(&self, person: PersonId) -> Result<Vec<ConsentEvent>, ReadError> {
        Ok(privacy::consents_of(&self.reader, person).await?)
    }

    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<Enrolment>, ReadError> {
        Ok(privacy::enrolment(&self.reader, id).await?)
    }

    async fn rights_request(&self, id: RightsRequestId) -> Result<Option<RightsRequest>, ReadError> {
        Ok(privacy::request(&self.reader, &self.vault, id).await?)
    }

    async fn rights_requests_of(&self, person: PersonId) -> Result<Vec<RightsRequest>, ReadError> {
        Ok(privacy::requests_of(&self.reader, &self.vault, person).await?)
    }

    async fn open_rights_requests(&self, limit: u16) -> Result<Vec<RightsRequest>, ReadError> {
        Ok(privacy::open_requests(&self.reader, &self.vault, limit).await?)
    }

    async fn outlived(&self, kept: Kept, before: Timestamp, limit: u16) -> Result<Vec<Outlived>, ReadError> {
        Ok(privacy::outlived(&self.reader, kept, before, limit).await?)
    }

    async fn payments_of(&self, person: PersonId, limit: u16) -> Result<Vec<Payment>, ReadError> {
        Ok(rails::payments_of(&self.reader, person, limit).await?)
    }

    async fn service_requests_of(&self, person: PersonId, limit: u16) -> Result<Vec<ServiceRequest>, ReadError> {
        Ok(services::of(&self.reader, &self.vault, person, limit).await?)
    }

    async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        Ok(sites::merchant(&self.reader, id).await?)
    }

    async fn merchant_of_account(&self, account: AccountId) -> Result<Option<MerchantId>, ReadError> {
        Ok(sites::merchant_of_account(&self.reader, account).await?)
    }

    async fn payees(&self, merchant: MerchantId) -> Result<Vec<Payee>, ReadError> {
        Ok(sites::payees(&self.reader, merchant).await?)
    }

    async fn till(&self, id: TillId) -> Result<Option<Till>, ReadError> {
        Ok(sites::till(&self.reader, id).await?)
    }

    async fn gallery(&self, id: GalleryId) -> Result<Option<Gallery>, ReadError> {
        Ok(sites::gallery(&self.reader, id).await?)
    }

    async fn gallery_members(&self) -> Result<Vec<(GalleryId, PersonId)>, ReadError> {
        Ok(sites::gallery_members(&self.reader).await?)
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, ReadError> {
        Ok(sites::api_key(&self.reader, id).await?)
    }

    async fn proofing(&self, id: ProofingId) -> Result<Option<Proofing>, ReadError> {
        Ok(proofings::one(&self.reader, &self.vault, id).await?)
    }

    async fn proofings_of(&self, person: PersonId) -> Result<Vec<Proofing>, ReadError> {
        Ok(proofings::of(&self.reader, &self.vault, person).await?)
    }

    async fn due_proofings(&self, now: Timestamp, limit: u16) -> Result<Vec<ProofingId>, ReadError> {
        Ok(proofings::due(&self.reader, now, limit).await?)
    }

    async fn proof_link(&self, link: &LinkDigest) -> Result<Option<PersonId>, ReadError> {
        Ok(proofings::linked(&self.reader, link).await?)
    }

    async fn running_contract(&self, id: ContractId) -> Result<Option<RunningContract>, ReadError> {
        Ok(contracts::one(&self.reader, id).await?)
    }

    async fn contract_entries(&self, id: ContractId) -> Result<Vec<ContractEntry>, ReadError> {
        Ok(contracts::entries(&self.reader, id).await?)
    }

    async fn running_contracts(
        &self,
        caller: &Caller,
        page: Page<ContractId>,
    ) -> Result<Vec<RunningContract>, ReadError> {
        Ok(contracts::page(&self.reader, caller, page).await?)
    }

    async fn due_contracts(&self, now: Timestamp, limit: u16) -> Result<Vec<ContractId>, ReadError> {
        Ok(contracts::due(&self.reader, now, limit).await?)
    }

    async fn service_request(&self, id: ServiceRequestId) -> Result<Option<ServiceRequest>, ReadError> {
        Ok(services::one(&self.reader, &self.vault, id).await?)
    }

    async fn due_service_requests(&self, now: Timestamp, limit: u16) -> Result<Vec<ServiceRequestId>, ReadError> {
        Ok(services::due(&self.reader, now, limit).await?)
    }

    async fn service_counts(
        &self,
        service: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<ServiceCounts, ReadError> {
        Ok(services::counts(&self.reader, service, from, until).await?)
    }

    async fn service_revision(&self, service: &str) -> Result<u32, ReadError> {
        Ok(services::keys_revision(&self.reader, service).await?)
    }

    async fn requests_of_service(
        &self,
        service: &str,
        page: Page<ServiceRequestId>,
    ) -> Result<Vec<ServiceRequestId>, ReadError> {
        Ok(services::of_service(&self.reader, service, page).await?)
    }

    async fn service_set_version(&self) -> Result<u32, ReadError> {
        Ok(services::set_version(&self.reader).await?)
    }

    async fn service_set(&self, version: u32) -> Result<Option<ServiceSet>, ReadError> {
        Ok(services::set(&self.reader, version).await?)
    }

    async fn service_sets(&self, limit: u16) -> Result<Vec<ServiceSet>, ReadError> {
        Ok(services::sets(&self.reader, limit).await?)
    }

    async fn service_of_hold(&self, hold: HoldId) -> Result<Option<ServiceRequestId>, ReadError> {
        Ok(services::of_hold(&self.reader, hold).await?)
    }

    async fn contract_of_hold(&self, hold: HoldId) -> Result<Option<ContractId>, ReadError> {
        Ok(contracts::of_hold(&self.reader, hold).await?)
    }

    async fn party(&self, id: PartyId) -> Result<Option<Party>, ReadError> {
        Ok(parties::party(&self.reader, id).await?)
    }

    async fn party_key(&self, id: PartyKeyId) -> Result<Option<PartyKey>, ReadError> {
        Ok(parties::key(&self.reader, id).await?)
    }

    async fn party_keys(&self, party: PartyId) -> Result<Vec<PartyKey>, ReadError> {
        Ok(parties::keys(&self.reader, party).await?)
    }

    async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>, ReadError> {
        Ok(webhooks::endpoint(&self.reader, &self.vault, id).await?)
    }

    async fn webhook_endpoints(&self, merchant: Option<MerchantId>) -> Result<Vec<WebhookEndpoint>, ReadError> {
        Ok(webhooks::endpoints(&self.reader, &self.vault, merchant).await?)
    }

    async fn webhook_progress(&self, id: WebhookEndpointId) -> Result<Option<WebhookProgress>, ReadError> {
        Ok(webhooks::progress(&self.reader, id).await?)
    }

    async fn webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        dead: bool,
        limit: u16,
    ) -> Result<Vec<WebhookDelivery>, ReadError> {
        Ok(webhooks::deliveries(&self.reader, id, dead, limit).await?)
    }

    async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<WebhookEndpointId>, ReadError> {
        Ok(webhooks::due(&self.reader, now).await?)
    }

    async fn event(&self, shard: Shard, seq: u64) -> Result<Option<StoredEvent>, ReadError> {
        Ok(webhooks::event(&self.reader, shard, seq).await?)
    }

    async fn event_heads(&self) -> Result<Vec<(Shard, u64)>, ReadError> {
        Ok(webhooks::heads(&self.reader).await?)
    }

    async fn asked_of(&self, rail: &RailId, from: Timestamp, until: Timestamp) -> Result<Vec<Own>, ReadError> {
        Ok(statements::asked_of(&self.reader, self.shards, rail, from, until).await?)
    }

    async fn notice(&self, key: &NoticeKey) -> Result<Option<Notice>, ReadError> {
        Ok(notices::notice(&self.reader, key).await?)
    }

    async fn due_notices(&self, now: Timestamp, limit: u16) -> Result<Vec<Notice>, ReadError> {
        Ok(notices::due_notices(&self.reader, now, limit).await?)
    }

    async fn operations_named(&self, rail: &RailId, reference: &str) -> Result<Vec<OperationId>, ReadError> {
        Ok(notices::operations_named(&self.reader, rail, reference).await?)
    }

    async fn statement(&self, rail: &RailId, id: &StatementId) -> Result<Option<StatementHead>, ReadError> {
        Ok(statements::statement(&self.reader, rail, id).await?)
    }

    async fn statements(&self, rail: &RailId) -> Result<Vec<StatementHead>, ReadError> {
        Ok(statements::statements(&self.reader, rail).await?)
    }

    async fn findings(
        &self,
        rail: &RailId,
        id: &StatementId,
        of: Option<Compared>,
        after: u32,
        limit: u16,
    ) -> Result<Vec<Finding>, ReadError> {
        Ok(statements::findings(&self.reader, rail, id, of, after, limit).await?)
    }

    async fn findings_of(&self, operation: OperationId) -> Result<Vec<Compared>, ReadError> {
        Ok(statements::findings_of(&self.reader, operation).await?)
    }

    async fn awaited(&self, rail: &RailId) -> Result<Vec<OperationId>, ReadError> {
        Ok(statements::awaited(&self.reader, rail).await?)
    }

    async fn ping(&self) -> Result<(), ReadError> {
        Ok(sites::ping(&self.reader).await?)
    }
}
