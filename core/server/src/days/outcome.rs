//! What came of one thing that somebody did.

use serde::Serialize;

/// One line of the day.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    /// `07:06`.
    pub(super) at: String,
    /// `bus`, `park`, `till` …
    pub(super) service: String,
    /// What was done.
    pub(super) action: String,
    /// Masked, or what kind of stranger.
    pub(super) who: String,
    /// `face`, `card`, `qr`, `staff`, `hand`.
    pub(super) way: String,
    /// Whether it was done.
    pub(super) done: bool,
    /// Why not, or what is special about it.
    pub(super) reason: Option<String>,
    /// What it cost or gave back, yen.
    pub(super) yen: i64,
    /// From the picture or card to the answer on the terminal, milliseconds, a fallback's second way included.
    pub(super) ms: f64,
    /// How often the connection broke meanwhile.
    pub(super) cut: u32,
    /// A face was refused and another way taken.
    pub(super) fell_back: bool,
}

/// `07:06` of minutes after midnight.
pub(super) fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The value below which so many hundredths lie.
pub(super) fn percentile(sorted: &[f64], hundredths: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * hundredths + 50) / 100).copied().unwrap_or(0.0)
}
