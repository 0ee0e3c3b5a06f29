//! The workspace's tests: routes, flows, store contract, evil guests, tidy.
