//! The workspace's tests that need more than one crate, in one binary so that they link once.
//!
//! `crash` kills a hub at random moments and reads its database, `evil` installs hostile plugins, `flows` kills a hub at
//! chosen moments, `store_contract` holds every store to the port's promises, `tidy` reads the repository, `support`
//! starts what tests need.
//! What is absent: tests of one crate's rules; those stand in that crate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod evil;
mod flows;
mod store_contract;
mod support;
mod tidy;
