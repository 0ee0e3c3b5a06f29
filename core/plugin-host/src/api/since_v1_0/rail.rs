//! `tebura:rail@1.0.0`: one step of a rail, and its conversion into the hub's words.

use tebura_hub::rail::{Next, Party, RailCommand, RailEvent, RailOperation, RailOutcome, Step};

use super::{
    answered, fault, guest_money, guest_reply, guest_silence, http_call, kv_writes, millis, money, other_world,
    timestamp,
};
use crate::call::Guest;
use crate::contract::{self, Breach};
use crate::dispatch::Asked;
use crate::rail::Input;

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/rail/1.0.0"],
        world: "tebura:rail/rail-plugin",
        imports: { default: trappable },
        with: {
            "tebura:host/types": crate::api::since_v1_0::imports::tebura::host::types,
            "tebura:host/log": crate::api::since_v1_0::imports::tebura::host::log,
            "tebura:host/config": crate::api::since_v1_0::imports::tebura::host::config,
            "tebura:host/kv": crate::api::since_v1_0::imports::tebura::host::kv,
            "tebura:host/crypto": crate::api::since_v1_0::imports::tebura::host::crypto,
        },
    });
}

pub(crate) use bindings::RailPluginIndices as Indices;
use bindings::exports::tebura::rail::rail as wit;

/// Asks a guest for a step, and checks what it is asked and what it answers.
pub(crate) fn step(guest: &mut Guest<'_>, operation: &RailOperation, input: Input<'_>) -> Asked<RailOutcome> {
    let (super::Exports::Rail(indices, _), Some(part)) = (guest.exports(), guest.manifest().rail()) else {
        return Ok(Err(other_world()));
    };
    let plugin = indices.load(&mut *guest.store, &guest.instance)?;
    let (rail, asked) = (plugin.tebura_rail_rail(), self::operation(operation));
    let answer = match input {
        Input::Start => rail.call_start(&mut *guest.store, &asked),
        Input::Resume { state, event } => rail.call_resume(&mut *guest.store, &asked, state, &self::event(event)),
    };
    let checked = |step: wit::Step| {
        read(step).and_then(|step| contract::check(&step, operation, part, guest.manifest()).map(|()| step))
    };
    Ok(answered(answer?, checked))
}

/// Starts an operation and looks at nothing of the answer but the size of its state.
#[cfg(feature = "bare")]
pub(super) fn start_unchecked<T: 'static>(
    indices: &Indices,
    store: &mut wasmtime::Store<T>,
    instance: &wasmtime::component::Instance,
    operation: &RailOperation,
) -> wasmtime::Result<usize> {
    let rail = indices.load(&mut *store, instance)?;
    let step = rail.tebura_rail_rail().call_start(store, &self::operation(operation))?;
    Ok(step.map_or(0, |step| step.state.len()))
}

/// An operation in the guest's words. Times before 1970 and negative amounts do not occur; they become zero.
fn operation(operation: &RailOperation) -> wit::Operation {
    wit::Operation {
        id: operation.id.clone(),
        attempt: operation.attempt,
        now: millis(operation.now),
        command: command(&operation.command),
        attributes: Vec::new(),
    }
}

fn command(command: &RailCommand) -> wit::Command {
    match command {
        RailCommand::Hold { payer, payee, amount, expires } => wit::Command::Hold(wit::Hold {
            payer: party(payer),
            payee: party(payee),
            amount: guest_money(*amount),
            expires: millis(*expires),
        }),
        RailCommand::Raise { reference, amount } => {
            wit::Command::Raise(wit::Raise { reference: reference.clone(), amount: guest_money(*amount) })
        }
        RailCommand::Extend { reference, amount, until } => wit::Command::Extend(wit::Extend {
            reference: reference.clone(),
            amount: guest_money(*amount),
            until: millis(*until),
        }),
        RailCommand::Capture { reference, amount, is_final } => wit::Command::Capture(wit::Capture {
            reference: reference.clone(),
            amount: guest_money(*amount),
            is_final: *is_final,
        }),
        RailCommand::Release { reference, amount } => {
            wit::Command::Release(wit::Release { reference: reference.clone(), amount: guest_money(*amount) })
        }
        RailCommand::Refund { reference, amount } => {
            wit::Command::Refund(wit::Refund { reference: reference.clone(), amount: guest_money(*amount) })
        }
        RailCommand::Inquire { of, about, reference } => wit::Command::Inquire(wit::Inquiry {
            of: of.to_string(),
            about: (*about).to_owned(),
            reference: reference.clone(),
        }),
    }
}

fn party(party: &Party) -> wit::Party {
    wit::Party { kind: party.kind.clone(), token: party.token.clone(), attributes: Vec::new() }
}

/// An event in the guest's words.
fn event(event: &RailEvent) -> wit::Event {
    match event {
        RailEvent::Reply(reply) => wit::Event::Reply(guest_reply(reply)),
        RailEvent::Silence { maybe_delivered, reason } => wit::Event::Silence(guest_silence(*maybe_delivered, reason)),
        RailEvent::Timer => wit::Event::Timer,
        RailEvent::Notice(request) => wit::Event::Notice(super::notices::inbound(request)),
    }
}

/// A guest's answer in the hub's words.
fn read(step: wit::Step) -> Result<Step, Breach> {
    let next = match step.next {
        wit::Next::Call(call) => Next::Call(http_call(call)?),
        wit::Next::WaitUntil(time) => Next::WaitUntil(timestamp(time)?),
        wit::Next::Done(outcome) => Next::Done(self::outcome(outcome)?),
    };
    Ok(Step { next, state: step.state, writes: kv_writes(step.writes) })
}

fn outcome(outcome: wit::Outcome) -> Result<RailOutcome, Breach> {
    Ok(match outcome {
        wit::Outcome::Settled(settled) => {
            RailOutcome::Settled { reference: settled.reference, amount: money(&settled.amount)? }
        }
        wit::Outcome::Declined(declined) => RailOutcome::Declined(fault(declined)),
        wit::Outcome::Unknown(unknown) => RailOutcome::Unknown(fault(unknown)),
    })
}
