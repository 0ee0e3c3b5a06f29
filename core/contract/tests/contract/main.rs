//! The crate's tests: documents that are refused and accepted, steps, conservation, words.

mod documents;
mod examples;
mod mutate;
mod refusals;
