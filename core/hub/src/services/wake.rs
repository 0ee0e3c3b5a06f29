//! What requests do by themselves: timers fire, calls are sent again, money that was under way is looked at.

use tebura_ledger::Timestamp;

use super::record::{ServiceRequest, Stage};
use super::step::ServiceEvent;
use crate::hub::Hub;
use crate::ids::ServiceRequestId;
use crate::machine;
use crate::ports::{CommitError, Delivery, ReadError};

/// Requests taken at a time: a tick stays short and the next one goes on.
const BATCH: u16 = 100;

impl Hub {
    /// Takes every request on that is due by `until`.
    pub(crate) async fn wake_services(&self, until: Timestamp) -> Result<usize, ReadError> {
        let due = self.store.due_service_requests(until, BATCH).await?;
        let count = due.len();
        for id in due {
            if let Err(error) = self.wake_request(id).await {
                tracing::warn!(request = %id, %error, "a request to a service could not be taken on; it stays due");
            }
        }
        Ok(count)
    }

    async fn wake_request(&self, id: ServiceRequestId) -> Result<(), CommitError> {
        let unread = |error: ReadError| CommitError::Unavailable { reason: error.reason };
        let Some(mut row) = self.store.service_request(id).await.map_err(unread)? else { return Ok(()) };
        let Some(service) = self.service_of_request(&row.service) else {
            tracing::warn!(request = %id, service = row.service, "the service is not configured any more; the request waits for it");
            return Ok(());
        };
        let now = self.now();
        if cut_off(&mut row, now) {
            match self.put_request(&mut row, Vec::new()).await {
                Err(CommitError::Stale) => return Ok(()),
                stored => stored?,
            }
        }
        self.run_service(&service, row, now).await.map(drop)
    }
}

/// A send whose lease is over was cut off: its bytes may have arrived.
fn cut_off(row: &mut ServiceRequest, now: Timestamp) -> bool {
    let Stage::Sending { call, attempts } = row.progress.stage.clone() else { return false };
    let delivery = Delivery::MaybeDelivered { reason: "the hub stopped while sending".to_owned() };
    let heard = machine::heard(&call.effect, attempts, delivery, row.progress.left);
    row.progress.left |= heard.left;
    match heard.again_after_ms {
        Some(_) => {
            row.due_at = Some(now);
            row.progress.stage = Stage::Outgoing { call, attempts };
        }
        None => row.hear(ServiceEvent::Far(heard.event), now),
    }
    true
}
