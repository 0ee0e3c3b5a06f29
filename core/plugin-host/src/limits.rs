//! Every number that bounds a plugin, in one place. No policy: who checks what is in `gate`, `call` and `contract`.

use std::time::Duration;

/// Bytes of one component. A Rust guest is 15 to 300 kB; more is a mistake or an attack on the compiler.
pub const COMPONENT_BYTES: usize = 4 << 20;
/// Bytes of `plugin.toml`.
pub const MANIFEST_BYTES: usize = 64 << 10;
/// Bytes of `plugin.sig`.
pub const SIGNATURE_BYTES: usize = 16 << 10;

/// Core modules inside a component: the guest, and the shim and fix-up that component encoding adds.
pub const CORE_MODULES: u32 = 4;
/// Functions with bodies, over all core modules.
pub const FUNCTIONS: u32 = 20_000;
/// Bytes of one function body: the compiler's time grows faster than the size.
pub const FUNCTION_BYTES: usize = 256 << 10;
/// Parameters of one core function.
pub const PARAMETERS: usize = 64;
/// Locals of one core function.
pub const LOCALS: u32 = 2_000;
/// Bytes of data segments, over all core modules.
pub const DATA_BYTES: usize = 2 << 20;
/// Elements of one table.
pub const TABLE_ELEMENTS: u64 = 20_000;
/// Tables, over all core modules.
pub const TABLES: u32 = 4;
/// Components and modules inside each other.
pub const NESTING: u32 = 3;

/// Largest memory budget that a manifest may ask for; also the size of a pool slot.
pub const MEMORY_BYTES: usize = 32 << 20;
/// Smallest sensible memory budget.
pub const MEMORY_BYTES_LEAST: usize = 1 << 20;
/// Memory budget of a manifest that names none.
pub const MEMORY_BYTES_DEFAULT: usize = 16 << 20;
/// Fuel of a manifest that names none: some tens of milliseconds of work.
pub const FUEL_DEFAULT: u64 = 20_000_000;
/// Shortest deadline: one tick.
pub const DEADLINE_LEAST: Duration = Duration::from_millis(10);
/// Deadline of a manifest that names none. Fuel is the tight bound and stops a guest after some tens of milliseconds of
/// work; this one is long, so that a busy machine does not fail an honest guest that only waited for a core.
pub const DEADLINE_DEFAULT: Duration = Duration::from_secs(1);
/// Longest deadline that a manifest may ask for.
pub const DEADLINE_MOST: Duration = Duration::from_secs(2);
/// How often the engine's epoch moves on: the grain of every deadline.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Stack of a guest. The sandbox threads have four times as much.
pub const WASM_STACK_BYTES: usize = 256 << 10;
/// Bytes that one crossing of the boundary may copy into the hub, results of exports included.
pub const HOSTCALL_FUEL: usize = 1 << 20;

/// `log.write` calls of one call that reach the log.
pub const LOG_LINES: u32 = 16;
/// Characters of a log line, and of a fault's message.
pub const MESSAGE_CHARS: usize = 500;
/// Characters of a fault's code.
pub const CODE_CHARS: usize = 64;
/// `kv.get` calls of one call. Each may wait for the store.
pub const KV_READS: u32 = 16;
/// How long one `kv.get` waits for the store.
pub const KV_READ_TIMEOUT: Duration = Duration::from_millis(100);
/// `crypto` calls of one call: they spend host time that no fuel counts.
pub const CRYPTO_CALLS: u32 = 64;

/// Bytes of a step's state.
pub const STATE_BYTES: usize = 8 << 10;
/// Key-value writes of a step.
pub const KV_WRITES: usize = 16;
/// Admissions of a service's step.
pub const ADMISSIONS: usize = 8;
/// Characters of a key.
pub const KV_KEY_CHARS: usize = 128;
/// Bytes of a value.
pub const KV_VALUE_BYTES: usize = 4 << 10;
/// Headers of an outgoing call.
pub const HEADERS: usize = 32;
/// Bytes of all header names and values of an outgoing call.
pub const HEADER_BYTES: usize = 8 << 10;
/// Bytes of an outgoing body.
pub const BODY_BYTES: usize = 256 << 10;
/// Characters of a path with its query.
pub const PATH_CHARS: usize = 2048;
/// Characters of a plugin's idempotency key.
pub const IDEMPOTENCY_KEY_CHARS: usize = 128;
/// News of one request from outside.
pub const NEWS: usize = 16;
/// Details of one dispute.
pub const DETAILS: usize = 16;
/// Longest `timeout-ms`, before the operator's binding shortens it.
pub const CALL_TIMEOUT_MS: u32 = 60_000;
/// Bytes that a challenge has a person's device sign.
pub const TO_SIGN_BYTES: usize = 8 << 10;
/// Texts of a challenge that a device shows.
pub const DISPLAY_TEXTS: usize = 16;
/// Characters of such a text.
pub const DISPLAY_CHARS: usize = 2_000;
/// Claims of an assertion.
pub const CLAIMS: usize = 64;
/// Characters of a settled reference.
pub const REFERENCE_CHARS: usize = 255;
/// How far ahead `wait-until` may look.
pub const WAIT_MS: i64 = 31 * 24 * 60 * 60 * 1000;
