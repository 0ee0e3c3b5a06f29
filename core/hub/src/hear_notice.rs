//! Hears what a rail's far end tells unasked. The rail's plugin says whether it is authentic and what it is about; it is kept,
//! and then acted on: at once, by the worker, or after a crash, once or twice, to the same end.
//!
//! | the operation | a hint makes the hub |
//! |---|---|
//! | is not known yet, or a call of it is in flight | look again soon |
//! | waits | tell the rail, which asks its far end |
//! | is unknown, or waits for people | inquire now |
//! | has ended | do nothing |
//!
//! No amount and no result in a hint is believed. Absent: disputes; see `hear_dispute`.

use std::collections::BTreeSet;

use tebura_ledger::{HoldId, Operation, OperationId, RailId, Shard};

use crate::change_hold::ChangeHoldError;
use crate::drive::DriveError;
use crate::exchange::Stage;
use crate::hub::Hub;
use crate::notices::{Inbound, KEPT_MS, News, Notice, NoticeKey, NoticeWrite, Subject};
use crate::perform::PerformError;
use crate::ports::{CommitError, ReadError, Unit, Write};
use crate::rail::{RailError, RailEvent};

/// Whoever took a request acts on it; the worker takes what was left lying.
const LEFT_TO_TAKER_MS: i64 = 2_000;
/// Notices taken up at a time.
const BATCH: u16 = 100;
/// Others move the same row: as often it is read again.
const TRIES: u32 = 4;

/// What became of a request that is authentic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is kept, and to be acted on with [`Hub::act_on_notice`].
    New(NoticeKey),
    /// It came before.
    Before,
    /// Nothing in it concerns the hub.
    Nothing,
}

/// Why a request from outside was not heard. Whoever sent it is told as little as that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HearNoticeError {
    /// No such rail or route, or the rail does not believe it.
    #[error("the request was not taken: nobody here expects it, or it is not signed as it should be")]
    NotTaken,
    #[error("the hub is busy; send it again in {retry_after_ms} ms")]
    Busy { retry_after_ms: u32 },
    #[error("the request could not be kept; send it again ({reason})")]
    Unavailable { reason: String },
}

impl From<ReadError> for HearNoticeError {
    fn from(error: ReadError) -> Self {
        HearNoticeError::Unavailable { reason: error.reason }
    }
}

impl From<CommitError> for HearNoticeError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Busy { retry_after_ms } => HearNoticeError::Busy { retry_after_ms },
            CommitError::KeyReused
            | CommitError::Refused(_)
            | CommitError::Stale
            | CommitError::Rejected { .. }
            | CommitError::Unavailable { .. } => HearNoticeError::Unavailable { reason: error.to_string() },
        }
    }
}

impl Hub {
    /// Takes a request from outside. When it returns [`Heard::New`] the news are durable, and nothing has been done yet.
    pub async fn hear_notice(&self, name: &RailId, request: Inbound) -> Result<Heard, HearNoticeError> {
        let rail = self.rail(name).ok_or(HearNoticeError::NotTaken)?;
        let expected = rail.inbound().is_some_and(|grant| grant.routes.contains(&request.route));
        if !expected {
            return Err(HearNoticeError::NotTaken);
        }
        let now = self.now();
        let news = rail.identify(&request, now).await.map_err(|error| not_heard(name, error))?;
        if news.is_empty() {
            return Ok(Heard::Nothing);
        }
        // After the signature: whoever cannot sign does not learn what came before.
        let key = NoticeKey::of(name, &request);
        if self.store.notice(&key).await?.is_some() {
            return Ok(Heard::Before);
        }
        let due_at = Some(now.plus_ms(LEFT_TO_TAKER_MS));
        let notice = Notice { key: key.clone(), request, news, at: now, due_at, looks: 0 };
        let forgotten = NoticeWrite::Forgotten { before: now.plus_ms(-KEPT_MS) };
        self.write_notices(&key, vec![NoticeWrite::Kept(notice), forgotten]).await?;
        Ok(Heard::New(key))
    }

    /// Acts on the news of a request, as far as that can be done now. True: nothing is left.
    pub async fn act_on_notice(&self, key: &NoticeKey) -> Result<bool, HearNoticeError> {
        match self.store.notice(key).await? {
            Some(notice) if notice.due_at.is_some() => self.act_on(notice).await,
            Some(_) | None => Ok(true),
        }
    }

    /// Acts on what was left lying and on what had to wait.
    pub(crate) async fn hear_due(&self) -> Result<usize, ReadError> {
        let due = self.store.due_notices(self.now(), BATCH).await?;
        let count = due.len();
        for notice in due {
            let rail = notice.key.rail.clone();
            if let Err(error) = self.act_on(notice).await {
                tracing::warn!(%rail, %error, "a notice could not be acted on; it stays due");
            }
        }
        Ok(count)
    }

    async fn act_on(&self, mut notice: Notice) -> Result<bool, HearNoticeError> {
        let rail = notice.key.rail.clone();
        let mut open = Vec::new();
        for news in std::mem::take(&mut notice.news) {
            match self.act_on_news(&rail, &notice.request, &news).await {
                Ok(true) => {}
                Ok(false) => open.push(news),
                Err(error) => {
                    tracing::warn!(%rail, %error, "news could not be acted on; they are looked at again");
                    open.push(news);
                }
            }
        }
        notice.looked_at(open, self.now());
        let done = notice.news.is_empty();
        if !done && notice.due_at.is_none() {
            tracing::error!(%rail, news = ?notice.news, "nobody here knows what these news are about; people have to look");
        }
        let key = notice.key.clone();
        self.write_notices(&key, vec![NoticeWrite::Kept(notice)]).await?;
        Ok(done)
    }

    async fn write_notices(&self, key: &NoticeKey, writes: Vec<NoticeWrite>) -> Result<(), HearNoticeError> {
        let shards = u8::try_from(self.store.shards() - 1).unwrap_or(u8::MAX);
        let shard = Shard::new(if shards == u8::MAX { key.digest[0] } else { key.digest[0] % (shards + 1) });
        let writes = writes.into_iter().map(Write::Notice).collect();
        self.store.commit(shard, self.now(), Unit { writes, ..Unit::default() }).await?;
        Ok(())
    }

    /// Whether all is done that news ask for. False: it is too early.
    async fn act_on_news(&self, rail: &RailId, request: &Inbound, news: &News) -> Result<bool, ChangeHoldError> {
        match news {
            News::Progress(subject) => {
                let Some(named) = self.named_by(rail, subject).await? else { return Ok(true) };
                let mut done = !named.is_empty();
                for operation in self.open_beside(named).await? {
                    done &= self.nudge(rail, operation, request).await?;
                }
                Ok(done)
            }
            News::DisputeOpened(dispute) => self.hear_dispute(rail, dispute, None).await,
            News::DisputeWon(dispute) => self.hear_dispute(rail, dispute, Some(false)).await,
            News::DisputeLost(dispute) => self.hear_dispute(rail, dispute, Some(true)).await,
        }
    }

    /// The operations of a rail that a far end means; empty: none yet. `None`: it means none of this hub's.
    pub(crate) async fn named_by(
        &self,
        rail: &RailId,
        subject: &Subject,
    ) -> Result<Option<Vec<Operation>>, ChangeHoldError> {
        let ids = match subject {
            Subject::Operation(text) => match text.parse::<OperationId>() {
                Ok(id) => vec![id],
                // Far ends serve others too.
                Err(_) => return Ok(None),
            },
            Subject::Reference(reference) => self.store.operations_named(rail, reference).await?,
        };
        let mut named = Vec::new();
        for id in ids {
            let Some(operation) = self.store.operation(id).await? else { continue };
            let Some(hold) = operation.hold() else { return Ok(None) };
            match self.store.hold(hold).await? {
                Some(hold) if hold.rail() == rail => named.push(operation),
                // One rail has no say about another's.
                Some(_) | None => return Ok(None),
            }
        }
        Ok(Some(named))
    }

    /// Of named operations those that are open; for one that has ended, what is open on its hold.
    async fn open_beside(&self, named: Vec<Operation>) -> Result<BTreeSet<OperationId>, ReadError> {
        let mut open: BTreeSet<OperationId> = BTreeSet::new();
        let mut holds: BTreeSet<HoldId> = BTreeSet::new();
        for operation in named {
            match operation.hold() {
                Some(hold) if operation.state().is_final() => drop(holds.insert(hold)),
                Some(_) | None => drop(open.insert(operation.id())),
            }
        }
        for hold in holds {
            let operations = self.store.operations_of(hold).await?;
            open.extend(operations.iter().filter(|row| !row.state().is_final()).map(Operation::id));
        }
        Ok(open)
    }

    /// Makes an operation go on. False: a call of it is in flight, and what comes of that is waited for.
    async fn nudge(&self, rail: &RailId, operation: OperationId, request: &Inbound) -> Result<bool, ChangeHoldError> {
        for _ in 0..TRIES {
            let Some(mut exchange) = self.store.exchange(operation).await? else { return Ok(true) };
            match exchange.stage {
                Stage::Outgoing { .. } | Stage::Sending { .. } | Stage::Arrived { .. } => return Ok(false),
                Stage::Finished => return Ok(true),
                Stage::Unknown | Stage::Stuck => {
                    self.hint(rail, operation).await?;
                    return Ok(true);
                }
                Stage::Waiting => {}
            }
            exchange.due_at = self.now();
            exchange.stage = Stage::Arrived { event: RailEvent::Notice(request.clone()), failures: 0 };
            match self.put(&mut exchange, None, Vec::new()).await {
                Ok(()) => {
                    let now = self.now();
                    self.drive(exchange, now).await.map_err(PerformError::from)?;
                    return Ok(true);
                }
                Err(DriveError::Commit(CommitError::Stale)) => {}
                Err(error) => return Err(PerformError::from(error).into()),
            }
        }
        Ok(false)
    }
}

fn not_heard(rail: &RailId, error: RailError) -> HearNoticeError {
    match error {
        RailError::Busy { retry_after_ms } => HearNoticeError::Busy { retry_after_ms },
        RailError::Fault(fault) => {
            tracing::warn!(%rail, code = fault.code, "a request from outside was not believed");
            HearNoticeError::NotTaken
        }
        RailError::Trapped { .. } | RailError::Revoked { .. } | RailError::Stopped { .. } => {
            tracing::warn!(%rail, %error, "a request from outside could not be looked at");
            HearNoticeError::Unavailable { reason: "the rail cannot look at it now".to_owned() }
        }
    }
}
