//! The demo city: drawn people, a shop, a till, a wallet and its far end, on this machine only.

mod city;
pub mod faces;
mod folder;
mod ledger;
mod wallet;

pub use city::{City, CityError};
pub use folder::{DemoFile, DemoFileError};
pub use ledger::{DemoBalance, DemoLedger};
pub(crate) use wallet::sandbox_secret;
pub use wallet::{WalletError, start_wallet, wallet_plan};
