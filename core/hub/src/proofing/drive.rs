//! Drives a session between plugin and far end, by the rules of the rails for sending; and what the worker does with
//! sessions that nobody asks about. Any process may drive any session: the row's revision lets one of them win.

use tebura_ledger::Timestamp;

use super::accept::accept;
use super::begin::kv_writes;
use super::prover::ProofEvent;
use super::record::{Proofing, ProofingStage};
use crate::digest;
use crate::exchange::Stage;
use crate::hub::Hub;
use crate::individual_number;
use crate::machine;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, Delivery, Outgoing, ReadError, Unit, Write};
use crate::rail::{Effect, Fault, HttpCall, KvWrite, RailError, RailEvent};

/// Sessions taken at a time.
const BATCH: u16 = 100;
/// A proof whose card is another person's.
const OTHER_PERSON: &str = "proofing.already_another_person";

impl Hub {
    /// Drives a session until it is over, asks the person something, or has to wait for longer than `patience`.
    pub(super) async fn drive_proofing(&self, mut row: Proofing, patience: Timestamp) -> Result<Proofing, CommitError> {
        loop {
            let now = self.now();
            let ProofingStage::Talking(stage) = row.stage.clone() else { return Ok(row) };
            let rests = !matches!(stage, Stage::Sending { .. }) && row.due_at.is_some_and(|due| due > now);
            if let Some(due) = row.due_at.filter(|_| rests) {
                if due > patience {
                    return Ok(row);
                }
                self.clock.wait_until(due).await;
                continue;
            }
            let moved = match stage {
                Stage::Outgoing { call, attempts } => self.proofing_resend(&mut row, call, attempts, now).await,
                Stage::Sending { call, attempts } => self.proofing_send(&mut row, call, attempts).await,
                Stage::Arrived { event, failures } => self.proofing_tell(&mut row, event, failures).await,
                Stage::Waiting => self.proofing_tell(&mut row, RailEvent::Timer, 0).await,
                Stage::Unknown | Stage::Stuck | Stage::Finished => return Ok(row),
            };
            match moved {
                Ok(()) => {}
                // Another process drives it.
                Err(CommitError::Stale) => return self.proofing_again(&row).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn proofing_again(&self, row: &Proofing) -> Result<Proofing, CommitError> {
        let gone = || CommitError::Unavailable { reason: "the proofing is gone".to_owned() };
        self.store.proofing(row.id).await.map_err(unread)?.ok_or_else(gone)
    }

    async fn proofing_resend(
        &self,
        row: &mut Proofing,
        call: HttpCall,
        attempts: u32,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        if machine::is_stale(&call, now) {
            let reason = "the signed call went stale before it could be sent".to_owned();
            let event = RailEvent::Silence { maybe_delivered: row.left, reason };
            talk(row, Stage::Arrived { event, failures: 0 }, now);
        } else {
            let due = machine::lease_until(&call, now);
            talk(row, Stage::Sending { call, attempts: attempts + 1 }, due);
        }
        self.put_again(row).await
    }

    async fn proofing_send(&self, row: &mut Proofing, call: HttpCall, attempts: u32) -> Result<(), CommitError> {
        let outgoing = Outgoing { plugin: row.plugin.clone(), key: call_key(row), call };
        let delivery = self.egress.send(&outgoing).await;
        let (once, now) = (matches!(outgoing.call.effect, Effect::Once), self.now());
        let arrived = delivered(row, outgoing.call, attempts, delivery, now);
        // What the plugin makes of a reply is stored instead of it, save where the call cannot be repeated: a platform
        // operator's reply may hold a person's data.
        if arrived && !once { Ok(()) } else { self.put_again(row).await }
    }

    async fn proofing_tell(&self, row: &mut Proofing, event: RailEvent, failures: u32) -> Result<(), CommitError> {
        let now = self.now();
        let Some(prover) = self.prover(&row.plugin) else {
            row.undecided("proofing.plugin_gone", format!("the plugin {} is not installed any more", row.plugin.0));
            return self.put_again(row).await;
        };
        let told = ProofEvent::Far(event.clone());
        let step = prover.resume(&row.session(now), &row.state, &told).await;
        row.digest = prover.descriptor().digest;
        let before = row.revision;
        let kv = match step {
            Ok(step) => accept(row, Some(&told), step, now),
            Err(RailError::Busy { retry_after_ms }) => {
                talk(row, Stage::Arrived { event, failures }, now.plus_ms(i64::from(retry_after_ms)));
                Vec::new()
            }
            Err(RailError::Trapped { .. }) if failures == 0 => {
                talk(row, Stage::Arrived { event, failures: 1 }, now);
                Vec::new()
            }
            Err(error) => {
                let fault = machine::fault_of(&error);
                row.undecided(&fault.code, individual_number::hidden(&fault.message).into_owned());
                Vec::new()
            }
        };
        self.put_proofing(row, before, kv, None).await.map(drop)
    }

    async fn put_again(&self, row: &mut Proofing) -> Result<(), CommitError> {
        let before = row.revision;
        self.put_proofing(row, before, Vec::new(), None).await.map(drop)
    }

    /// Stores a session that was read at revision `before`. A card that is known as another person's proves nothing.
    /// Returns what the key had made before, if it was used.
    pub(super) async fn put_proofing(
        &self,
        row: &mut Proofing,
        before: u32,
        kv: Vec<KvWrite>,
        key: Option<KeyRequest>,
    ) -> Result<Option<String>, CommitError> {
        row.revision = before + 1;
        let mut writes = kv_writes(&row.plugin, kv);
        if let ProofingStage::Proven(proof) = &row.stage
            && let Some(link) = proof.link
        {
            match self.store.proof_link(&link).await.map_err(unread)? {
                None => writes.push(Write::ProofLink { link, person: row.person }),
                Some(person) if person == row.person => {}
                Some(_) => {
                    let message = "this card has proven another person before; a person is enrolled once".to_owned();
                    row.end(ProofingStage::Refused(Fault { code: OTHER_PERSON.to_owned(), message }));
                }
            }
        }
        writes.push(Write::Proofing { proofing: row.clone(), expected: before });
        let unit = Unit { key: key.map(|key| key.claim(row.id)), writes, ..Unit::default() };
        match self.store.commit(row.person.shard(), self.now(), unit).await? {
            Committed::Done(_) => {
                if matches!(row.stage, ProofingStage::Proven(_) | ProofingStage::Refused(_)) {
                    self.tell_galleries(row.person).await;
                }
                Ok(None)
            }
            Committed::Replayed { target } => Ok(Some(target)),
        }
    }

    /// Takes up sessions that are overdue. Failures are logged and tried again at the next tick.
    pub(crate) async fn tend_proofings(&self, until: Timestamp) -> Result<usize, ReadError> {
        let due = self.store.due_proofings(until, BATCH).await?;
        let count = due.len();
        for id in due {
            let Some(row) = self.store.proofing(id).await? else { continue };
            if let Err(error) = self.tend_proofing(row).await {
                tracing::warn!(proofing = %id, %error, "a proofing could not be driven; it stays due");
            }
        }
        Ok(count)
    }

    async fn tend_proofing(&self, mut row: Proofing) -> Result<(), CommitError> {
        let now = self.now();
        if matches!(&row.stage, ProofingStage::Challenged(challenge) if now >= challenge.expires) {
            row.end(ProofingStage::Expired);
            return self.put_again(&mut row).await;
        }
        if let ProofingStage::Talking(Stage::Sending { call, attempts }) = row.stage.clone() {
            let cut_off = Delivery::MaybeDelivered { reason: "the hub stopped while sending".to_owned() };
            delivered(&mut row, call, attempts, cut_off, now);
            self.put_again(&mut row).await?;
        }
        self.drive_proofing(row, now).await.map(drop)
    }
}

/// What became of a send; whether the plugin is told.
fn delivered(row: &mut Proofing, call: HttpCall, attempts: u32, delivery: Delivery, now: Timestamp) -> bool {
    let heard = machine::heard(&call.effect, attempts, delivery, row.left);
    row.left |= heard.left;
    match heard.again_after_ms {
        Some(pause) => talk(row, Stage::Outgoing { call, attempts }, now.plus_ms(pause)),
        None => talk(row, Stage::Arrived { event: heard.event, failures: 0 }, now),
    }
    heard.again_after_ms.is_none()
}

fn talk(row: &mut Proofing, stage: Stage, due: Timestamp) {
    row.stage = ProofingStage::Talking(stage);
    row.due_at = Some(due);
}

/// The hub's key for a call: the same for every resend of its bytes.
fn call_key(row: &Proofing) -> String {
    digest::short(format!("tebura proofing {} {}", row.id, row.ordinal))
}

fn unread(error: ReadError) -> CommitError {
    CommitError::Unavailable { reason: error.reason }
}
