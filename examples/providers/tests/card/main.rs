//! The card acquirer over real connections: intents, keys, declines, events, money.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]
mod client;
mod events;
mod intents;
mod money;
