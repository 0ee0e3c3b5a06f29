//! A rail's guest on wasmtime alone: what the sandbox is measured against. No trust, limits, threads or checks of what
//! comes back. Never in a hub: only benchmarks are compiled with it.

use tebura_hub::rail::RailOperation;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Config, Engine, PoolingAllocationConfig, Store};

use super::host::{crypto, log};
use super::{host, imports, rail, types};

/// A compiled guest, linked once.
pub struct Bare {
    engine: Engine,
    pre: InstancePre<Nothing>,
    indices: rail::Indices,
}

/// An instance that has answered once and stays.
pub struct Live(#[expect(dead_code, reason = "kept for the memory that it holds")] Store<Nothing>);

/// Why wasmtime refused.
#[derive(Debug, thiserror::Error)]
#[error("wasmtime: {0}")]
pub struct BareError(String);

impl From<wasmtime::Error> for BareError {
    fn from(error: wasmtime::Error) -> Self {
        BareError(error.to_string())
    }
}

impl Bare {
    /// Compiles with wasmtime's own settings, and slots for `instances` at a time.
    ///
    /// # Errors
    /// [`BareError`] when it is no component of the rail world.
    pub fn new(component: &[u8], instances: u32) -> Result<Self, BareError> {
        let mut slots = PoolingAllocationConfig::default();
        slots.total_component_instances(instances).total_core_instances(instances * 4);
        slots.total_memories(instances).total_tables(instances * 4);
        let mut config = Config::new();
        config.allocation_strategy(slots);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        imports::Imports::add_to_linker::<_, HasSelf<_>>(&mut linker, |nothing| nothing)?;
        let pre = linker.instantiate_pre(&Component::from_binary(&engine, component)?)?;
        let indices = rail::Indices::new(&pre)?;
        Ok(Self { engine, pre, indices })
    }

    /// Instantiates, starts an operation and drops the instance. Answers the size of the state that the guest wants kept.
    ///
    /// # Errors
    /// [`BareError`] when the guest traps.
    pub fn start(&self, operation: &RailOperation) -> Result<usize, BareError> {
        Ok(self.run(operation)?.1)
    }

    /// As [`Bare::start`], and keeps the instance.
    ///
    /// # Errors
    /// As [`Bare::start`].
    pub fn live(&self, operation: &RailOperation) -> Result<Live, BareError> {
        Ok(Live(self.run(operation)?.0))
    }

    fn run(&self, operation: &RailOperation) -> wasmtime::Result<(Store<Nothing>, usize)> {
        let mut store = Store::new(&self.engine, Nothing);
        let instance = self.pre.instantiate(&mut store)?;
        let state = rail::start_unchecked(&self.indices, &mut store, &instance, operation)?;
        Ok((store, state))
    }
}

/// Imports that do nothing.
struct Nothing;

impl types::Host for Nothing {}

impl log::Host for Nothing {
    fn write(&mut self, _: log::Level, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl host::config::Host for Nothing {
    fn get(&mut self, _: String) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

impl host::kv::Host for Nothing {
    fn get(&mut self, _: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// Every guest of a benchmark does without keys.
fn no_key<T>() -> wasmtime::Result<Result<T, types::Fault>> {
    Ok(Err(types::Fault { code: "crypto.key_not_bound".to_owned(), message: String::new() }))
}

impl crypto::Host for Nothing {
    fn sha256(&mut self, data: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        Ok(crate::keys::sha256(&data))
    }

    fn mac(&mut self, _: String, _: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, types::Fault>> {
        no_key()
    }

    fn sign(&mut self, _: String, _: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, types::Fault>> {
        no_key()
    }

    fn verify(&mut self, _: String, _: Vec<u8>, _: Vec<u8>) -> wasmtime::Result<Result<(), types::Fault>> {
        no_key()
    }

    fn verify_chain(
        &mut self,
        _: String,
        _: Vec<Vec<u8>>,
        _: u64,
        _: Vec<u8>,
        _: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Fault>> {
        no_key()
    }
}
