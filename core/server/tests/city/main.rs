//! City services from one end to the other: their components installed in a running demo city, configured from a file, asked
//! by terminals over HTTP, with drawn faces and play money.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bus;
mod clinic;
mod counters;
mod gate;
mod shelter;
mod staff_login;
mod town;
