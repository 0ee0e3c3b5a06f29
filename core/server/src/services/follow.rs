//! Keeps a process at the newest version of its services, whoever applied it.

use std::sync::Arc;
use std::time::Duration;

use super::apply::Services;
use crate::clockwork::Ticks;

/// A look-out for versions that other processes applied.
pub(crate) struct Follower(pub(crate) Arc<Services>);

impl Ticks for Follower {
    /// How long a version stays unnoticed. An idle look is one read.
    const PAUSE: Duration = Duration::from_millis(500);
    const PANICKED: &'static str = "the look-out for services panicked; they are as they were";

    async fn tick(&mut self) {
        if let Err(error) = self.0.come_up().await {
            tracing::warn!(%error, "the services' version could not be read; what runs goes on");
        }
    }
}
