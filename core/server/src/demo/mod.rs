//! The demo city: drawn people, a shop, a till, a wallet and its far end, on this machine only.

pub mod faces;
