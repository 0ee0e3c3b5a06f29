//! Takes a person's word on money that a request is to hold.

use super::accept::{begin_moving, consented};
use super::admit::GivenConsent;
use super::ask::{PATIENCE_MS, ServiceError};
use super::look::ServiceAnswer;
use super::record::{Happened, Stage};
use super::step::LedgerStep;
use crate::hub::Hub;
use crate::ids::ServiceRequestId;
use crate::ports::{Caller, CommitError};
use crate::rail::Fault;
use tebura_ledger::Money;

/// What the person said.
#[derive(Clone, Debug)]
pub enum ConsentAnswer {
    Agreed(GivenConsent),
    Refused,
}

impl Hub {
    /// Takes a consent, or a refusal. Said again after it counted, it changes nothing.
    pub async fn consent_to_service(
        &self,
        caller: &Caller,
        id: ServiceRequestId,
        answer: ConsentAnswer,
    ) -> Result<ServiceAnswer, ServiceError> {
        let (service, mut row) = self.visible_request(caller, id).await?;
        let now = self.now();
        let Stage::AwaitingConsent { step } = row.progress.stage.clone() else {
            return self.service_answer(&service, row, true).await;
        };
        let stored = match answer {
            ConsentAnswer::Refused => {
                let message = "the person did not agree".to_owned();
                let fault = Fault { code: "consent.refused".to_owned(), message };
                self.not_moved(&mut row, &step, fault, now).await
            }
            ConsentAnswer::Agreed(given) => {
                let consent = self.consent_of(&service, &row.asked, given).await?;
                row.progress.note(now, Happened::Consented { up_to: consent.up_to, with_pin: consent.with_pin });
                row.progress.consents.push(consent);
                if !consented(&service, &row, &step) {
                    let total = match &step {
                        LedgerStep::Hold { amount, .. } => row.progress.held_with(*amount),
                        LedgerStep::Capture { .. } | LedgerStep::Release { .. } | LedgerStep::Refund { .. } => 0,
                    };
                    let needed = Money::new(total, service.config.currency);
                    return Err(ServiceError::ConsentTooSmall { needed });
                }
                begin_moving(&mut row, step, now);
                self.put_request(&mut row, Vec::new()).await
            }
        };
        match stored {
            Ok(()) => {
                let row = self.run_service(&service, row, now.plus_ms(PATIENCE_MS)).await?;
                self.service_answer(&service, row, false).await
            }
            // Somebody else said it first, or time ran out.
            Err(CommitError::Stale) => self.service_request(caller, id).await,
            Err(error) => Err(error.into()),
        }
    }
}
