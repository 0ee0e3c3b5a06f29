//! Native harness and conformance suite for plugins: the hub's half of the conversation, without hub, Wasm or network.
//!
//! ```
//! use serde_json::json;
//! use tebura_plugin::*;
//! use tebura_plugin_test::{Harness, get, post, settled};
//! # #[derive(serde::Deserialize)]
//! # struct Held { id: String, yen: u64 }
//! # #[derive(Default)]
//! # struct MachiPay;
//! # impl Rail for MachiPay {
//! #     fn hold(&self, op: &Operation, _: &Hold) -> Next {
//! #         Call::post("gateway", "/v1/holds").idempotent(&op.id).then("held")
//! #     }
//! #     fn inquire(&self, _: &Operation, inquiry: &Inquiry) -> Next {
//! #         Call::get("gateway", format!("/v1/holds/{}", inquiry.of)).read().then("held")
//! #     }
//! #     fn on_reply(&self, _: &Operation, _: &Tag, reply: &Reply) -> Next {
//! #         match reply.json::<Held>() {
//! #             Ok(held) => tebura_plugin::settled(held.id, yen(held.yen)),
//! #             Err(fault) => unknown(fault.code, fault.message),
//! #         }
//! #     }
//! # }
//!
//! let mut hub = Harness::of(MachiPay);
//! let op = hub.hold(yen(1_200));
//! hub.expect(post("/v1/holds").key(op.id())).lost(); // delivered, and the reply lost
//! hub.expect(get(format!("/v1/holds/{}", op.id()))).reply(200, json!({"id": "h1", "yen": 1200}));
//! assert_eq!(hub.finish(&op), settled("h1", yen(1_200)));
//!
//! tebura_plugin_test::conformance::<MachiPay>();
//! ```
//!
//! Every step is asked twice and has to be the same; every call, state and outcome is checked against the rules of
//! [`Breach`]. A harness panics at the first breach; [`Conformance`] tries every event at every step and lists all. In a
//! plugin's own tests one line is enough: [`conformance!`]`(MachiPay);`, or [`conformance_with_notices!`] for a rail whose far
//! end calls back.

mod conformance;
mod expect;
mod harness;
mod identity;
mod limits;
mod manifest;
mod notices;
pub mod service;
mod watch;

pub use conformance::{Conformance, NOW, Report, conformance};
pub use expect::{Answering, Expected, delete, get, post, put};
pub use harness::{Ended, Harness, Op, declined, settled, unknown};
pub use identity::{IdentityHarness, Proofed, identity_conformance};
pub use notices::inbound;
pub use watch::Breach;
