//! Native harness and conformance suite for services: the hub's half of the conversation, with people, wallets, galleries and
//! keys, without hub, Wasm or network.
//!
//! ```
//! use serde_json::json;
//! use tebura_plugin::service::*;
//! use tebura_plugin_test::service::{Ended, Harness};
//!
//! #[derive(Default)]
//! struct Shower;
//!
//! impl Service for Shower {
//!     fn describe(&self) -> Description {
//!         Description::new(r#"{"type": "object"}"#).action(Action::new("use").output(r#"{"type": "object"}"#))
//!     }
//!     fn handle(&self, request: &Request) -> Next {
//!         hold("shower", yen(200), "シャワー", request.now + 600_000).then("held")
//!     }
//!     fn on_moved(&self, _: &Request, at: &Tag, receipt: &Receipt) -> Next {
//!         match at.name() {
//!             "held" => capture(&receipt.id, yen(200)).then("paid"),
//!             _ => done(&json!({"paid": true})),
//!         }
//!     }
//! }
//!
//! let mut hub = Harness::of(Shower);
//! hub.wallet("hanako", 1_000);
//! let visit = hub.ask("use", json!({})).by("face", "hanako").begin();
//! assert_eq!(hub.now_of(&visit), Ended::Done(json!({"paid": true})));
//! assert_eq!((hub.balance("hanako"), hub.paid_to("shower")), (800, 200));
//! ```
//!
//! Every step is asked twice and has to be the same; inputs, outputs and settings are held against the schemas, what a
//! step names against `plugin.toml`, and money against what was held. A harness panics at the first breach;
//! [`ServiceConformance`] tries every event at every step and lists all.

mod conformance;
mod harness;
mod rules;

pub use conformance::{ServiceConformance, ServiceReport};
pub use harness::{AskBuilder, Ended, Harness, Visit};
pub use rules::ServiceBreach;
