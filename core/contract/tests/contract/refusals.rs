//! Documents that are refused.
