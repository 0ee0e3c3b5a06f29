//! Write a city or merchant service in one file: a gate, a clinic's reception, a bus, a play park, a shelter.
//!
//! A service is a pure function, as a rail is: the hub gives it a request and an event, it answers with the next step, the
//! hub commits the step and then performs it. An operator configures it any number of times; each instance has settings,
//! payees, a cap and keys of its own. Inputs, outputs and settings are JSON under schemas that the service describes; the
//! hub checks them both ways.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tebura_plugin::service::*;
//!
//! #[derive(Deserialize)]
//! struct Settings { price: u64 }
//! #[derive(Deserialize)]
//! struct Enter { children: u64 }
//! #[derive(Serialize)]
//! struct Entered { paid: u64 }
//!
//! #[derive(Default)]
//! struct Pool;
//!
//! impl Service for Pool {
//!     fn describe(&self) -> Description {
//!         let enter = Action::new("enter")
//!             .title("ja", "入場")
//!             .title("en", "Enter")
//!             .input(r#"{"type": "object", "required": ["children"], "properties": {"children": {"type": "integer", "minimum": 1}}}"#)
//!             .output(r#"{"type": "object"}"#)
//!             .wishes(["residence"]);
//!         Description::new(r#"{"type": "object", "required": ["price"]}"#).action(enter)
//!     }
//!
//!     fn handle(&self, request: &Request) -> Next {
//!         let (Ok(settings), Ok(enter)) = (request.settings::<Settings>(), request.input::<Enter>()) else {
//!             return fail("pool.unreadable", "settings or input do not fit their schemas");
//!         };
//!         if request.claim("residence").is_some() {
//!             return done(&Entered { paid: 0 }).tell("pool.entered", &enter.children);
//!         }
//!         let price = yen(settings.price * enter.children);
//!         hold("pool", price, "プール", request.now + 3_600_000).then("held")
//!     }
//!
//!     fn on_moved(&self, _: &Request, at: &Tag, receipt: &Receipt) -> Next {
//!         match at.name() {
//!             "held" => capture(&receipt.id, receipt.amount.clone()).then("paid"),
//!             _ => done(&Entered { paid: receipt.amount.minor() }),
//!         }
//!     }
//! }
//! # impl Serialize for Enter { fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_u64(self.children) } }
//!
//! tebura_plugin::export_service!(Pool);
//! ```
//!
//! # What a service answers
//!
//! | answer | the hub |
//! |---|---|
//! | [`hold`]`(payee, amount, memo, expires).then(tag)` | asks the person's consent where there is none, reserves the money, and comes back to [`Service::on_moved`] or [`Service::on_not_moved`] |
//! | [`capture`], [`capture_part`], [`release`], [`refund`] | moves money of a hold of the same person and instance, placed by this request or an earlier one |
//! | `Call::….read().ask(tag)` ([`Ask`]) | sends it, as for a rail; comes back to [`Service::on_reply`] or [`Service::on_silence`] |
//! | [`wait_until`]`(at).showing(&output).then(tag)` | answers whoever asked with `output`, and comes back to [`Service::on_timer`], or before that to [`Service::on_message`] |
//! | [`done`]`(&output)` | the request ends |
//! | [`fail`]`(code, message)` | the request ends, and what it still holds goes back; what was captured stays captured |
//!
//! With any of them: [`Next::put`] and [`Next::remove`] write the instance's own keys ([`kv::get`] reads them), [`Next::admit`] and
//! [`Next::dismiss`] let the person into a gallery or take her out, [`Next::tell`] tells of something.
//!
//! # Rules
//!
//! 1. Equal input gives equal output: time is `request.now`, there is no randomness, a service keeps nothing in itself. Where
//!    two requests would write the keys at once, the second one is simply asked again.
//! 2. Money moves only from the request's person, only to payees of `plugin.toml`, only under the operator's cap. An everyday
//!    refusal (closed, full, too little money) is an output, which a terminal shows; [`fail`] is for what went wrong.
//! 3. What must not change within a request, such as its price, goes along with the tag: settings are those of the moment.
//! 4. Nobody's Individual Number (個人番号) is ever in an input or an output: the hub refuses both.
//!
//! # Settings that a schema cannot judge
//!
//! That a price fits another one, that a name in a key is somewhere else: [`Service::check_settings`] says it with the place, in
//! Japanese and English, when an operator checks or applies a file, and the hub adds file and line.
//!
//! ```
//! use tebura_plugin::service::*;
//! # #[derive(serde::Deserialize)] struct Settings { adult: u64, child: u64 }
//! fn check_settings(request: &Request) -> Vec<SettingsFault> {
//!     request.settings().map_or_else(SettingsFault::unreadable, |settings: Settings| {
//!         let Settings { adult, child } = settings;
//!         let ja = format!("が {child} 円です。大人の {adult} 円以下で書いてください");
//!         let en = format!("is {child}; write at most {adult}, the price of an adult");
//!         let fault = (child > adult).then(|| SettingsFault::at(&["child"], "pool.child_dearer", ja, en));
//!         fault.into_iter().collect()
//!     })
//! }
//! ```
//!
//! `plugin.toml` names what a service may use:
//!
//! ```toml
//! [plugin]
//! id = "jp.example.pool"
//! version = "0.1.0"
//! world = "tebura:service/service-plugin@1.0.0"
//!
//! [service]
//! payees = ["pool"]          # the operator binds each to a merchant
//! galleries = ["today"]      # … to a gallery
//! topics = ["pool.entered"]
//! claims = ["residence"]
//! ```

mod calendar;
mod dispatch;
mod next;
mod request;
mod settings;

pub use calendar::Day;
pub use dispatch::{Event, Service, handle, resume};
pub use next::{
    Admission, Ask, LedgerStep, Moving, Next, Step, Topic, Waiting, Wanted, capture, capture_part, done, fail, hold,
    refund, release, wait_until,
};
pub use request::{Action, Claim, Description, Label, Message, MessageKind, Receipt, Request};
pub use settings::{SettingsFault, check_settings};

pub use crate::call::{Call, Declared, Undeclared};
pub use crate::hex::{from_hex, hex};
pub use crate::host::{config, crypto, kv, log};
pub use crate::http::{Effect, Fault, Field, HttpCall, Reply, Silence};
pub use crate::money::{Millis, Money, yen};
pub use crate::next::KvWrite;
pub use crate::tag::Tag;

/// Exports a service from a component: `export_service!(MyService);` once, at the end of `lib.rs`.
///
/// The type needs `Default`: a fresh value is made for every call and dropped after it. Natively it expands to nothing but a
/// check that the type is a service.
#[macro_export]
macro_rules! export_service {
    ($service:ty) => {
        const _: () = {
            fn is_a_service<S: $crate::service::Service + ::core::default::Default>() {}
            let _ = is_a_service::<$service>;
        };
        #[cfg(target_arch = "wasm32")]
        $crate::__export_service!($service);
    };
}
