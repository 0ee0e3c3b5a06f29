//! The hub's plugin port over Wasm components: gate, trust, engine, limits.
