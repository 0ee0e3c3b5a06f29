//! Native harness and conformance suite for plugins.
