//! Hold contracts `hc/1`: who is paid what, when, decided by signed commands, signed statements and deadlines.
//!
//! A document is parsed and checked before anyone consents; the range that each party can receive is worked out; then the
//! contract steps from event to event and says what the hub has to do. The format is in `specs/contracts/hc-1.md`.
//!
//! ```
//! use std::collections::BTreeMap;
//! use tebura_contract::{CapAndCapture, Effect, Event, Label, Period, Template, Timestamp};
//!
//! let name = Label { ja: "タクシー".to_owned(), en: "taxi".to_owned() };
//! let (currency, rail, within) = ("JPY".to_owned(), "house".to_owned(), Period::from_seconds(3_600));
//! let ride = Template::CapAndCapture(CapAndCapture { name, currency, rail, hold: 5_000, cap: None, within }).contract()?;
//! assert_eq!(ride.payoff().legs[0].received[0].1.max, 5_000);
//!
//! let now = Timestamp::from_millis(0);
//! let begun = ride.begin(now, &BTreeMap::new())?;
//! let held = ride.step(&begun.state, &Event::LegHeld { leg: "sum".to_owned() }, now)?;
//! let fields = BTreeMap::from([("amount".to_owned(), 4_200)]);
//! let (id, by, attest) = ("s1".to_owned(), "payee".to_owned(), "due".to_owned());
//! let paid = ride.step(&held.state, &Event::Attest { id, by, attest, fields }, now)?;
//! assert!(matches!(&paid.groups[0].effects[0], Effect::Capture { is_final: true, returns: 800, .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Absent by design: clocks, randomness, signatures, rails, storage, floating point. Time, events and facts are arguments.
#![deny(clippy::float_arithmetic)]

mod catalogue;
mod check;
mod consent;
mod contract;
mod duration;
mod finding;
mod hash;
/// How large a contract may be.
pub mod limits;
mod model;
mod payoff;
mod rails;
mod range;
mod read;
mod run;
mod schema;
mod source;
mod template;
mod text;
mod words;

pub use contract::{AnchorView, Checked, Contract, LegView, PartyView, check, check_value};
pub use finding::{Code, Finding, Language, Severity};
pub use hash::{DocumentHash, DocumentHashError};
pub use model::{Asset, Label, Requirement, Role, TriggerKind};
pub use payoff::{LegPayoff, Payoff};
pub use rails::{RailFacts, Rails};
pub use range::Range;
pub use run::{
    BeginRefusal, Effect, Event, Group, LegStanding, OpenEdge, OpenField, Outcome, Split, Standing, State, Step,
    StepRefusal,
};
pub use schema::SCHEMA;
pub use template::{
    CancelStep, CapAndCapture, Deposit, Escrow, Estimate, Exchange, Mandate, MaximumFare, Period, PrepaymentLock,
    ReservationFee, Template, TemplateError,
};

/// Points in time are the ledger's.
pub use tebura_ledger::Timestamp;
