//! A running contract: from a state and an event to the next state and what the hub has to do.
//!
//! Pure: the same state, event and time give the same answer everywhere. A refused event leaves the state as it was.

mod begin;
mod event;
mod fire;
mod instance;
mod outlook;
mod refusal;
mod report;
mod state;
mod step;
mod trigger;

pub use event::{Effect, Event, Group, Outcome, Split, Step};
pub use outlook::{LegStanding, OpenEdge, OpenField};
pub use refusal::{BeginRefusal, StepRefusal};
pub use state::{Standing, State};
