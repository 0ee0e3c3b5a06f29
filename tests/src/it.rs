//! The workspace's tests that need more than one crate, in one binary so that they link once.
//!
//! `evil` installs hostile plugins, `flows` kills hubs, `store_contract` holds every store to the port's promises,
//! `tidy` reads the repository, `support` starts what tests need.
//! What is absent: tests of one crate's rules; those stand in that crate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod evil;
mod flows;
mod store_contract;
mod support;
mod tidy;
