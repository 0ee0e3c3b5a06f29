//! Tests as data: a script in, a transcript out; and random scripts against a reference model.

mod audit;
mod commands;
mod deadline;
mod exhaustive;
mod ids;
mod model;
mod money;
mod partial;
mod parts;
mod refunds;
mod refusals;
mod rules;
mod script;
mod state_machine;
mod units;
mod world;

use expect_test::Expect;

/// Runs a script and compares its transcript: a line for each statement, then the balances.
#[track_caller]
fn check(script: &str, transcript: Expect) {
    transcript.assert_eq(&script::run(script));
}
