//! Sandbox far ends of the rails, for demos and tests.
