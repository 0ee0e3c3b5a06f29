//! Bodies of the API: how the hub's records look in JSON. Nothing is decided here.

pub mod amount;
pub mod audit;
pub mod consents;
pub mod contracts;
pub mod enrolments;
pub mod figures;
pub mod guardians;
pub mod holds;
pub mod offline;
pub mod operations;
pub mod parties;
pub mod payments;
pub mod people;
pub mod plugins;
pub mod proofings;
pub mod rail_statements;
pub mod rails;
pub mod rights;
pub mod running;
pub mod searches;
pub mod service_sets;
pub mod services;
pub mod sites;
pub mod template_spaces;
pub mod time;
pub mod webhooks;
