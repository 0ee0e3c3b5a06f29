//! The hub on its in-memory ports: verbs, refusals, and every step of a payment failed, repeated and cut off.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names only the cases that it is about")]

mod budgets;
mod capture;
mod contracts;
mod counter;
mod cut_off;
mod faces;
mod faults;
mod galleries;
mod guardians;
mod holds;
mod notices;
mod other_ways;
mod privacy;
mod proofing;
mod reconcile;
mod rules;
mod services;
mod statements;
mod webhooks;
mod world;
