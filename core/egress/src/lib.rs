//! The one place that sends a plugin's calls out.
