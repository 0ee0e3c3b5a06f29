//! What goes on without a request: deadlines, resends, inquiries, and what a crash left behind.

use tebura_ledger::{HoldId, OperationKind, OperationState, Timestamp};

use crate::exchange::{Exchange, Stage};
use crate::hub::Hub;
use crate::machine;
use crate::ports::{Delivery, ReadError};

/// Rows taken at a time: a tick stays short and the next one goes on.
const BATCH: u16 = 100;
/// A request that is waiting for its own exchange goes first; the worker takes what is overdue by this.
const GRACE_MS: i64 = 2_000;

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Holds whose deadline was acted on.
    pub expired: usize,
    /// Exchanges that were driven.
    pub driven: usize,
    /// Contracts that were woken.
    pub woken: usize,
    /// Requests from outside that were looked at.
    pub heard: usize,
    /// Requests to services that were taken on.
    pub served: usize,
    /// Templates that were moved into the newest space.
    pub moved: usize,
    /// Requests to services whose time is over, and that were forgotten.
    pub forgotten: usize,
    /// Rows that were deleted, having been kept long enough.
    pub swept: usize,
}

impl Hub {
    /// Acts on every deadline that has passed and drives every exchange that is overdue. Failures are logged and
    /// tried again at the next tick.
    pub async fn tick(&self) -> Result<Tick, ReadError> {
        let now = self.now();
        let overdue = now.plus_ms(-GRACE_MS);
        let driven = self.drive_due(overdue).await?;
        self.tend_proofings(overdue).await?;
        // Before holds expire: what a contract decides at its deadline comes before what a hold does at its own.
        let woken = self.wake_contracts(now).await?;
        let served = self.wake_services(overdue).await?;
        let expired = self.expire_due(now).await?;
        let moved = self.move_templates().await?;
        let forgotten = self.sweep_requests(now).await?;
        let swept = self.sweep_outlived().await?;
        Ok(Tick { driven, woken, served, expired, heard: self.hear_due().await?, moved, forgotten, swept })
    }

    /// Takes up what an earlier process left. `alone`: no other hub process uses this store, so that every send that
    /// was under way was cut off, whatever its lease says.
    pub async fn recover(&self, alone: bool) -> Result<usize, ReadError> {
        let until = if alone { Timestamp::from_millis(i64::MAX) } else { self.now() };
        if alone {
            self.end_webhook_leases().await?;
        }
        self.drive_due(until).await
    }

    async fn drive_due(&self, until: Timestamp) -> Result<usize, ReadError> {
        let due = self.store.due_exchanges(until, BATCH).await?;
        let count = due.len();
        for exchange in due {
            self.take_up(exchange).await;
        }
        Ok(count)
    }

    async fn take_up(&self, mut exchange: Exchange) {
        let now = self.now();
        let operation = exchange.operation;
        if let Stage::Sending { call, attempts } = exchange.stage.clone() {
            let cut_off = Delivery::MaybeDelivered { reason: "the hub stopped while sending".to_owned() };
            machine::after_delivery(&mut exchange, call, attempts, cut_off, now);
            exchange.due_at = now;
            if let Err(error) = self.put(&mut exchange, None, Vec::new()).await {
                tracing::warn!(%operation, %error, "an exchange could not be taken up; it stays due");
                return;
            }
        }
        if let Err(error) = self.drive(exchange, now).await {
            tracing::warn!(%operation, %error, "an exchange could not be driven; it stays due");
        }
    }

    async fn expire_due(&self, now: Timestamp) -> Result<usize, ReadError> {
        let due = self.store.due_holds(now, BATCH).await?;
        let mut expired = 0;
        for hold in due {
            let Some(follow_up) = hold.follow_up(now) else { continue };
            let refused = self.refused_releases(hold.id()).await?;
            if refused.is_some_and(|(times, last)| now < last.plus_ms(ask_again_after_ms(times))) {
                continue;
            }
            match self.follow_up(follow_up).await {
                Ok(()) => expired += 1,
                Err(error) => tracing::warn!(?follow_up, %error, "a hold could not be ended; it stays due"),
            }
        }
        Ok(expired)
    }

    /// How often the rail refused to give a hold's money back, and when last.
    async fn refused_releases(&self, hold: HoldId) -> Result<Option<(u32, Timestamp)>, ReadError> {
        let operations = self.store.operations_of(hold).await?;
        let refused = operations.iter().filter_map(|operation| match (operation.kind(), operation.state()) {
            (OperationKind::Release { .. } | OperationKind::Expire { .. }, OperationState::Failed { at, .. }) => {
                Some(*at)
            }
            (_, _) => None,
        });
        Ok(refused.fold(None, |so_far: Option<(u32, Timestamp)>, at| {
            Some(so_far.map_or((1, at), |(times, last)| (times + 1, last.max(at))))
        }))
    }
}

/// A minute, two, four … up to six hours.
fn ask_again_after_ms(times: u32) -> i64 {
    60_000_i64.saturating_mul(1 << times.saturating_sub(1).min(20)).min(6 * 3_600_000)
}
