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
//! # What a rail is asked
//!
//! | method | when | default |
//! |---|---|---|
//! | [`Rail::hold`], [`raise`](Rail::raise), [`extend`](Rail::extend), [`capture`](Rail::capture), [`release`](Rail::release), [`refund`](Rail::refund) | a command of the hub; listed under `[rail] commands` in `plugin.toml` | declines with `command.unsupported` |
//! | [`Rail::inquire`] | an operation ended `unknown`: find out what became of it, changing nothing | `unknown` |
//! | [`Rail::on_reply`] | the far end answered the call that was tagged `at` | none: write it |
//! | [`Rail::on_silence`] | no answer came; `maybe_delivered` is the bit that matters for money | `unknown` |
//! | [`Rail::on_timer`], [`on_notice`](Rail::on_notice) | the time of [`wait_until`] has come; a webhook about a waiting operation came in | `unknown` |
//! | [`Notices::identify`] | anybody sent a request to a route of the manifest: is it the far end's, and what is it about? | none: write it, with [`export_rail_with_notices!`] |
//!
//! # What a rail answers
//!
//! | answer | the hub |
//! |---|---|
//! | `Call::….read().then(tag)` | sends, and repeats freely |
//! | `Call::….idempotent(&op.id).then(tag)` | sends with the key, and repeats the same bytes under the same key |
//! | `Call::….once().then(tag)` | sends once; silence comes back to `on_silence` |
//! | [`wait_until`]`(at, tag, &value)` | comes back to `on_timer` |
//! | [`settled`]`(reference, amount)` | books it; the commands that follow carry `reference` |
//! | [`declined`]`(code, message)` | gives the money back |
//! | [`unknown`]`(code, message)` | keeps the money held, and inquires |
//! | [`never_arrived`]`(message)` | to an inquiry: declines once the endpoint's `settle_window` is over, until then as `unknown` |
//!
//! # More than one call
//!
//! A step remembers with [`Call::then_with`]; the value comes back in the [`Tag`] of the next event. Nothing else is
//! remembered: the hub makes a new rail for every step, perhaps in another process, after a crash.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tebura_plugin::*;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Ticket { token: String }
//!
//! #[derive(Default)]
//! struct TwoLegs;
//!
//! impl Rail for TwoLegs {
//!     fn hold(&self, op: &Operation, _: &Hold) -> Next {
//!         Call::post("gateway", "/tickets").idempotent(&op.id).then("ticket")
//!     }
//!     fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
//!         match (at.name(), reply.status()) {
//!             // Another key: a key belongs to one request.
//!             ("ticket", 200) => match reply.json::<Ticket>() {
//!                 Ok(ticket) => Call::post("gateway", format!("/charges/{}", op.id))
//!                     .json(&ticket)
//!                     .idempotent(format!("{}.charge", op.id))
//!                     .then_with("charge", &ticket),
//!                 Err(fault) => unknown(fault.code, fault.message),
//!             },
//!             ("charge", 200) => match (at.value::<Ticket>(), &op.command) {
//!                 (Ok(ticket), Command::Hold(hold)) => settled(ticket.token, hold.amount.clone()),
//!                 (Ok(_), _) => unknown("command.unexpected", "only holds are charged"),
//!                 (Err(fault), _) => unknown(fault.code, fault.message),
//!             },
//!             (_, status) => unknown("reply.unexpected", format!("the gateway answered {status}")),
//!         }
//!     }
//! }
//!
//! // Natively a rail is a value like any other: no hub, no Wasm.
//! let party = |token: &str| Party { kind: "wallet".into(), token: token.into(), attributes: vec![] };
//! let hold = Hold { payer: party("w"), payee: party("m"), amount: yen(1_200), expires: 2_000 };
//! let op = Operation { id: "op_1".into(), attempt: 1, now: 1_000, command: Command::Hold(hold), attributes: vec![] };
//! let first = start(&TwoLegs, &op).unwrap();
//! let reply = Event::Reply(Reply::new(200, vec![], br#"{"token": "t1"}"#.to_vec()));
//! let second = resume(&TwoLegs, &op, &first.state, &reply).unwrap();
//! let last = resume(&TwoLegs, &op, &second.state, &reply).unwrap();
//! assert_eq!(last.next, Wanted::Done(Outcome::Settled { reference: "t1".into(), amount: yen(1_200), details: vec![] }));
//! ```
//!
//! # The rules that keep money safe
//!
//! 1. After a call may have arrived, only a clear answer of the far end settles or declines. Silence, a 5xx and a damaged
//!    reply are `unknown`: the hub keeps the money held and inquires.
//! 2. A key belongs to one request. Derive it from `op.id`, which is the same in every attempt.
//! 3. A `once` call is made once, and an inquiry only reads.
//! 4. Equal input gives equal output: time is `op.now`, there is no randomness, and a rail keeps nothing in itself.
//! 5. What is kept between two steps is at most 8 KiB and reads back as it was written.
//! 6. A webhook is a hint. It ends nothing: ask the far end, and decide by what it answers.
//!
//! One line of `tebura-plugin-test` holds a rail to them: `conformance!(MachiPay);`, or
//! `conformance_with_notices!(MachiPay, …);`.
//!
//! # `plugin.toml`
//!
//! A rail may do what this file lists and nothing else; the operator reads it before the rail is installed.
//!
//! ```toml
//! [plugin]
//! id = "jp.example.machi-pay"          # the rail's name in holds
//! version = "0.1.0"
//! world = "tebura:rail/rail-plugin@1.0.0"
//! settings = ["merchant_code"]         # read with config::get
//!
//! [rail]
//! commands = ["hold", "inquire"]
//! max_hold = "30 d"
//!
//! [money]
//! currencies = ["JPY"]
//! max_per_operation = 100_000
//!
//! [endpoints.gateway]                  # the operator binds origin and credential to this name
//! allow = ["POST /v1/holds/*", "GET /v1/holds/*"]
//! idempotency_header = "Idempotency-Key"
//! settle_window = "90 s"
//!
//! [keys.partner]                       # used with crypto::mac; the operator binds the bytes
//! algorithm = "hmac-sha256"
//! use = ["mac"]
//!
//! # With world = "tebura:rail/rail-plugin-with-notices@1.0.0", what the far end may call: POST /v1/inbound/{id}/events.
//! # [notices]
//! # routes = ["events"]
//! # headers = ["x-machi-signature", "x-machi-time"]   # what identify sees of a request, besides its body
//! # [keys.webhook]
//! # algorithm = "hmac-sha256"
//! # use = ["verify"]
//!
//! [limits]
//! fuel = 20_000_000
//! memory = "16 MiB"
//! deadline = "1 s"
//! ```
//!
//! # From here to a running rail
//!
//! ```text
//! tebura plugin new rail machi-pay      a folder that compiles, with this SDK in it
//! tebura plugin test machi-pay          native tests, then the component: fuel, memory, size
//! tebura plugin build machi-pay         machi-pay/machi-pay.wasm
//! tebura plugin sign machi-pay          machi-pay/plugin.sig
//! tebura plugin install machi-pay …     into the hub that runs, after its operator approved
//! ```
//!
//! Absent on purpose: clock, randomness, sockets, threads, and any way to move money. Absent so far: certificate chains
//! (`verify-chain`).

mod call;
mod command;
mod dispatch;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest_notices;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest_service;
mod hex;
mod host;
mod http;
mod money;
mod next;
mod notices;
mod rail;
pub mod service;
mod tag;

pub use call::{Call, Declared, Undeclared};
pub use command::{Capture, Command, Extend, Extension, Hold, Inquiry, Operation, Party, Raise, Refund, Release};
pub use dispatch::{Event, resume, start};
pub use hex::{from_hex, hex};
#[cfg(not(target_arch = "wasm32"))]
pub use host::NativeHost;
pub use host::{config, crypto, kv, log};
pub use http::{Effect, Fault, Field, HttpCall, Inbound, Reply, Silence};
pub use money::{Millis, Money, yen};
pub use next::{
    KvWrite, NEVER_ARRIVED, Next, Outcome, Step, UNSUPPORTED, Wanted, declined, fault, never_arrived, settled, unknown,
    wait_until,
};
pub use notices::{Dispute, News, Notices, Subject, fresh};
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

/// Exports a rail whose far end calls back: [`export_rail!`] and its [`Notices`]. The manifest's world is
/// `tebura:rail/rail-plugin-with-notices@1.0.0` then.
#[macro_export]
macro_rules! export_rail_with_notices {
    ($rail:ty) => {
        const _: () = {
            fn hears_notices<R: $crate::Notices + ::core::default::Default>() {}
            let _ = hears_notices::<$rail>;
        };
        #[cfg(target_arch = "wasm32")]
        $crate::__export_rail!($rail);
        #[cfg(target_arch = "wasm32")]
        $crate::__export_notices!($rail);
    };
}
