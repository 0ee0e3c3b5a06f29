//! Tells a request that waits something: a bill, "she leaves".

use serde_json::Value;

use super::ask::{PATIENCE_MS, ServiceError};
use super::look::ServiceAnswer;
use super::record::{Happened, Stage};
use super::run::{Telling, Told};
use super::step::ServiceEvent;
use crate::hub::Hub;
use crate::ids::ServiceRequestId;
use crate::individual_number;
use crate::perform::KeyRequest;
use crate::ports::{Caller, CommitError};

/// Something to tell a request.
#[derive(Clone, Debug)]
pub struct TellService {
    pub caller: Caller,
    pub request: ServiceRequestId,
    /// One of the action's.
    pub name: String,
    pub input: Value,
}

impl Hub {
    /// Tells a waiting request something. A repeat with the same key tells it once.
    pub async fn tell_service(&self, key: KeyRequest, tell: TellService) -> Result<ServiceAnswer, ServiceError> {
        let TellService { caller, request: id, name, input } = tell;
        let (service, mut row) = self.visible_request(&caller, id).await?;
        if let Some(made) = self.made_before::<ServiceError>(&key).await? {
            return self.repeat_request(&made).await;
        }
        let messages = service.actions.get(&row.asked.action).map(|action| &action.messages);
        let schema = messages.and_then(|messages| messages.get(&name)).ok_or_else(|| {
            let known = messages.into_iter().flat_map(|messages| messages.keys().cloned()).collect::<Vec<_>>();
            ServiceError::MessageUnknown { name: name.clone(), known: known.join(", ") }
        })?;
        if individual_number::is_in_json(&input) {
            return Err(ServiceError::IndividualNumber);
        }
        let problems = schema.problems(&input);
        if !problems.is_empty() {
            return Err(ServiceError::InputInvalid { problems });
        }
        if !matches!(row.progress.stage, Stage::Waiting) {
            return Err(ServiceError::NotWaiting);
        }
        let now = self.now();
        row.progress.note(now, Happened::Message { name: name.clone() });
        let event = Some(ServiceEvent::Message { name, input: input.to_string() });
        match self.tell_plugin(&service, &mut row, Telling { event, failures: 0, key: Some(key) }).await {
            Ok(Told::Stored) => {
                let row = self.run_service(&service, row, now.plus_ms(PATIENCE_MS)).await?;
                self.service_answer(&service, row, false).await
            }
            Ok(Told::Replayed(target)) => self.repeat_request(&target).await,
            // It moved on meanwhile.
            Err(CommitError::Stale) => Err(ServiceError::NotWaiting),
            Err(error) => Err(error.into()),
        }
    }
}
