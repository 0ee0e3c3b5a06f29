//! Whole processes: a hub with its own database and plugin, a wallet provider with its own books, and kill -9 between.

mod case;
mod crash;
mod far_end;
mod hub;
mod load;
mod misbehaviour;
