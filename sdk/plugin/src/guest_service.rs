//! The component's side of a service: generated bindings, and conversions to and from the SDK's own types. Wasm only.

use std::marker::PhantomData;

use self::bindings::exports::tebura::service::service as wit;
use crate::guest::bindings::tebura::host::types;
use crate::guest::{call, fault, field, money, write};
use crate::http::{Fault, Reply, Silence};
use crate::service::{
    Action, Claim, Event, Label, LedgerStep, Message, MessageKind, Receipt, Request, Service, Step, Wanted,
};

/// What `wit-bindgen` makes of `specs/wit/service`.
#[expect(missing_docs, reason = "generated from specs/wit/{host,service}/1.0.0")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/service/1.0.0"],
        world: "tebura:service/service-plugin",
        with: {
            "tebura:host/types@1.0.0": crate::guest::bindings::tebura::host::types,
            "tebura:host/log@1.0.0": crate::guest::bindings::tebura::host::log,
            "tebura:host/config@1.0.0": crate::guest::bindings::tebura::host::config,
            "tebura:host/kv@1.0.0": crate::guest::bindings::tebura::host::kv,
            "tebura:host/crypto@1.0.0": crate::guest::bindings::tebura::host::crypto,
        },
        pub_export_macro: true,
        default_bindings_module: "tebura_plugin::guest_service::bindings",
    });
}

/// Ties a service to the component's exports.
#[derive(Debug)]
pub struct Exported<S>(PhantomData<S>);

impl<S: Service + Default> wit::Guest for Exported<S> {
    fn describe() -> wit::Description {
        let description = S::default().describe();
        wit::Description {
            settings_schema: description.settings_schema,
            actions: description.actions.into_iter().map(action).collect(),
        }
    }

    fn handle(asked: wit::Request) -> Result<wit::Step, types::Fault> {
        crate::service::handle(&S::default(), &request(asked)).map(step).map_err(fault)
    }

    fn resume(asked: wit::Request, state: Vec<u8>, happened: wit::Event) -> Result<wit::Step, types::Fault> {
        crate::service::resume(&S::default(), &request(asked), &state, &event(happened)).map(step).map_err(fault)
    }
}

/// The Wasm half of [`crate::export_service!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __export_service {
    ($service:ty) => {
        type ExportedService = $crate::guest_service::Exported<$service>;
        $crate::guest_service::bindings::export!(ExportedService with_types_in $crate::guest_service::bindings);
    };
}

fn action(action: Action) -> wit::Action {
    let label = |label: Label| wit::Label { language: label.language, text: label.text };
    let message = |kind: MessageKind| wit::MessageKind { name: kind.name, input_schema: kind.input_schema };
    wit::Action {
        name: action.name,
        titles: action.titles.into_iter().map(label).collect(),
        input_schema: action.input_schema,
        output_schema: action.output_schema,
        needs: action.needs,
        wishes: action.wishes,
        recognised_by: action.recognised_by,
        messages: action.messages.into_iter().map(message).collect(),
    }
}

fn request(request: wit::Request) -> Request {
    let claim = |claim: wit::Claim| Claim { name: claim.name, value: claim.value, source: claim.source };
    Request {
        id: request.id,
        service: request.service,
        now: request.now,
        action: request.action,
        settings: request.settings,
        subject: request.subject,
        recognised_by: request.recognised_by,
        claims: request.claims.into_iter().map(claim).collect(),
        input: request.input,
        attributes: request.attributes.into_iter().map(field).collect(),
    }
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
        wit::Event::Message(message) => Event::Message(Message { name: message.name, input: message.input }),
        wit::Event::Moved(receipt) => Event::Moved(Receipt { id: receipt.id, amount: money(receipt.amount) }),
        wit::Event::NotMoved(why) => Event::NotMoved(Fault { code: why.code, message: why.message }),
    }
}

fn step(step: Step) -> wit::Step {
    wit::Step {
        next: match step.next {
            Wanted::Call(sent) => wit::Next::Call(call(sent)),
            Wanted::Ledger(moving) => wit::Next::Ledger(ledger(moving)),
            Wanted::Wait { until, output } => wit::Next::Wait(wit::Wait { until, output }),
            Wanted::Done(output) => wit::Next::Done(output),
            Wanted::Fail(why) => wit::Next::Fail(fault(why)),
        },
        state: step.state,
        writes: step.writes.into_iter().map(write).collect(),
        admissions: step
            .admissions
            .into_iter()
            .map(|admission| wit::Admission { gallery: admission.gallery, present: admission.present })
            .collect(),
        events: step.events.into_iter().map(|told| types::Field { name: told.name, value: told.body }).collect(),
    }
}

fn ledger(step: LedgerStep) -> wit::Ledger {
    let amount =
        |amount: crate::money::Money| types::Money { minor: amount.minor(), currency: amount.currency().to_owned() };
    match step {
        LedgerStep::Hold { payee, amount: held, memo, expires } => {
            wit::Ledger::Hold(wit::Hold { payee, amount: amount(held), memo, expires })
        }
        LedgerStep::Capture { hold, amount: taken, is_final } => {
            wit::Ledger::Capture(wit::Capture { hold, amount: amount(taken), is_final })
        }
        LedgerStep::Release { hold } => wit::Ledger::Release(wit::Release { hold }),
        LedgerStep::Refund { capture, amount: back } => {
            wit::Ledger::Refund(wit::Refund { capture, amount: amount(back) })
        }
    }
}
