//! Drives a request: tell the plugin, store what it decided, send or move what was stored. Stops where something has to be
//! waited for; the worker goes on later. Any process may drive any request: the row's revision lets one of them win.

use tebura_ledger::{Event, EventKind, Timestamp};

use super::accept::{Accepted, accept};
use super::descriptor::Claim;
use super::instance::ServiceInstance;
use super::perform::{Move, step_key};
use super::record::{CountedAsk, Happened, OwnHold, ServiceRequest, ServiceWrite, Stage};
use super::step::{LedgerStep, ServiceCall, ServiceEvent};
use crate::digest;
use crate::gallery_rules::Admission;
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::machine;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, Outgoing, ReadError, Unit, Write};
use crate::rail::{Effect, Fault, HttpCall, RailError, RailEvent};

/// Turns of a drive: more than a request has steps.
const ROUNDS: usize = 500;
/// Tries of a step whose keys somebody else wrote first; from the second on the others wait.
const TRIES: usize = 8;
/// When to come back who could not be served for the others.
const BUSY_MS: u32 = 200;

/// Something to tell the plugin, and whose key it is told under.
pub(super) struct Telling {
    pub(super) event: Option<ServiceEvent>,
    pub(super) failures: u32,
    pub(super) key: Option<KeyRequest>,
}

/// How telling went.
#[derive(Debug)]
pub(super) enum Told {
    /// The step is stored.
    Stored,
    /// The key was used before, for this request.
    Replayed(String),
}

impl Hub {
    /// Drives a request until it ends or has to wait for longer than `patience`. Returns it as it stands then.
    pub(super) async fn run_service(
        &self,
        service: &ServiceInstance,
        mut row: ServiceRequest,
        patience: Timestamp,
    ) -> Result<ServiceRequest, CommitError> {
        for _ in 0..ROUNDS {
            let now = self.now();
            if let Some(due) = self.rests_until(&row, now) {
                if due > patience || row.progress.output.is_some() || is_for_people(&row) {
                    return Ok(row);
                }
                self.clock.wait_until(due).await;
                continue;
            }
            if matches!(row.progress.stage, Stage::Done | Stage::Failed { .. }) {
                return Ok(row);
            }
            match self.turn(service, &mut row, now).await {
                Ok(()) => {}
                // Another process drives it, or somebody told it something.
                Err(CommitError::Stale) => {
                    let gone = || CommitError::Unavailable { reason: "the request is gone".to_owned() };
                    return self.store.service_request(row.id).await.map_err(unread)?.ok_or_else(gone);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(row)
    }

    /// Until when there is nothing to do; `None`: there is something now, or nothing ever.
    fn rests_until(&self, row: &ServiceRequest, now: Timestamp) -> Option<Timestamp> {
        let due = row.due_at.filter(|due| *due > now)?;
        match &row.progress.stage {
            // Begun by whoever drives: the time in the row is for others.
            Stage::Sending { .. } | Stage::Moving { tries: 0, .. } | Stage::GivingBack { tries: 0, .. } => None,
            Stage::Arrived { .. }
            | Stage::Outgoing { .. }
            | Stage::AwaitingConsent { .. }
            | Stage::Moving { .. }
            | Stage::Waiting
            | Stage::GivingBack { .. } => Some(due),
            Stage::Done | Stage::Failed { .. } => None,
        }
    }

    async fn turn(
        &self,
        service: &ServiceInstance,
        row: &mut ServiceRequest,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        match row.progress.stage.clone() {
            Stage::Arrived { event, failures } => {
                self.tell_plugin(service, row, Telling { event, failures, key: None }).await.map(drop)
            }
            Stage::Outgoing { call, attempts } => {
                if machine::is_stale(&call, now) {
                    let reason = "the signed call went stale before it could be sent".to_owned();
                    let silence = RailEvent::Silence { maybe_delivered: row.progress.left, reason };
                    row.hear(ServiceEvent::Far(silence), now);
                } else {
                    row.due_at = Some(machine::lease_until(&call, now));
                    row.progress.stage = Stage::Sending { call, attempts: attempts + 1 };
                }
                self.put_request(row, Vec::new()).await
            }
            Stage::Sending { call, attempts } => self.send_for_service(service, row, call, attempts).await,
            Stage::AwaitingConsent { step } => {
                let fault = Fault { code: "consent.not_given".to_owned(), message: "nobody agreed in time".to_owned() };
                self.not_moved(row, &step, fault, now).await
            }
            Stage::Moving { step, tries } => self.move_step(service, row, step, tries).await,
            Stage::Waiting => {
                let telling = Telling { event: Some(ServiceEvent::Far(RailEvent::Timer)), failures: 0, key: None };
                self.tell_plugin(service, row, telling).await.map(drop)
            }
            Stage::GivingBack { fault, tries, declined } => self.give_all_back(row, fault, tries, declined).await,
            Stage::Done | Stage::Failed { .. } => Ok(()),
        }
    }

    /// Asks the plugin for its step and stores it. The plugin is pure: where somebody else wrote the instance's keys
    /// meanwhile, it is asked again.
    pub(super) async fn tell_plugin(
        &self,
        service: &ServiceInstance,
        row: &mut ServiceRequest,
        telling: Telling,
    ) -> Result<Told, CommitError> {
        let Telling { event, failures, key } = telling;
        for attempt in 0..TRIES {
            let _turn = if attempt > 0 { Some(service.turn.lock().await) } else { None };
            let keys = self.store.service_revision(service.id()).await.map_err(unread)?;
            let now = self.now();
            let rail = match row.asked.instrument {
                Some(id) => self.instrument(id).await.map_err(unread)?.map(|known| known.rail.to_string()),
                None => None,
            };
            let call = service_call(service, row, rail, now);
            let step = match &event {
                None => service.plugin().handle(&call).await,
                Some(event) => service.plugin().resume(&call, &row.progress.state, event).await,
            };
            let mut next = row.clone();
            let mut accepted = Accepted::default();
            let breach = match step {
                Ok(step) => match accept(service, &mut next, step, now) {
                    Ok(all) => {
                        accepted = all;
                        None
                    }
                    Err(breach) => Some(RailError::Trapped { code: breach.code(), message: breach.to_string() }),
                },
                Err(error) => Some(error),
            };
            if let Some(error) = breach {
                // Nobody waits for a request that was not stored.
                if let (RailError::Busy { retry_after_ms }, 0) = (&error, row.revision) {
                    return Err(CommitError::Busy { retry_after_ms: *retry_after_ms });
                }
                tracing::warn!(request = %row.id, service = service.id(), %error, "the service gave no step");
                next = row.clone();
                after_failure(&mut next, event.clone(), failures, &error, now);
                degrade(service, &mut next, &error, now);
            }
            let admissions = self.step_admissions(&next, &accepted).await.map_err(unread)?;
            let writes = self.step_writes(service, &accepted, keys, &admissions);
            match self.commit_request(&mut next, key.clone(), writes).await {
                Ok(Committed::Done(_)) => {
                    self.show_admissions(&admissions);
                    *row = next;
                    return Ok(Told::Stored);
                }
                Ok(Committed::Replayed { target }) => return Ok(Told::Replayed(target)),
                Err(CommitError::Stale) => {
                    let stored = self.store.service_request(row.id).await.map_err(unread)?;
                    if stored.map_or(0, |stored| stored.revision) != row.revision {
                        return Err(CommitError::Stale);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(CommitError::Busy { retry_after_ms: BUSY_MS })
    }

    /// Who comes in and goes by a step: the person, and her wards where a gallery is of families.
    async fn step_admissions(&self, row: &ServiceRequest, accepted: &Accepted) -> Result<Vec<Admission>, ReadError> {
        let mut all = Vec::new();
        for (gallery, present) in &accepted.admissions {
            if let Some(person) = row.asked.person {
                all.extend(self.admissions(*gallery, person, *present, None).await?);
            }
        }
        Ok(all)
    }

    fn step_writes(
        &self,
        service: &ServiceInstance,
        accepted: &Accepted,
        keys: u32,
        admissions: &[Admission],
    ) -> Vec<Write> {
        let plugin = service.keys();
        let own = accepted.writes.iter().map(|write| Write::Kv { plugin: plugin.clone(), write: write.clone() });
        let mut writes: Vec<Write> = own.collect();
        if !writes.is_empty() {
            writes.push(Write::Service(ServiceWrite::Keys { service: service.id().to_owned(), expected: keys }));
        }
        writes.extend(Hub::admission_writes(admissions));
        writes
    }

    /// Stores a request as it is now.
    pub(super) async fn put_request(&self, row: &mut ServiceRequest, writes: Vec<Write>) -> Result<(), CommitError> {
        self.commit_request(row, None, writes).await.map(drop)
    }

    pub(super) async fn commit_request(
        &self,
        row: &mut ServiceRequest,
        key: Option<KeyRequest>,
        mut writes: Vec<Write>,
    ) -> Result<Committed, CommitError> {
        let expected = row.revision;
        writes.extend(self.event_of(row).await.map_err(unread)?.map(Write::Event));
        let (id, refusal) = (row.id.uuid(), row.refusal());
        // Counted once, with the first write, and said again where it ends otherwise.
        let count = match (&key, refusal) {
            (Some(key), code) if expected == 0 => {
                let (service, terminal) = (row.service.clone(), key.scope.clone());
                Some(ServiceWrite::Count(CountedAsk { id, service, terminal, code, at: row.asked.at }))
            }
            (_, Some(code)) => Some(ServiceWrite::CountRefused { id, code }),
            (_, None) => None,
        };
        writes.extend(count.map(Write::Service));
        let request = ServiceRequest { revision: expected + 1, ..row.clone() };
        writes.push(Write::Service(ServiceWrite::Request { request: Box::new(request), expected }));
        let key = key.map(|key| key.claim(row.id));
        let committed = self.store.commit(row.id.shard(), self.now(), Unit { key, writes, ..Unit::default() }).await?;
        row.revision = expected + 1;
        Ok(committed)
    }

    /// What the merchant's listeners are told of a request as it is now. Who has no account anywhere has no listeners.
    async fn event_of(&self, row: &ServiceRequest) -> Result<Option<Event>, ReadError> {
        let kind = match &row.progress.stage {
            Stage::Done => EventKind::ServiceRequestDone,
            Stage::Failed { .. } => EventKind::ServiceRequestFailed,
            Stage::AwaitingConsent { .. } => EventKind::ServiceConsentNeeded,
            Stage::Arrived { .. }
            | Stage::Outgoing { .. }
            | Stage::Sending { .. }
            | Stage::Moving { .. }
            | Stage::Waiting
            | Stage::GivingBack { .. } => return Ok(None),
        };
        let Some(payee) = self.payees(row.merchant).await?.first().map(|payee| payee.account) else { return Ok(None) };
        Ok(Some(Event {
            kind,
            hold: None,
            operation: None,
            payer: None,
            payee: Some(payee),
            request: Some(row.id),
            amount: None,
            hold_version: None,
            status: None,
            at: self.now(),
        }))
    }

    async fn send_for_service(
        &self,
        service: &ServiceInstance,
        row: &mut ServiceRequest,
        call: HttpCall,
        attempts: u32,
    ) -> Result<(), CommitError> {
        let plugin = service.plugin().descriptor().plugin.clone();
        let outgoing = Outgoing { plugin, key: call_key(row), call };
        let delivery = self.egress.send(&outgoing).await;
        let call = outgoing.call;
        let (once, now) = (matches!(call.effect, Effect::Once), self.now());
        let heard = machine::heard(&call.effect, attempts, delivery, row.progress.left);
        row.progress.left |= heard.left;
        if let Some(pause) = heard.again_after_ms {
            row.due_at = Some(now.plus_ms(pause));
            row.progress.stage = Stage::Outgoing { call, attempts };
            return self.put_request(row, Vec::new()).await;
        }
        row.hear(ServiceEvent::Far(heard.event), now);
        // What the plugin makes of a reply is stored with it, save where the call cannot be repeated.
        if once { self.put_request(row, Vec::new()).await } else { Ok(()) }
    }

    async fn move_step(
        &self,
        service: &ServiceInstance,
        row: &mut ServiceRequest,
        step: LedgerStep,
        tries: u32,
    ) -> Result<(), CommitError> {
        let moved = self.move_for_service(service, row, &step).await.map_err(unread)?;
        let now = self.now();
        match moved {
            Move::NotYet => {
                row.due_at = Some(now.plus_ms(machine::pause_after(tries)));
                row.progress.stage = Stage::Moving { step, tries: tries.saturating_add(1) };
                self.put_request(row, Vec::new()).await
            }
            Move::Refused(fault) => self.not_moved(row, &step, fault, now).await,
            Move::Done(receipt) => {
                if let (LedgerStep::Hold { .. }, Ok(hold)) = (&step, receipt.id.parse()) {
                    row.progress.holds.push(OwnHold { hold, amount: receipt.amount });
                }
                let (what, id, amount) = (step.name().to_owned(), receipt.id.clone(), receipt.amount);
                row.progress.note(now, Happened::Moved { what, id, amount });
                row.hear(ServiceEvent::Moved(receipt), now);
                // Stored by itself: should the plugin fail on it, what was held is known and goes back.
                self.put_request(row, Vec::new()).await
            }
        }
    }

    pub(super) async fn not_moved(
        &self,
        row: &mut ServiceRequest,
        step: &LedgerStep,
        fault: Fault,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        row.progress.note(now, Happened::NotMoved { what: step.name().to_owned(), code: fault.code.clone() });
        row.hear(ServiceEvent::NotMoved(fault), now);
        self.put_request(row, Vec::new()).await
    }

    /// A request that failed gives back what it still holds before it says so.
    async fn give_all_back(
        &self,
        row: &mut ServiceRequest,
        fault: Fault,
        tries: u32,
        declined: u32,
    ) -> Result<(), CommitError> {
        let (mut open, mut refused) = (false, false);
        for OwnHold { hold, .. } in row.progress.holds.clone() {
            let key = step_key(row, &format!("back:{hold}:{declined}"));
            match self.give_back(hold, key).await.map_err(unread)? {
                Move::Done(_) => {}
                Move::NotYet => open = true,
                Move::Refused(why) => {
                    tracing::error!(request = %row.id, %hold, code = why.code, "a rail does not give money back; it is asked again");
                    refused = true;
                }
            }
        }
        if open || refused {
            row.due_at = Some(self.now().plus_ms(machine::pause_after(tries)));
            let declined = declined.saturating_add(u32::from(refused));
            row.progress.stage = Stage::GivingBack { fault, tries: tries.saturating_add(1), declined };
        } else {
            row.due_at = None;
            row.progress.stage = Stage::Failed { fault };
        }
        self.put_request(row, Vec::new()).await
    }
}

/// Whether the request waits for somebody's word.
fn is_for_people(row: &ServiceRequest) -> bool {
    matches!(row.progress.stage, Stage::AwaitingConsent { .. })
}

/// Moves a request on when the plugin gave no step: the same event is told once more to a fresh instance, then the request
/// fails. Nothing is sent or moved again because a plugin trapped.
fn after_failure(
    row: &mut ServiceRequest,
    event: Option<ServiceEvent>,
    failures: u32,
    error: &RailError,
    now: Timestamp,
) {
    match error {
        RailError::Busy { retry_after_ms } => {
            row.due_at = Some(now.plus_ms(i64::from(*retry_after_ms)));
            row.progress.stage = Stage::Arrived { event, failures };
        }
        RailError::Trapped { .. } if failures == 0 => {
            row.due_at = Some(now);
            row.progress.stage = Stage::Arrived { event, failures: 1 };
        }
        RailError::Trapped { .. } | RailError::Fault(_) | RailError::Revoked { .. } | RailError::Stopped { .. } => {
            row.fail(machine::fault_of(error), now);
        }
    }
}

/// Where the plugin never began, the operator may have said what is answered instead. What it refused itself stays refused.
fn degrade(service: &ServiceInstance, row: &mut ServiceRequest, error: &RailError, now: Timestamp) {
    let code = match error {
        RailError::Trapped { code, .. } => *code,
        RailError::Revoked { .. } => "plugin.revoked",
        RailError::Stopped { .. } => "plugin.stopped",
        RailError::Busy { .. } | RailError::Fault(_) => return,
    };
    let answer = service.config.fallback.get(&row.asked.action);
    if let (Stage::Failed { .. }, 0, Some(answer)) = (&row.progress.stage, row.progress.ordinal, answer) {
        row.progress.stage = Stage::Done;
        row.progress.output = Some(answer.to_string());
        row.progress.note(now, Happened::Degraded { code: code.to_owned() });
    }
}

fn service_call(service: &ServiceInstance, row: &ServiceRequest, rail: Option<String>, now: Timestamp) -> ServiceCall {
    let asks = |claim: &&Claim| {
        let action = service.actions.get(&row.asked.action);
        action.is_some_and(|own| own.action.needs.contains(&claim.name) || own.action.wishes.contains(&claim.name))
    };
    let happened = row.asked.happened_at.map(|at| ("happened_at".to_owned(), at.millis().to_string()));
    ServiceCall {
        id: row.id.to_string(),
        service: row.service.clone(),
        now,
        action: row.asked.action.clone(),
        settings: service.settings.clone(),
        subject: row.asked.person.map(|person| subject(service.id(), person)),
        recognised_by: row.asked.recognised_by.clone(),
        claims: row.asked.claims.iter().filter(asks).cloned().collect(),
        input: row.asked.input.clone(),
        attributes: rail.map(|rail| ("rail".to_owned(), rail)).into_iter().chain(happened).collect(),
    }
}

/// A person's name in one instance. Whoever does not know the person's id, 74 bits of which are random, cannot tell that
/// two names are one person's.
fn subject(service: &str, person: PersonId) -> String {
    format!("sub_{}", digest::short(format!("tebura subject {} of {service}", person.uuid())))
}

/// The hub's key for a call: fixed before the step is stored, the same for every resend of its bytes.
fn call_key(row: &ServiceRequest) -> String {
    digest::short(format!("tebura service step {} {}", row.id, row.progress.ordinal))
}

pub(super) fn unread(error: ReadError) -> CommitError {
    CommitError::Unavailable { reason: error.reason }
}
