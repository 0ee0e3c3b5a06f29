//! The API from outside, in process: each file mirrors a path or a rule that holds for every path.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accounts;
mod amounts;
mod audit;
mod capture_sessions;
mod contracts;
mod enrolments;
mod event_stream;
mod events;
mod holds;
mod keys;
mod limits;
mod openapi;
mod operations;
mod parties;
mod payments;
mod rail_statements;
mod recognition;
mod terminal;
mod till;
mod vpia;
mod webhooks;
mod world;
mod writes;
