//! The one wasmtime engine: what WebAssembly it takes, how it stops, where its memory comes from. Knows no plugin.

use std::num::NonZeroUsize;
use std::thread;

use wasmtime::{Config, Engine, OptLevel, PoolingAllocationConfig};

use crate::limits;

/// Whether calls are metered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// Fuel and deadline.
    Fuel,
    /// Deadline only: a few per cent quicker, and a loop is stopped by the clock alone.
    DeadlineOnly,
}

/// Where instances live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// In slots that are reserved at the start, if the machine has the address space.
    Pooled,
    /// Mapped for each call.
    OnDemand,
}

/// Why there is no engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    #[error("the sandbox cannot start on this machine: {reason}")]
    Unusable { reason: String },
    #[error("the sandbox's clock thread cannot start: {reason}; raise the limit of threads")]
    Ticker { reason: String },
}

/// Starts an engine; falls back from pooled to on-demand slots and says so in the second part.
pub(crate) fn start(metering: Metering, slots: Slots, instances: u32) -> Result<(Engine, Vec<String>), EngineError> {
    let (engine, notes) = match slots {
        Slots::OnDemand => (on_demand(metering)?, vec!["sandbox memory: mapped for each call".to_owned()]),
        Slots::Pooled => {
            let mut pooled = config(metering);
            pooled.allocation_strategy(pool(instances));
            match Engine::new(&pooled) {
                Ok(engine) => (engine, vec![format!("sandbox memory: {instances} pooled slots")]),
                Err(error) => {
                    let reason = error.root_cause().to_string();
                    let note = format!(
                        "sandbox memory: mapped for each call, because {instances} slots could not be reserved ({reason}); calls start slower"
                    );
                    (on_demand(metering)?, vec![note])
                }
            }
        }
    };
    tick(&engine)?;
    Ok((engine, notes))
}

fn on_demand(metering: Metering) -> Result<Engine, EngineError> {
    Engine::new(&config(metering)).map_err(|error| EngineError::Unusable { reason: error.root_cause().to_string() })
}

/// What this host runs. Proposals are switched off by name, so that a newer wasmtime does not switch them on.
/// Garbage collection, exceptions, threads and async are not compiled in.
fn config(metering: Metering) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true).consume_fuel(metering == Metering::Fuel).max_wasm_stack(limits::WASM_STACK_BYTES);
    config
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_stack_switching(false)
        .wasm_shared_everything_threads(false)
        .wasm_component_model_map(false)
        .wasm_component_model_memory64(false)
        .wasm_component_model_fixed_length_lists(false)
        .wasm_component_model_implements(false)
        .wasm_component_model_error_context(false)
        .wasm_component_model_gc(false)
        .concurrency_support(false);
    // The same answer on every machine: a step can be replayed and compared.
    config.cranelift_nan_canonicalization(true).cranelift_opt_level(OptLevel::Speed);
    config.memory_init_cow(true);
    // A guest's offsets help nobody who runs a hub.
    config.wasm_backtrace_max_frames(NonZeroUsize::new(8)).generate_address_map(false);
    config
}

/// Reservation and guard sizes stay at wasmtime's defaults: the path that is tested most.
fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances * limits::CORE_MODULES)
        .total_memories(instances)
        .total_tables(instances * limits::TABLES)
        .max_core_instances_per_component(limits::CORE_MODULES)
        .max_memories_per_component(1)
        .max_tables_per_component(limits::TABLES)
        .max_memory_size(limits::MEMORY_BYTES)
        .table_elements(usize::try_from(limits::TABLE_ELEMENTS).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(instances)
        .decommit_batch_size(16);
    pool
}

/// Moves the epoch on, from a thread of its own, until the engine is gone.
fn tick(engine: &Engine) -> Result<(), EngineError> {
    let weak = engine.weak();
    thread::Builder::new()
        .name("sandbox-epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(limits::EPOCH_TICK);
            }
        })
        .map(|_| ())
        .map_err(|error| EngineError::Ticker { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use wasmtime::component::Component;

    use super::*;

    fn compiles(engine: &Engine, module: &str) -> bool {
        let component = wat::parse_str(format!("(component (core module {module}))")).unwrap();
        Component::from_binary(engine, &component).is_ok()
    }

    #[test]
    fn only_webassembly_2_is_compiled_whatever_the_slots() {
        for slots in [Slots::Pooled, Slots::OnDemand] {
            let (engine, _) = start(Metering::Fuel, slots, 4).unwrap();
            assert!(compiles(&engine, "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))"));
            for (proposal, module) in [
                ("tail calls", "(func (return_call 0))"),
                ("several memories", "(memory 1) (memory 1)"),
                ("64-bit memory", "(memory i64 1)"),
                ("shared memory", "(memory 1 1 shared)"),
                ("exceptions", "(tag (param i32)) (func (throw 0 (i32.const 1)))"),
                ("garbage collection", "(type (struct (field i32))) (func (drop (struct.new 0 (i32.const 1))))"),
                ("wide arithmetic", "(func (drop (drop (i64.mul_wide_u (i64.const 1) (i64.const 1)))))"),
                ("relaxed SIMD", "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))"),
                ("stack switching", "(type $f (func)) (type $c (cont $f)) (func (param (ref $c)))"),
            ] {
                assert!(!compiles(&engine, module), "{proposal}");
            }
        }
    }

    #[test]
    fn an_engine_that_cannot_reserve_its_slots_says_so_and_runs() {
        // 100,000 slots of 4 GiB are more than the 128 TiB of addresses that a process has.
        let (engine, notes) = start(Metering::Fuel, Slots::Pooled, 100_000).unwrap();
        assert!(
            notes[0].starts_with("sandbox memory: mapped for each call, because 100000 slots could not be reserved")
        );
        assert!(compiles(&engine, "(func)"));
    }
}
