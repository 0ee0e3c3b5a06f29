//! The clockwork beside the requests: deadlines, resends and inquiries, a few times a second.

use std::sync::Arc;
use std::time::Duration;

use tebura_hub::Hub;

use crate::clockwork::Ticks;

/// What a hub does without a request.
pub(crate) struct Worker(pub(crate) Arc<Hub>);

impl Ticks for Worker {
    /// Inquiries are due seconds apart; a quarter of a second late is not noticed, and a change of one hub counts in the
    /// others after it. An idle tick is a few reads.
    const PAUSE: Duration = Duration::from_millis(250);
    const PANICKED: &'static str = "the worker panicked; what was due is taken up at the next start";

    async fn tick(&mut self) {
        if let Err(error) = self.0.tick().await {
            tracing::warn!(%error, "the worker could not read what is due; it tries again");
        }
        if let Err(error) = self.0.tend_galleries().await {
            tracing::warn!(%error, "galleries could not be tended; what other hubs stored is not found yet");
        }
    }
}
