//! Points in time as RFC 3339 text in UTC.

pub use tebura_hub::instant::{parse_rfc3339, rfc3339};
