//! The rail step machine: pure decisions between the plugin, the wire and the ledger.
//!
//! Three questions: what follows from a step, from a delivery, from a plugin that failed. Silence after a send is
//! never a decline and never a success. Absent: time, sending, storage; the driver does these.

use tebura_ledger::{Timestamp, Verdict};

use crate::exchange::{Exchange, Purpose, Stage};
use crate::ports::Delivery;
use crate::rail::{
    ALREADY_DONE, Effect, Fault, HOLD_OVER, HttpCall, NOT_FOUND, Next, RailCommand, RailError, RailEvent, RailOutcome,
    Step,
};

/// Sends of the same bytes before the plugin is told of the silence: four cover a restart at the far end.
const MAX_SENDS: u32 = 4;
/// Pause before the second, third, … send.
const RESEND_AFTER_MS: [i64; 3] = [200, 1_000, 3_000];
/// Pause before each inquiry; the last value repeats.
const INQUIRE_AFTER_MS: [i64; 8] = [500, 1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 900_000];
/// Inquiries before a person has to decide: about a day at the pauses above.
const MAX_INQUIRIES: u32 = 100;
/// A pause that lasted more than twice as long as it was meant to, and this much on top, says nothing about the time that
/// passed at the far end: the hub's clock was set, or it was down.
const PAUSE_SLACK_MS: i64 = 30_000;
/// A lease outlives the call's own timeout by this, so that a slow process is not taken for a dead one.
const LEASE_MARGIN_MS: i64 = 5_000;

/// What the ledger is to be told, if anything.
pub type Told = Option<Verdict>;

/// Moves an exchange on by the plugin's step after `event` (`None`: its first step).
pub fn after_step(exchange: &mut Exchange, event: Option<&RailEvent>, next: Next, now: Timestamp) -> Told {
    match next {
        Next::Call(call) => {
            exchange.ordinal += 1;
            queue(exchange, call, now);
            None
        }
        Next::WaitUntil(at) => {
            exchange.stage = Stage::Waiting;
            exchange.due_at = at.max(now);
            waits_for_payer(exchange).then_some(Verdict::RequiresAction)
        }
        Next::Done(outcome) => {
            let outcome = checked(exchange, event, outcome);
            conclude(exchange, outcome, now)
        }
    }
}

/// A rail that waits while it places a hold waits for its payer: to confirm in an app, or with the card's issuer.
fn waits_for_payer(exchange: &Exchange) -> bool {
    exchange.purpose == Purpose::Perform && matches!(exchange.command, RailCommand::Hold { .. })
}

/// Records the first step of an operation or of an inquiry, with the plugin's state.
pub fn take_state(exchange: &mut Exchange, step: Step) -> Next {
    exchange.state = step.state;
    step.next
}

fn queue(exchange: &mut Exchange, call: HttpCall, now: Timestamp) {
    match call.effect {
        Effect::Once => {
            exchange.due_at = now;
            exchange.stage = Stage::Outgoing { call, attempts: 0 };
        }
        Effect::Read | Effect::Idempotent { .. } => lease(exchange, call, 1, now),
    }
}

/// Marks a call as being sent, until the lease ends.
pub fn lease(exchange: &mut Exchange, call: HttpCall, attempts: u32, now: Timestamp) {
    exchange.due_at = lease_until(&call, now);
    exchange.stage = Stage::Sending { call, attempts };
}

/// Until when whoever sends a call is left alone with it.
pub(crate) fn lease_until(call: &HttpCall, now: Timestamp) -> Timestamp {
    now.plus_ms(i64::from(call.timeout_ms) + LEASE_MARGIN_MS)
}

/// What a plugin is told of a send.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) event: RailEvent,
    /// Bytes may have left.
    pub(crate) left: bool,
    /// The same bytes are sent again after this pause, and the plugin is not told yet.
    pub(crate) again_after_ms: Option<i64>,
}

/// What became of the `attempts`-th send of a call. `left_before`: bytes of it may have left already.
pub(crate) fn heard(effect: &Effect, attempts: u32, delivery: Delivery, left_before: bool) -> Heard {
    let silence = |maybe_delivered, reason| RailEvent::Silence { maybe_delivered, reason };
    let (event, left, retry) = match delivery {
        Delivery::Reply(reply) => (RailEvent::Reply(reply), true, false),
        Delivery::MaybeDelivered { reason } => {
            let retry = match effect {
                Effect::Read | Effect::Idempotent { .. } => true,
                Effect::Once => false,
            };
            (silence(true, reason), true, retry)
        }
        Delivery::NotDelivered { reason } => (silence(left_before, reason), false, true),
        Delivery::Refused { code, reason } => (silence(left_before, format!("{code}: {reason}")), false, false),
    };
    let pause = RESEND_AFTER_MS[(attempts.max(1) as usize - 1).min(RESEND_AFTER_MS.len() - 1)];
    Heard { event, left, again_after_ms: (retry && attempts < MAX_SENDS).then_some(pause) }
}

/// Moves an exchange on by what became of the `attempts`-th send of `call`.
pub fn after_delivery(exchange: &mut Exchange, call: HttpCall, attempts: u32, delivery: Delivery, now: Timestamp) {
    let heard = heard(&call.effect, attempts, delivery, exchange.last_sent_at.is_some());
    if heard.left {
        left(exchange, now);
    }
    match heard.again_after_ms {
        Some(pause) => {
            exchange.due_at = now.plus_ms(pause);
            exchange.stage = Stage::Outgoing { call, attempts };
        }
        None => {
            exchange.due_at = now;
            exchange.stage = Stage::Arrived { event: heard.event, failures: 0 };
        }
    }
}

/// Notes that bytes may have left. An inquiry's do nothing at the far end.
fn left(exchange: &mut Exchange, now: Timestamp) {
    match exchange.purpose {
        Purpose::Perform => exchange.last_sent_at = Some(now),
        Purpose::Inquire { .. } => drop(exchange.last_sent_at.get_or_insert(now)),
    }
}

/// Whether signed, time-stamped bytes may no longer be sent.
pub fn is_stale(call: &HttpCall, now: Timestamp) -> bool {
    call.stale_after.is_some_and(|limit| now > limit)
}

/// Gives up sending stale bytes: the plugin may rebuild them.
pub fn drop_stale(exchange: &mut Exchange, now: Timestamp) {
    exchange.due_at = now;
    exchange.stage = Stage::Arrived {
        event: RailEvent::Silence {
            maybe_delivered: exchange.last_sent_at.is_some(),
            reason: "the signed call went stale before it could be sent".to_owned(),
        },
        failures: 0,
    };
}

/// Moves an exchange on when the plugin gave no step for `event`.
///
/// The same event is told once more to a fresh instance. Then: unknown where anything may have been delivered,
/// declined where nothing was. Nothing is ever sent again because a plugin trapped.
pub fn after_failure(
    exchange: &mut Exchange,
    event: RailEvent,
    failures: u32,
    error: &RailError,
    now: Timestamp,
) -> Told {
    match error {
        RailError::Busy { retry_after_ms } => {
            exchange.due_at = now.plus_ms(i64::from(*retry_after_ms));
            exchange.stage = Stage::Arrived { event, failures };
            None
        }
        RailError::Trapped { .. } if failures == 0 => {
            exchange.due_at = now;
            exchange.stage = Stage::Arrived { event, failures: 1 };
            None
        }
        RailError::Trapped { .. } | RailError::Fault(_) | RailError::Revoked { .. } | RailError::Stopped { .. } => {
            let fault = fault_of(error);
            match exchange.purpose {
                Purpose::Perform if exchange.last_sent_at.is_none() => {
                    exchange.stage = Stage::Finished;
                    Some(Verdict::Declined { code: fault.code })
                }
                Purpose::Perform => unknown(exchange, fault, now),
                Purpose::Inquire { attempt, .. } => postpone(exchange, attempt, now),
            }
        }
    }
}

/// The fault that a failure of the plugin itself amounts to.
pub fn fault_of(error: &RailError) -> Fault {
    match error {
        RailError::Fault(fault) => fault.clone(),
        RailError::Trapped { code, message } => Fault { code: (*code).to_owned(), message: message.clone() },
        RailError::Revoked { reason } => Fault { code: "plugin.revoked".to_owned(), message: reason.clone() },
        RailError::Stopped { reason } => Fault { code: "rail.stopped".to_owned(), message: reason.clone() },
        RailError::Busy { .. } => Fault { code: "plugin.busy".to_owned(), message: error.to_string() },
    }
}

fn conclude(exchange: &mut Exchange, outcome: RailOutcome, now: Timestamp) -> Told {
    match (outcome, exchange.purpose) {
        (RailOutcome::Settled { reference, amount }, Purpose::Perform | Purpose::Inquire { .. }) => {
            exchange.stage = Stage::Finished;
            Some(Verdict::Settled { reference, amount })
        }
        (RailOutcome::Declined(fault), Purpose::Inquire { attempt, conclusive: false, .. })
            if fault.code == NOT_FOUND =>
        {
            postpone(exchange, attempt, now)
        }
        (RailOutcome::Declined(fault), Purpose::Perform | Purpose::Inquire { .. }) => {
            exchange.stage = Stage::Finished;
            Some(Verdict::Declined { code: fault.code })
        }
        (RailOutcome::Unknown(fault), Purpose::Perform) => unknown(exchange, fault, now),
        (RailOutcome::Unknown(_), Purpose::Inquire { attempt, .. }) => postpone(exchange, attempt, now),
    }
}

/// A rail that settles more than was asked, or in another currency, is not believed; nor is one that takes silence
/// for a refusal or a notice for an end: the outcome is unknown. A release of what is over already has succeeded.
/// "Already done" may be the success of this very operation: the rail is asked before it counts.
#[expect(clippy::wildcard_enum_match_arm, reason = "five answers are not taken as they are; all others are")]
fn checked(exchange: &Exchange, event: Option<&RailEvent>, outcome: RailOutcome) -> RailOutcome {
    let unknown =
        |code: &str, message: &str| RailOutcome::Unknown(Fault { code: code.to_owned(), message: message.to_owned() });
    match (&outcome, exchange.command.amount(), event) {
        (RailOutcome::Settled { amount, .. }, Some(asked), _)
            if amount.currency() != asked.currency() || amount.minor() > asked.minor() || !amount.is_positive() =>
        {
            unknown("rail.settled_otherwise", "the rail settled another amount or currency than was asked")
        }
        (RailOutcome::Declined(_), _, Some(RailEvent::Silence { maybe_delivered: true, .. })) => {
            unknown("rail.declined_on_silence", "the plugin took silence after a send for a refusal")
        }
        (RailOutcome::Settled { .. } | RailOutcome::Declined(_), _, Some(RailEvent::Notice(_))) => {
            unknown("rail.ended_on_notice", "the plugin ended the operation on a notice and did not ask the far end")
        }
        (RailOutcome::Declined(fault), _, _) if fault.code == ALREADY_DONE && exchange.purpose == Purpose::Perform => {
            RailOutcome::Unknown(fault.clone())
        }
        (RailOutcome::Declined(fault), Some(amount), _) if HOLD_OVER.contains(&fault.code.as_str()) => {
            match &exchange.command {
                RailCommand::Release { reference, .. } => RailOutcome::Settled { reference: reference.clone(), amount },
                _ => outcome,
            }
        }
        _ => outcome,
    }
}

fn unknown(exchange: &mut Exchange, fault: Fault, now: Timestamp) -> Told {
    exchange.stage = Stage::Unknown;
    exchange.due_at = now.plus_ms(INQUIRE_AFTER_MS[0]);
    Some(Verdict::Unknown { code: fault.code })
}

fn postpone(exchange: &mut Exchange, attempt: u32, now: Timestamp) -> Told {
    if attempt >= MAX_INQUIRIES {
        exchange.stage = Stage::Stuck;
        return None;
    }
    exchange.stage = Stage::Unknown;
    exchange.due_at = now.plus_ms(pause_after(attempt));
    None
}

/// The pause after the nth inquiry.
pub(crate) fn pause_after(attempt: u32) -> i64 {
    INQUIRE_AFTER_MS[(attempt as usize).min(INQUIRE_AFTER_MS.len() - 1)]
}

/// How much of the time between two inquiries has certainly passed.
fn waited(attempt: u32, elapsed_ms: i64) -> i64 {
    let pause = pause_after(attempt);
    if elapsed_ms <= 2 * pause + PAUSE_SLACK_MS { elapsed_ms.clamp(0, pause) } else { 0 }
}

/// Turns an unknown exchange to its next inquiry.
///
/// `settle_window_ms` is the rail's: what is asked within it and not found may still be on its way.
pub fn begin_inquiry(exchange: &mut Exchange, now: Timestamp, settle_window_ms: i64) {
    let (attempt, waited_ms) = match exchange.purpose {
        Purpose::Perform => (1, 0),
        Purpose::Inquire { attempt, waited_ms, asked_at, .. } => {
            (attempt + 1, waited_ms.saturating_add(waited(attempt, now.since_ms(asked_at))))
        }
    };
    // By the clock alone a jump ahead would turn silence into a no.
    let is_over = |sent: Timestamp| now >= sent.plus_ms(settle_window_ms) && waited_ms >= settle_window_ms;
    let conclusive = exchange.last_sent_at.is_none_or(is_over);
    exchange.purpose = Purpose::Inquire { attempt, conclusive, waited_ms, asked_at: now };
    exchange.state.clear();
}

#[cfg(test)]
mod tests;
