//! Whole processes: a hub with its own database and plugin, a wallet provider with its own books, and kill -9 between.

mod card;
mod case;
mod cbdc;
mod crash;
pub(crate) mod far_end;
pub(crate) mod hub;
mod load;
mod misbehaviour;
mod notices;
mod reconciliation;
mod webhooks;
