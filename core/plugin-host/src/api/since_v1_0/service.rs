//! `tebura:service@1.0.0`: what a service says of itself, one step of it, and their conversion into the hub's words.

use tebura_hub::rail::{Fault, Next, PluginId, RailError, RailEvent, Step};
use tebura_hub::services::{
    Action, Admission, Label, LedgerStep, MessageKind, Receipt, ServiceCall, ServiceEvent, ServiceNext, Topic,
};

use super::{
    answered, fault, guest_fault, guest_money, guest_reply, guest_silence, http_call, kv_writes, millis, money,
    other_world, timestamp,
};
use crate::call::Guest;
use crate::contract::{self, Breach};
use crate::dispatch::Asked;
use crate::service::{Decision, Description, Input};

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/service/1.0.0"],
        world: "tebura:service/service-plugin",
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

pub(crate) use bindings::ServicePluginIndices as Indices;
use bindings::exports::tebura::service::service as wit;

/// Asks a guest what it is.
pub(crate) fn describe(guest: &mut Guest<'_>) -> wasmtime::Result<Result<Description, RailError>> {
    let super::Exports::Service(indices) = guest.exports() else { return Ok(Err(other_world())) };
    let plugin = indices.load(&mut *guest.store, &guest.instance)?;
    let description = plugin.tebura_service_service().call_describe(&mut *guest.store)?;
    let actions = description.actions.into_iter().map(action).collect();
    Ok(Ok(Description { settings: description.settings_schema, actions }))
}

/// Asks a guest for a step in the name of an instance, and checks what it answers. `keys`: whose keys it reads.
pub(crate) fn step(guest: &mut Guest<'_>, request: &ServiceCall, keys: PluginId, input: Input<'_>) -> Asked<Decision> {
    let super::Exports::Service(indices) = guest.exports() else { return Ok(Err(other_world())) };
    guest.store.data_mut().read_keys_of(keys);
    let plugin = indices.load(&mut *guest.store, &guest.instance)?;
    let (service, asked) = (plugin.tebura_service_service(), self::request(request));
    let answer = match input {
        Input::Handle => service.call_handle(&mut *guest.store, &asked),
        Input::Resume { state, event } => service.call_resume(&mut *guest.store, &asked, state, &self::event(event)),
    };
    let checked = |step: wit::Step| {
        read(step).and_then(|step| contract::check_service(&step, request.now, guest.manifest()).map(|()| step))
    };
    Ok(answered(answer?, checked))
}

fn action(action: wit::Action) -> Action {
    let label = |label: wit::Label| Label { language: label.language, text: label.text };
    let message = |kind: wit::MessageKind| MessageKind { name: kind.name, input: kind.input_schema };
    Action {
        name: action.name,
        titles: action.titles.into_iter().map(label).collect(),
        input: action.input_schema,
        output: action.output_schema,
        needs: action.needs,
        wishes: action.wishes,
        recognised_by: action.recognised_by,
        messages: action.messages.into_iter().map(message).collect(),
    }
}

fn request(request: &ServiceCall) -> wit::Request {
    let claim = |claim: &tebura_hub::services::Claim| wit::Claim {
        name: claim.name.clone(),
        value: claim.value.clone(),
        source: claim.source.name().to_owned(),
    };
    let field = |(name, value): &(String, String)| wit::Field { name: name.clone(), value: value.clone() };
    wit::Request {
        id: request.id.clone(),
        service: request.service.clone(),
        now: millis(request.now),
        action: request.action.clone(),
        settings: request.settings.clone(),
        subject: request.subject.clone(),
        recognised_by: request.recognised_by.clone(),
        claims: request.claims.iter().map(claim).collect(),
        input: request.input.clone(),
        attributes: request.attributes.iter().map(field).collect(),
    }
}

fn event(event: &ServiceEvent) -> wit::Event {
    match event {
        ServiceEvent::Far(RailEvent::Reply(reply)) => wit::Event::Reply(guest_reply(reply)),
        ServiceEvent::Far(RailEvent::Silence { maybe_delivered, reason }) => {
            wit::Event::Silence(guest_silence(*maybe_delivered, reason))
        }
        // Nothing makes a notice for a service: it is told messages.
        ServiceEvent::Far(RailEvent::Timer | RailEvent::Notice(_)) => wit::Event::Timer,
        ServiceEvent::Message { name, input } => {
            wit::Event::Message(wit::Message { name: name.clone(), input: input.clone() })
        }
        ServiceEvent::Moved(Receipt { id, amount }) => {
            wit::Event::Moved(wit::Receipt { id: id.clone(), amount: guest_money(*amount) })
        }
        ServiceEvent::NotMoved(Fault { code, message }) => {
            wit::Event::NotMoved(guest_fault(Fault { code: code.clone(), message: message.clone() }))
        }
    }
}

/// A guest's answer in the hub's words.
fn read(step: wit::Step) -> Result<Step<Decision>, Breach> {
    let next = match step.next {
        wit::Next::Call(call) => ServiceNext::Call(http_call(call)?),
        wit::Next::Ledger(step) => ServiceNext::Ledger(ledger(step)?),
        wit::Next::Wait(wait) => ServiceNext::Wait { until: timestamp(wait.until)?, output: wait.output },
        wit::Next::Done(output) => ServiceNext::Done { output },
        wit::Next::Fail(why) => ServiceNext::Fail(fault(why)),
    };
    let admission = |admission: wit::Admission| Admission { gallery: admission.gallery, present: admission.present };
    let decision = Decision {
        next,
        admissions: step.admissions.into_iter().map(admission).collect(),
        events: step.events.into_iter().map(|event| Topic { name: event.name, body: event.value }).collect(),
    };
    Ok(Step { next: Next::Done(decision), state: step.state, writes: kv_writes(step.writes) })
}

fn ledger(step: wit::Ledger) -> Result<LedgerStep, Breach> {
    Ok(match step {
        wit::Ledger::Hold(hold) => LedgerStep::Hold {
            payee: hold.payee,
            amount: money(&hold.amount)?,
            memo: hold.memo,
            expires: timestamp(hold.expires)?,
        },
        wit::Ledger::Capture(capture) => {
            LedgerStep::Capture { hold: capture.hold, amount: money(&capture.amount)?, is_final: capture.is_final }
        }
        wit::Ledger::Release(release) => LedgerStep::Release { hold: release.hold },
        wit::Ledger::Refund(refund) => LedgerStep::Refund { capture: refund.capture, amount: money(&refund.amount)? },
    })
}
