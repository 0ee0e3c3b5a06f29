//! How long each stage takes, for the benchmark and the metrics; nothing is decided by it.

use std::time::{Duration, Instant};

/// Wall-clock time of each stage of one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimings {
    /// File to pixels.
    pub decode: Duration,
    /// Resize, network, decoding of boxes, suppression.
    pub detect: Duration,
    /// Landmark refinement and the aligned crop.
    pub align: Duration,
    /// Liveness networks.
    pub liveness: Duration,
    /// The network for glasses and masks.
    pub conditions: Duration,
    /// Embedding network.
    pub embed: Duration,
}

impl StageTimings {
    /// Returns the stages with their names, in the order in which they run.
    #[must_use]
    pub fn by_name(&self) -> [(&'static str, Duration); 6] {
        [
            ("decode", self.decode),
            ("detect", self.detect),
            ("align", self.align),
            ("liveness", self.liveness),
            ("conditions", self.conditions),
            ("embed", self.embed),
        ]
    }

    /// Adds two, stage by stage.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            decode: self.decode + other.decode,
            detect: self.detect + other.detect,
            align: self.align + other.align,
            liveness: self.liveness + other.liveness,
            conditions: self.conditions + other.conditions,
            embed: self.embed + other.embed,
        }
    }

    /// Returns the sum of all stages.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.by_name().iter().map(|(_, duration)| *duration).sum()
    }
}

pub(crate) struct Stopwatch {
    last: Instant,
    timings: StageTimings,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { last: now(), timings: StageTimings::default() }
    }

    /// Adds the time since the last lap to a stage.
    pub(crate) fn lap(&mut self, stage: impl FnOnce(&mut StageTimings) -> &mut Duration) {
        let now = now();
        *stage(&mut self.timings) += now.duration_since(self.last);
        self.last = now;
    }

    pub(crate) fn stop(self) -> StageTimings {
        self.timings
    }
}

#[expect(clippy::disallowed_methods, reason = "only durations are reported, nothing is decided by them")]
fn now() -> Instant {
    Instant::now()
}
