//! Forgets requests whose time is over, as the operator configured it. What still waits, or holds money, stays until it ended.

use std::sync::atomic::Ordering;

use tebura_ledger::{Status, Timestamp};

use super::record::{ServiceRequest, ServiceWrite, Stage};
use crate::hub::Hub;
use crate::ids::ServiceRequestId;
use crate::ports::{CommitError, Page, ReadError, Unit, Write};

/// Requests read at a time.
const BATCH: u16 = 100;
/// Requests of one service looked at in a row: a tick stays short.
const MOST: usize = 1_000;
/// A request is forgotten at most so much later than it may be kept.
const PAUSE_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

impl Hub {
    /// Forgets what is over, once an hour, and without a pause while there is more.
    pub(crate) async fn sweep_requests(&self, now: Timestamp) -> Result<usize, ReadError> {
        if now.millis() < self.swept_until.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let (mut forgotten, mut more) = (0, false);
        for service in self.all_services().into_iter().chain(self.former_services()) {
            let Some(days) = service.config.keep_days else { continue };
            let (count, is_more) = self.sweep(service.id(), now.plus_ms(-i64::from(days) * DAY_MS)).await?;
            forgotten += count;
            more |= is_more;
        }
        let next = if more && forgotten > 0 { now } else { now.plus_ms(PAUSE_MS) };
        self.swept_until.store(next.millis(), Ordering::Relaxed);
        Ok(forgotten)
    }

    /// How many were forgotten, and whether there may be more.
    async fn sweep(&self, service: &str, before: Timestamp) -> Result<(usize, bool), ReadError> {
        let (mut after, mut looked, mut forgotten) = (None, 0, 0);
        while looked < MOST {
            let ids = self.store.requests_of_service(service, Page { after, limit: BATCH }).await?;
            for id in &ids {
                // Of an erased person nothing is read: her key took it along.
                let Some(row) = self.store.service_request(*id).await? else { continue };
                if row.asked.at > before {
                    return Ok((forgotten, false));
                }
                if self.is_over(&row).await? && self.forget(*id, row.revision).await {
                    forgotten += 1;
                }
            }
            looked += ids.len();
            after = ids.last().copied();
            if ids.len() < usize::from(BATCH) {
                return Ok((forgotten, false));
            }
        }
        Ok((forgotten, true))
    }

    async fn is_over(&self, row: &ServiceRequest) -> Result<bool, ReadError> {
        if !matches!(row.progress.stage, Stage::Done | Stage::Failed { .. }) {
            return Ok(false);
        }
        for own in &row.progress.holds {
            let Some(hold) = self.store.hold(own.hold).await? else { continue };
            let ended = matches!(hold.status(), Status::Captured | Status::Released | Status::Expired | Status::Failed);
            if !ended {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn forget(&self, request: ServiceRequestId, expected: u32) -> bool {
        let writes = vec![Write::Service(ServiceWrite::Forget { request, expected })];
        match self.store.commit(request.shard(), self.now(), Unit { writes, ..Unit::default() }).await {
            Ok(_) => true,
            // Another process was there first.
            Err(CommitError::Stale) => false,
            Err(error) => {
                tracing::warn!(%request, %error, "a request whose time is over could not be forgotten; it is tried again");
                false
            }
        }
    }
}
