//! The demo city: drawn people, a shop, a till, a wallet and its far end, on this machine only.

mod cast;
mod city;
pub mod faces;
mod folder;
pub(crate) mod kaga;
mod ledger;
mod start;
mod visitors;
mod wallet;

pub use cast::Cast;
pub use city::CityError;
pub use folder::{DemoFile, DemoFileError};
pub use ledger::{DemoBalance, DemoLedger};
pub use start::{DemoCity, DemoError};
pub use wallet::WalletError;
