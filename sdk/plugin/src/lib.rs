//! Guest SDK: write a payment rail in one file.
//!
//! A rail is a pure function. The hub gives it an operation and an event; it answers with the next step: send this
//! call, wait until, or done. The hub commits the step and then performs it, so a rail never opens a socket, reads
//! a clock, draws a random number or sees a secret. Everything that varies is an argument.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tebura_plugin::*;
//!
//! #[derive(Serialize)]
//! struct PlaceHold<'a> { wallet: &'a str, yen: u64 }
//! #[derive(Deserialize)]
//! struct Held { id: String, yen: u64 }
//!
//! #[derive(Default)]
//! struct MachiPay;
//!
//! impl Rail for MachiPay {
//!     fn hold(&self, op: &Operation, hold: &Hold) -> Next {
//!         Call::post("gateway", format!("/v1/holds/{}", op.id))
//!             .json(&PlaceHold { wallet: &hold.payer.token, yen: hold.amount.minor() })
//!             .idempotent(&op.id) // read(), idempotent(key) or once(): without one there is no then()
//!             .then("held")
//!     }
//!
//!     fn inquire(&self, _op: &Operation, inquiry: &Inquiry) -> Next {
//!         Call::get("gateway", format!("/v1/holds/{}", inquiry.of)).read().then("held")
//!     }
//!
//!     fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
//!         match (at.name(), reply.status()) {
//!             ("held", 200 | 201) => match reply.json::<Held>() {
//!                 Ok(held) => settled(held.id, yen(held.yen)),
//!                 Err(fault) => unknown(fault.code, fault.message),
//!             },
//!             ("held", 402) => declined("funds.insufficient", "the wallet holds too little"),
//!             ("held", 404) if op.is_inquiry() => never_arrived("the gateway knows no such hold"),
//!             (_, status) => unknown("reply.unexpected", format!("the gateway answered {status}")),
//!         }
//!     }
//!     // raise, extend, capture, release, refund decline with `command.unsupported`; silence becomes `unknown`.
//! }
//!
//! export_rail!(MachiPay);
//! ```
//!
//! Three rules keep money safe, and `tebura-plugin-test` checks them: after a call may have arrived only a clear
//! answer of the far end may decline; a `once` call is never sent twice; equal input gives equal output.
//!
//! Compiled natively the crate has no Wasm in it: tests run as ordinary Rust. Absent on purpose: clock, randomness,
//! sockets, threads, and any way to move money.

mod call;
mod command;
mod dispatch;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
mod host;
mod http;
mod money;
mod next;
mod rail;
mod tag;

pub use call::{Call, Declared, Undeclared};
pub use command::{Capture, Command, Extend, Extension, Hold, Inquiry, Operation, Party, Raise, Refund, Release};
pub use dispatch::{Event, resume, start};
#[cfg(not(target_arch = "wasm32"))]
pub use host::NativeHost;
pub use host::{config, kv, log};
pub use http::{Effect, Fault, Field, HttpCall, Inbound, Reply, Silence};
pub use money::{Millis, Money, yen};
pub use next::{
    KvWrite, NEVER_ARRIVED, Next, Outcome, Step, UNSUPPORTED, Wanted, declined, fault, never_arrived, settled, unknown,
    wait_until,
};
pub use rail::Rail;
pub use tag::{MAX_STATE_BYTES, Tag};

/// Exports a rail from a component: `export_rail!(MyRail);` once, at the end of `lib.rs`.
///
/// The type needs `Default`: a fresh instance is made for every call and dropped after it. Natively it expands to
/// nothing but a check that the type is a rail.
#[macro_export]
macro_rules! export_rail {
    ($rail:ty) => {
        const _: () = {
            fn is_a_rail<R: $crate::Rail + ::core::default::Default>() {}
            let _ = is_a_rail::<$rail>;
        };
        #[cfg(target_arch = "wasm32")]
        $crate::__export_rail!($rail);
    };
}
