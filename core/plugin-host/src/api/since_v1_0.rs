//! `tebura:host@1.0.0` and `tebura:rail@1.0.0`: bindings, linker, and conversion into the hub's words.

use tebura_hub::rail::{
    Effect, Fault, HttpCall, HttpReply, KvWrite, Next, RailCommand, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Currency, Money, Timestamp};
use wasmtime::component::{HasSelf, Linker};

use crate::call::Call;
use crate::contract::{Breach, clean_fault, printable};
use crate::{keys, limits};

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/rail/1.0.0"],
        world: "tebura:rail/rail-plugin",
        imports: { default: trappable },
    });
}

use bindings::exports::tebura::rail::rail as wit;
use bindings::tebura::host;
pub(crate) use bindings::{RailPlugin, RailPluginPre};
use host::types;

/// A linker with everything that a plugin may import, and nothing else.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    RailPlugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |call| call)?;
    Ok(linker)
}

impl types::Host for Call {}

impl host::log::Host for Call {
    fn write(&mut self, level: host::log::Level, message: String) -> wasmtime::Result<()> {
        if !self.count_log_line() {
            return Ok(());
        }
        let plugin = self.plugin();
        let message = printable(message, limits::MESSAGE_CHARS);
        match level {
            host::log::Level::Debug => tracing::debug!(target: "tebura::plugin", plugin, "{message}"),
            host::log::Level::Info => tracing::info!(target: "tebura::plugin", plugin, "{message}"),
            host::log::Level::Warn => tracing::warn!(target: "tebura::plugin", plugin, "{message}"),
            host::log::Level::Error => tracing::error!(target: "tebura::plugin", plugin, "{message}"),
        }
        Ok(())
    }
}

impl host::config::Host for Call {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.bindings().settings.get(&key).cloned())
    }
}

impl host::kv::Host for Call {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.read_kv(&key)
    }
}

impl host::crypto::Host for Call {
    fn sha256(&mut self, data: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        self.count_crypto()?;
        Ok(keys::sha256(&data))
    }

    fn mac(&mut self, key: String, data: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, types::Fault>> {
        self.count_crypto()?;
        Ok(keys::mac(self.manifest(), self.bindings(), &key, &data).map_err(guest_fault))
    }

    fn sign(&mut self, key: String, data: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, types::Fault>> {
        self.count_crypto()?;
        Ok(keys::sign(self.manifest(), self.bindings(), &key, &data).map_err(guest_fault))
    }

    fn verify(&mut self, key: String, data: Vec<u8>, signature: Vec<u8>) -> wasmtime::Result<Result<(), types::Fault>> {
        self.count_crypto()?;
        Ok(keys::verify(self.manifest(), self.bindings(), &key, &data, &signature).map_err(guest_fault))
    }

    fn verify_chain(
        &mut self,
        _anchors: String,
        _chain: Vec<Vec<u8>>,
        _at: u64,
        _data: Vec<u8>,
        _signature: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Fault>> {
        self.count_crypto()?;
        Ok(keys::verify_chain().map_err(guest_fault))
    }
}

fn guest_fault(fault: Fault) -> types::Fault {
    types::Fault { code: fault.code, message: fault.message }
}

/// An operation in the guest's words. Times before 1970 and negative amounts do not occur; they become zero.
pub(crate) fn operation(operation: &RailOperation) -> wit::Operation {
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

fn party(party: &tebura_hub::rail::Party) -> wit::Party {
    wit::Party { kind: party.kind.clone(), token: party.token.clone(), attributes: Vec::new() }
}

fn guest_money(money: Money) -> types::Money {
    types::Money { minor: u64::try_from(money.minor()).unwrap_or(0), currency: money.currency().to_string() }
}

fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.millis()).unwrap_or(0)
}

/// An event in the guest's words.
pub(crate) fn event(event: &RailEvent) -> wit::Event {
    match event {
        RailEvent::Reply(reply) => wit::Event::Reply(guest_reply(reply)),
        RailEvent::Silence { maybe_delivered, reason } => {
            wit::Event::Silence(types::Silence { maybe_delivered: *maybe_delivered, reason: reason.clone() })
        }
        RailEvent::Timer => wit::Event::Timer,
    }
}

fn guest_reply(reply: &HttpReply) -> types::HttpReply {
    let headers = reply.headers.iter().map(|(name, value)| types::Field { name: name.clone(), value: value.clone() });
    types::HttpReply { status: reply.status, headers: headers.collect(), body: reply.body.clone() }
}

/// A guest's answer in the hub's words.
pub(crate) fn step(step: wit::Step) -> Result<Step, Breach> {
    let next = match step.next {
        wit::Next::Call(call) => Next::Call(http_call(call)?),
        wit::Next::WaitUntil(time) => Next::WaitUntil(timestamp(time)?),
        wit::Next::Done(outcome) => Next::Done(self::outcome(outcome)?),
    };
    let writes = step.writes.into_iter().map(|write| KvWrite { key: write.key, value: write.value }).collect();
    Ok(Step { next, state: step.state, writes })
}

/// A guest's fault, fit for rows and logs.
pub(crate) fn fault(fault: types::Fault) -> Fault {
    clean_fault(&fault.code, &fault.message)
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

fn http_call(call: types::HttpCall) -> Result<HttpCall, Breach> {
    Ok(HttpCall {
        endpoint: call.endpoint,
        method: call.method,
        path: call.path,
        headers: call.headers.into_iter().map(|field| (field.name, field.value)).collect(),
        body: call.body,
        effect: match call.effect {
            types::Effect::Read => Effect::Read,
            types::Effect::Idempotent(key) => Effect::Idempotent { key },
            types::Effect::Once => Effect::Once,
        },
        timeout_ms: call.timeout_ms,
        stale_after: call.stale_after.map(timestamp).transpose()?,
    })
}

fn money(money: &types::Money) -> Result<Money, Breach> {
    let minor =
        i64::try_from(money.minor).map_err(|_| Breach::Malformed { what: "an amount", wanted: "below 2^63" })?;
    let currency = Currency::new(&money.currency)
        .map_err(|_| Breach::Malformed { what: "a currency", wanted: "ISO 4217 or registered" })?;
    Ok(Money::new(minor, currency))
}

fn timestamp(time: u64) -> Result<Timestamp, Breach> {
    i64::try_from(time)
        .map(Timestamp::from_millis)
        .map_err(|_| Breach::Malformed { what: "a time", wanted: "below 2^63" })
}
