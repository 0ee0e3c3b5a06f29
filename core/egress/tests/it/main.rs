//! Egress against far ends that misbehave, over real sockets on port 0.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod delivery;
mod far_end;
mod reach;
mod tls;
mod webhook;
