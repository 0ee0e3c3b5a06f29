//! Services and their requests as a caller may see them.

use std::sync::Arc;

use tebura_ledger::{Money, Timestamp};

use super::accept::pin_is_needed;
use super::ask::ServiceError;
use super::instance::ServiceInstance;
use super::record::{ServiceRequest, Stage};
use super::step::LedgerStep;
use crate::hub::Hub;
use crate::ids::{MerchantId, ServiceRequestId};
use crate::ports::{Caller, Page, ReadError};
use crate::rail::Fault;

/// What became of a request so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceStatus {
    Done,
    /// The service waits, for a time or for something to be said. `output` says what it answered so far.
    Open,
    /// Under way, or a rail has not told yet.
    Pending,
    /// The person is to agree first.
    ConsentNeeded(ConsentNeeded),
    /// It ended, and what it still held went back.
    Failed(Fault),
}

/// What a person is to agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentNeeded {
    /// All holds of the request together: what the consent has to cover.
    pub up_to: Money,
    /// Of this one.
    pub amount: Money,
    pub payee: Option<MerchantId>,
    /// What it is for, in the service's words.
    pub memo: String,
    pub with_pin: bool,
    /// Later nobody is asked any more, and no money moves.
    pub until: Option<Timestamp>,
}

/// A request with what a terminal may show.
#[derive(Clone, Debug)]
pub struct ServiceAnswer {
    pub request: ServiceRequest,
    pub status: ServiceStatus,
    /// First character and marks; only when somebody was recognised.
    pub masked_name: Option<String>,
    pub replayed: bool,
}

impl Hub {
    /// The services that a caller may use, by name.
    pub fn services(&self, caller: &Caller) -> Vec<Arc<ServiceInstance>> {
        self.all_services().into_iter().filter(|service| is_visible(caller, service.config.merchant)).collect()
    }

    /// A service, when the caller may use it.
    pub fn visible_service(&self, caller: &Caller, id: &str) -> Result<Arc<ServiceInstance>, ServiceError> {
        let service = self.service(id).filter(|service| is_visible(caller, service.config.merchant));
        service.ok_or_else(|| ServiceError::ServiceNotFound(id.to_owned()))
    }

    /// Requests to a service that a caller may see, oldest first, and how far was read; those of erased people are gone.
    pub async fn service_requests(
        &self,
        caller: &Caller,
        service: &str,
        page: Page<ServiceRequestId>,
    ) -> Result<(Vec<ServiceAnswer>, Option<ServiceRequestId>), ServiceError> {
        // Those of a service that was taken away are the merchant's as long as they are kept.
        let own = self.service_of_request(service).filter(|own| is_visible(caller, own.config.merchant));
        let service = own.ok_or_else(|| ServiceError::ServiceNotFound(service.to_owned()))?;
        let ids = self.store.requests_of_service(service.id(), page).await?;
        let mut answers = Vec::new();
        for id in &ids {
            let row = self.store.service_request(*id).await?;
            if let Some(row) = row.filter(|row| is_visible(caller, row.merchant)) {
                answers.push(self.service_answer(&service, row, false).await?);
            }
        }
        Ok((answers, ids.last().copied().filter(|_| ids.len() == usize::from(page.limit))))
    }

    /// A request as it stands, without moving it.
    pub async fn service_request(&self, caller: &Caller, id: ServiceRequestId) -> Result<ServiceAnswer, ServiceError> {
        let (service, row) = self.visible_request(caller, id).await?;
        self.service_answer(&service, row, false).await
    }

    pub(super) async fn visible_request(
        &self,
        caller: &Caller,
        id: ServiceRequestId,
    ) -> Result<(Arc<ServiceInstance>, ServiceRequest), ServiceError> {
        let row = self.store.service_request(id).await?;
        let row = row.filter(|row| is_visible(caller, row.merchant)).ok_or(ServiceError::RequestNotFound(id))?;
        let service = self.service_of_request(&row.service);
        let service = service.ok_or_else(|| ServiceError::ServiceNotFound(row.service.clone()))?;
        Ok((service, row))
    }

    pub(super) async fn service_answer(
        &self,
        service: &ServiceInstance,
        request: ServiceRequest,
        replayed: bool,
    ) -> Result<ServiceAnswer, ServiceError> {
        let masked_name = match request.asked.person {
            Some(person) => self.masked(person).await?,
            None => None,
        };
        let mut status = status(service, &request);
        if let (ServiceStatus::ConsentNeeded(needed), Some(person)) = (&mut status, request.asked.person) {
            needed.with_pin |= self.minor_alone(&request.asked, person).await?;
        }
        Ok(ServiceAnswer { status, request, masked_name, replayed })
    }

    async fn masked(&self, person: crate::ids::PersonId) -> Result<Option<String>, ReadError> {
        Ok(self.store.person(person).await?.map(|person| person.masked_name()))
    }
}

fn status(service: &ServiceInstance, row: &ServiceRequest) -> ServiceStatus {
    match &row.progress.stage {
        Stage::Done => ServiceStatus::Done,
        Stage::Failed { fault } => ServiceStatus::Failed(fault.clone()),
        Stage::Waiting => ServiceStatus::Open,
        Stage::AwaitingConsent { step: LedgerStep::Hold { payee, amount, memo, .. } } => {
            let total = row.progress.held_with(*amount);
            ServiceStatus::ConsentNeeded(ConsentNeeded {
                up_to: Money::new(total, amount.currency()),
                amount: *amount,
                payee: service.config.payees.get(payee).copied(),
                memo: memo.clone(),
                with_pin: pin_is_needed(service, row, total),
                until: row.due_at,
            })
        }
        Stage::AwaitingConsent { .. }
        | Stage::Arrived { .. }
        | Stage::Outgoing { .. }
        | Stage::Sending { .. }
        | Stage::Moving { .. }
        | Stage::GivingBack { .. } => ServiceStatus::Pending,
    }
}

pub(super) fn is_visible(caller: &Caller, merchant: MerchantId) -> bool {
    match caller {
        Caller::Operator => true,
        Caller::Merchant(own) => *own == merchant,
    }
}
