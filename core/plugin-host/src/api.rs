//! The released WIT versions that this host runs. Each module has bindings, a linker and conversions, and no policy.

pub(crate) mod since_v1_0;
