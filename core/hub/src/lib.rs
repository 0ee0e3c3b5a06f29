//! Use cases of the hub, one verb a file, over ports. No SQL, Wasm, HTTP or model below this line.

#![expect(
    missing_docs,
    reason = "types, verbs and ports are documented; a field or an error variant whose name and text say it all is not"
)]

mod cache;
pub mod capture_hold;
pub mod change_hold;
pub mod create_hold;
mod drive;
pub mod enroll_face;
pub mod exchange;
mod galleries;
mod house_rail;
mod hub;
pub mod ids;
pub mod machine;
pub mod memory;
pub mod pay_by_face;
pub mod payment;
pub mod people;
pub mod perform;
pub mod pin;
pub mod ports;
pub mod rail;
pub mod refund_capture;
pub mod release_hold;
pub mod set_pin;
pub mod set_up;
pub mod shards;
pub mod sites;
#[cfg(test)]
mod tests;
pub mod worker;

pub use drive::DriveError;
pub use house_rail::HOUSE;
pub use hub::{Hub, Ports};
