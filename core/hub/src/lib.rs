//! Use cases of the hub, one verb a file, over ports. No SQL, Wasm, HTTP or model below this line.

pub mod exchange;
pub mod ids;
pub mod payment;
pub mod people;
pub mod ports;
pub mod rail;
pub mod sites;
