//! What happens to a contract is written together with what follows from it, where everything that follows is in the
//! hub's own books: one transaction, all of it or nothing. What another rail has to be asked is done afterwards.

use std::collections::BTreeSet;

use tebura_contract::{Effect, Event};
use tebura_ledger::{Command, HoldId, Settle, Verdict};

use super::effect::Prepared;
use super::record::{Happened, OpenGroup};
use super::report::{Report, told};
use crate::hub::Hub;
use crate::ports::{CommitError, Committed, KeyClaim, ReadError, Unit};

impl Hub {
    /// Writes what happened, and does at once what can be done in the same transaction.
    pub(super) async fn write_report(
        &self,
        mut report: Report<'_>,
        key: Option<KeyClaim>,
    ) -> Result<Committed, CommitError> {
        let shard = report.record.id.shard();
        let now = report.now;
        let plain = report.plain_writes();
        let unread = |error: ReadError| CommitError::Unavailable { reason: error.reason };
        let ledger = self.do_at_once(&mut report).await.map_err(unread)?;
        if !ledger.is_empty() {
            let unit = Unit { key: key.clone(), ledger, writes: report.writes() };
            match self.store.commit(shard, now, unit).await {
                // The books refuse one of the effects: each is then tried by itself, and the contract told which.
                Err(CommitError::Refused(refusal)) => {
                    tracing::info!(%refusal, "the effects of a contract could not be written together");
                }
                answer => return answer,
            }
        }
        self.store.commit(shard, now, Unit { key, writes: plain, ..Unit::default() }).await
    }

    /// The ledger commands of every group that can be done at once; the report then says that it was.
    async fn do_at_once(&self, report: &mut Report<'_>) -> Result<Vec<Command>, ReadError> {
        let mut ledger = Vec::new();
        let mut touched: BTreeSet<HoldId> = BTreeSet::new();
        let mut passed: BTreeSet<u32> = BTreeSet::new();
        while let Some(group) =
            report.record.progress.open.iter().find(|group| !passed.contains(&group.number)).cloned()
        {
            passed.insert(group.number);
            let Some(prepared) = self.prepare_group(report, &group).await? else { continue };
            if prepared.iter().any(|prepared| !touched.insert(prepared.hold)) {
                continue;
            }
            ledger.extend(prepared.into_iter().flat_map(commands));
            report.record.progress.open.retain(|open| open.number != group.number);
            let mut places = false;
            for effect in &group.effects {
                let Effect::Place { leg, .. } = effect else { continue };
                places = true;
                report.note(Happened::Held { leg: leg.clone() });
                told(report, &Event::LegHeld { leg: leg.clone() });
            }
            if !places {
                report.note(Happened::Done { group: group.number });
                told(report, &Event::GroupDone { group: group.number });
            }
        }
        Ok(ledger)
    }

    /// The operations of a group that was never tried, when each is in the books and the shard of the contract.
    async fn prepare_group(&self, report: &Report<'_>, group: &OpenGroup) -> Result<Option<Vec<Prepared>>, ReadError> {
        if group.tries > 0 || !group.done.is_empty() {
            return Ok(None);
        }
        let mut prepared = Vec::with_capacity(group.effects.len());
        for effect in &group.effects {
            match self.prepare(report.contract, report.record, effect).await? {
                Some(one) if one.hold.shard() == report.record.id.shard() => prepared.push(one),
                Some(_) | None => return Ok(None),
            }
        }
        Ok(Some(prepared))
    }
}

/// In the hub's own books an operation settles where it begins.
fn commands(prepared: Prepared) -> [Command; 2] {
    let Prepared { hold, operation, amount, begin } = prepared;
    let verdict = Verdict::Settled { reference: operation.to_string(), amount };
    [begin, Command::Settle(Settle { hold, operation, verdict })]
}
