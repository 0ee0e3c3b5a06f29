//! Hold contracts that run here: proposed, agreed to, told of what happened, and carried out on the rails.
//!
//! `tebura_contract` decides; here its decisions become operations on holds. What a contract has decided is stored before
//! anything is done, and each effect is done under a key of its own, so that a hub that stops in between does the rest
//! and nothing twice.

mod account;
mod at_once;
mod bind;
mod carry_out;
mod effect;
mod look;
mod memory;
mod propose;
mod record;
mod rehold;
mod report;
mod tell;
mod text;
mod wake;

pub use account::{AccountRef, BoundAccount, Holder, PartyBinding};
pub use bind::BindError;
pub use look::ContractView;
pub(crate) use memory::ContractTables;
pub use propose::{AGREE_WITHIN_MS, Proposal, ProposeError};
pub use record::{
    Bound, ContractEntry, ContractTerms, Declined, Happened, OpenGroup, Progress, RunningContract, Stage,
};
pub use rehold::CannotFollow;
pub use tell::{TellError, Told};
pub use text::Text;
