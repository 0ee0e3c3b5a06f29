//! The wallet provider over real connections: calls, misbehaviour, money.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]
mod calls;
mod client;
mod misbehaviour;
mod money;
