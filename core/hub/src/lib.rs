//! Use cases of the hub, one verb a file, over ports. No SQL, Wasm, HTTP or model below this line.

#![expect(
    missing_docs,
    reason = "types, verbs and ports are documented; a field or an error variant whose name and text say it all is not"
)]

mod age;
pub mod audit;
pub mod budgets;
mod cache;
pub mod capture_hold;
pub mod card_number;
pub mod change_hold;
pub mod confirm_raise;
pub mod consent;
pub mod contracts;
pub mod create_hold;
mod digest;
pub mod dispute_capture;
mod drive;
pub mod enroll;
pub mod enroll_face;
pub mod exchange;
pub mod extend_hold;
pub mod family;
mod follow;
mod galleries;
pub mod gallery_rules;
pub mod guardians;
mod hear_dispute;
pub mod hear_notice;
pub mod hold_rights;
mod house_rail;
mod hub;
pub mod ids;
pub mod individual_number;
mod inquire_now;
pub mod late_news;
pub mod machine;
pub mod memory;
pub mod notices;
pub mod parties;
pub mod passes;
pub mod pay_by_face;
pub mod pay_otherwise;
pub mod payment;
pub mod people;
pub mod perform;
pub mod pin;
pub mod ports;
pub mod privacy;
pub mod proofing;
pub mod rail;
pub mod raise_hold;
mod recognise;
pub mod recognition;
pub mod reconcile;
pub mod refund_capture;
pub mod release_hold;
pub mod remove_instrument;
pub mod resolve_operation;
pub mod reverse_capture;
pub mod rights;
pub mod services;
pub mod set_pin;
pub mod set_up;
pub mod shards;
pub mod sites;
pub mod statements;
mod stop_rail;
pub mod template_spaces;
#[cfg(test)]
mod tests;
pub mod webhooks;
pub mod worker;

pub use drive::DriveError;
pub use galleries::pack_name;
pub use house_rail::{HOUSE, HouseRail};
pub use hub::{Hub, Ports};

/// Points in time as text are the ledger's.
pub use tebura_ledger::instant;
