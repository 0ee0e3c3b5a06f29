//! The crate's tests: documents that are refused and accepted, steps, conservation, words.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conservation;
mod documents;
mod examples;
mod extremes;
mod hub;
mod mutate;
mod refusals;
mod steps;
mod templates;
mod words;
