//! The hub on its in-memory ports: verbs, refusals, and every step of a payment failed, repeated and cut off.

mod cut_off;
mod faces;
mod holds;
mod world;
