//! The crate's tests: documents that are refused and accepted, steps, conservation, words.

mod conservation;
mod documents;
mod examples;
mod hub;
mod mutate;
mod refusals;
mod words;
