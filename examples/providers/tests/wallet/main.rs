//! The wallet provider over real connections: calls, misbehaviour, money.

mod calls;
mod client;
mod misbehaviour;
mod money;
