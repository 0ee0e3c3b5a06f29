//! The component's side: generated bindings, and conversions to and from the SDK's own types. Wasm only.

use std::marker::PhantomData;

use self::bindings::exports::tebura::rail::rail as wit;
use self::bindings::tebura::host::types;
use crate::command::{Capture, Command, Extend, Extension, Hold, Inquiry, Operation, Party, Raise, Refund, Release};
use crate::dispatch::Event;
use crate::http::{Effect, Fault, Field, HttpCall, Inbound, Reply, Silence};
use crate::money::Money;
use crate::next::{KvWrite, Outcome, Step, Wanted};
use crate::rail::Rail;

/// What `wit-bindgen` makes of `specs/wit`.
#[expect(missing_docs, reason = "generated from specs/wit/{host,rail}/1.0.0")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/rail/1.0.0"],
        world: "tebura:rail/rail-plugin",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "tebura_plugin::guest::bindings",
    });
}

/// Ties a rail to the component's exports.
#[derive(Debug)]
pub struct Exported<R>(PhantomData<R>);

impl<R: Rail + Default> wit::Guest for Exported<R> {
    fn start(op: wit::Operation) -> Result<wit::Step, types::Fault> {
        crate::dispatch::start(&R::default(), &operation(op)).map(step).map_err(fault)
    }

    fn resume(op: wit::Operation, state: Vec<u8>, happened: wit::Event) -> Result<wit::Step, types::Fault> {
        crate::dispatch::resume(&R::default(), &operation(op), &state, &event(happened)).map(step).map_err(fault)
    }
}

/// The Wasm half of [`crate::export_rail!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __export_rail {
    ($rail:ty) => {
        type ExportedRail = $crate::guest::Exported<$rail>;
        $crate::guest::bindings::export!(ExportedRail with_types_in $crate::guest::bindings);
    };
}

fn operation(op: wit::Operation) -> Operation {
    Operation {
        id: op.id,
        attempt: op.attempt,
        now: op.now,
        command: command(op.command),
        attributes: op.attributes.into_iter().map(field).collect(),
    }
}

fn command(command: wit::Command) -> Command {
    match command {
        wit::Command::Hold(hold) => Command::Hold(Hold {
            payer: party(hold.payer),
            payee: party(hold.payee),
            amount: money(hold.amount),
            expires: hold.expires,
        }),
        wit::Command::Raise(raise) => Command::Raise(Raise { reference: raise.reference, amount: money(raise.amount) }),
        wit::Command::Extend(extend) => {
            Command::Extend(Extend { reference: extend.reference, amount: money(extend.amount), until: extend.until })
        }
        wit::Command::Capture(capture) => Command::Capture(Capture {
            reference: capture.reference,
            amount: money(capture.amount),
            is_final: capture.is_final,
        }),
        wit::Command::Release(release) => {
            Command::Release(Release { reference: release.reference, amount: money(release.amount) })
        }
        wit::Command::Refund(refund) => {
            Command::Refund(Refund { reference: refund.reference, amount: money(refund.amount) })
        }
        wit::Command::Inquire(inquiry) => {
            Command::Inquire(Inquiry { of: inquiry.of, about: inquiry.about, reference: inquiry.reference })
        }
        wit::Command::Extension(extension) => {
            Command::Extension(Extension { name: extension.name, input: extension.input })
        }
    }
}

fn party(party: wit::Party) -> Party {
    Party { kind: party.kind, token: party.token, attributes: party.attributes.into_iter().map(field).collect() }
}

pub(crate) fn money(money: types::Money) -> Money {
    Money::new(money.minor, money.currency)
}

pub(crate) fn field(field: types::Field) -> Field {
    Field { name: field.name, value: field.value }
}

fn event(event: wit::Event) -> Event {
    match event {
        wit::Event::Reply(reply) => {
            Event::Reply(Reply::new(reply.status, reply.headers.into_iter().map(field).collect(), reply.body))
        }
        wit::Event::Silence(silence) => {
            Event::Silence(Silence { maybe_delivered: silence.maybe_delivered, reason: silence.reason })
        }
        wit::Event::Timer => Event::Timer,
        wit::Event::Notice(notice) => Event::Notice(inbound(notice)),
    }
}

pub(crate) fn inbound(request: types::Inbound) -> Inbound {
    Inbound { route: request.route, headers: request.headers.into_iter().map(field).collect(), body: request.body }
}

fn step(step: Step) -> wit::Step {
    wit::Step {
        next: match step.next {
            Wanted::Call(sent) => wit::Next::Call(call(sent)),
            Wanted::WaitUntil(at) => wit::Next::WaitUntil(at),
            Wanted::Done(ended) => wit::Next::Done(outcome(ended)),
        },
        state: step.state,
        writes: step.writes.into_iter().map(write).collect(),
    }
}

pub(crate) fn call(call: HttpCall) -> types::HttpCall {
    types::HttpCall {
        endpoint: call.endpoint,
        method: call.method,
        path: call.path,
        headers: call.headers.into_iter().map(field_out).collect(),
        body: call.body,
        effect: match call.effect {
            Effect::Read => types::Effect::Read,
            Effect::Idempotent(key) => types::Effect::Idempotent(key),
            Effect::Once => types::Effect::Once,
        },
        timeout_ms: call.timeout_ms,
        stale_after: call.stale_after,
    }
}

fn outcome(outcome: Outcome) -> wit::Outcome {
    match outcome {
        Outcome::Settled { reference, amount, details } => wit::Outcome::Settled(wit::Settled {
            reference,
            amount: types::Money { minor: amount.minor(), currency: amount.currency().to_owned() },
            details: details.into_iter().map(field_out).collect(),
        }),
        Outcome::Declined(why) => wit::Outcome::Declined(fault(why)),
        Outcome::Unknown(why) => wit::Outcome::Unknown(fault(why)),
    }
}

pub(crate) fn field_out(field: Field) -> types::Field {
    types::Field { name: field.name, value: field.value }
}

pub(crate) fn fault(fault: Fault) -> types::Fault {
    types::Fault { code: fault.code, message: fault.message }
}

pub(crate) fn write(write: KvWrite) -> types::KvWrite {
    types::KvWrite { key: write.key, value: write.value }
}
