//! `tebura:host@1.0.0`: what every guest may import, and its types in the hub's words. A module for each world that a
//! guest may export.

#[cfg(feature = "bare")]
pub mod bare;
pub(crate) mod identity;
pub(crate) mod notices;
pub(crate) mod rail;
pub(crate) mod service;

use tebura_hub::individual_number;
use tebura_hub::rail::{Effect, Fault, HttpCall, HttpReply, KvWrite, RailError};
use tebura_ledger::{Currency, Money, Timestamp};
use wasmtime::component::{HasSelf, InstancePre, Linker};

use crate::call::Call;
use crate::contract::{Breach, clean_fault, printable};
use crate::world::World;
use crate::{keys, limits};

/// The imports, bound once: the bindings of each world take these types.
mod imports {
    wasmtime::component::bindgen!({
        path: "../../specs/wit/host/1.0.0",
        world: "tebura:host/imports",
        imports: { default: trappable },
    });
}

use host::types;
use imports::tebura::host;

/// Where a component's exports are found, for the world of its manifest.
pub(crate) enum Exports {
    /// Its steps, and its notices where it hears any.
    Rail(rail::Indices, Option<notices::Indices>),
    Identity(identity::Indices),
    Service(service::Indices),
}

impl Exports {
    /// Finds them. The world's types are compared here.
    pub(crate) fn of(world: World, pre: &InstancePre<Call>) -> wasmtime::Result<Self> {
        match world {
            World::Rail => Ok(Exports::Rail(rail::Indices::new(pre)?, None)),
            World::RailWithNotices => Ok(Exports::Rail(rail::Indices::new(pre)?, Some(notices::Indices::new(pre)?))),
            World::Identity => identity::Indices::new(pre).map(Exports::Identity),
            World::Service => service::Indices::new(pre).map(Exports::Service),
        }
    }
}

/// A linker with everything that a plugin may import, and nothing else.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    imports::Imports::add_to_linker::<_, HasSelf<_>>(&mut linker, |call| call)?;
    Ok(linker)
}

impl types::Host for Call {}

impl host::log::Host for Call {
    fn write(&mut self, level: host::log::Level, message: String) -> wasmtime::Result<()> {
        if !self.count_log_line() {
            return Ok(());
        }
        let plugin = self.plugin();
        let message = printable(individual_number::hidden(&message), limits::MESSAGE_CHARS);
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

fn guest_money(money: Money) -> types::Money {
    types::Money { minor: u64::try_from(money.minor()).unwrap_or(0), currency: money.currency().to_string() }
}

fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.millis()).unwrap_or(0)
}

fn guest_reply(reply: &HttpReply) -> types::HttpReply {
    types::HttpReply { status: reply.status, headers: guest_fields(&reply.headers), body: reply.body.clone() }
}

fn guest_fields(fields: &[(String, String)]) -> Vec<types::Field> {
    fields.iter().map(|(name, value)| types::Field { name: name.clone(), value: value.clone() }).collect()
}

/// A guest's fault, fit for rows and logs.
fn fault(fault: types::Fault) -> Fault {
    clean_fault(&fault.code, &fault.message)
}

fn http_call(call: types::HttpCall) -> Result<HttpCall, Breach> {
    Ok(HttpCall {
        endpoint: call.endpoint,
        method: call.method,
        path: call.path,
        headers: fields(call.headers),
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

/// What became of a call: a guest's own fault, an answer that breaks the contract, or the answer.
fn answered<W, T>(answer: Result<W, types::Fault>, read: impl FnOnce(W) -> Result<T, Breach>) -> Result<T, RailError> {
    let broken = |breach: Breach| RailError::Trapped { code: breach.code(), message: breach.to_string() };
    read(answer.map_err(|own| RailError::Fault(fault(own)))?).map_err(broken)
}

/// A version of a plugin's was replaced by one of another world, which the installation refuses.
fn other_world() -> RailError {
    let message = "the plugin that runs is of another world than what it is asked".to_owned();
    RailError::Trapped { code: "plugin.host", message }
}

fn kv_writes(writes: Vec<types::KvWrite>) -> Vec<KvWrite> {
    writes.into_iter().map(|write| KvWrite { key: write.key, value: write.value }).collect()
}

fn fields(fields: Vec<types::Field>) -> Vec<(String, String)> {
    fields.into_iter().map(|field| (field.name, field.value)).collect()
}

fn guest_silence(maybe_delivered: bool, reason: &str) -> types::Silence {
    types::Silence { maybe_delivered, reason: reason.to_owned() }
}
