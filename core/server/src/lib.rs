//! HTTP API, pages and the one binary.
