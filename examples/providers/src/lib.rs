//! Sandbox far ends of the rails, for demos and tests: HTTP services with their own books, outside the hub.
//!
//! Each keeps books of its own, checks its callers, and can be told to misbehave the way real far ends do. Absent: real
//! money, real people, and any knowledge of the hub.

pub mod card;
pub mod cbdc;
mod clock;
mod credential;
pub mod eligibility;
mod hex;
pub mod jpki;
mod line;
mod post;
mod switches;
pub mod wallet;

pub use clock::{Clock, ManualClock, system_clock};
pub use credential::Credential;
pub use switches::{Misbehaviour, Pause, Place, Rule, Switches, Target};
