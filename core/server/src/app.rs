//! What every handler shares, and the one way in which a handler starts a command.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::StatusCode;
use tebura_egress::WebhookClient;
use tebura_hub::Hub;
use tebura_hub::ids::ApiKeyId;
use tokio::sync::{Semaphore, watch};

use crate::audit::Heads;
use crate::demo::DemoLedger;
use crate::desk::Desk;
use crate::idempotency::{Running, RunningKeys};
use crate::layers::SHED_RETRY_AFTER_MS;
use crate::plugins::Plugins;
use crate::problem::{Problem, Retry};
use crate::rates::{Buckets, Rate, Rates};
use crate::services::Services;
use crate::sessions::Sessions;

/// Sizes and times that bound what one caller can make the hub do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest JSON body, bytes.
    pub body_bytes: usize,
    /// Largest image, bytes; the face engine has its own limit on pixels.
    pub image_bytes: usize,
    /// Open connections.
    pub connections: usize,
    /// Longest time that a request's head may take to arrive; also how long an idle connection is kept.
    pub head: Duration,
    /// Longest time that a body may take to arrive.
    pub body: Duration,
    /// Longest time that a caller waits for a command. The command itself goes on.
    pub answer: Duration,
    /// Requests at once.
    pub requests: usize,
    /// Commands at once.
    pub commands: u32,
    /// How often one key may call; as often as it likes when it is left out.
    pub rate: Option<Rate>,
    /// How often the far end of one rail may call; anybody may pretend to be one.
    pub inbound_rate: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 64 * 1024,
            image_bytes: 10 * 1024 * 1024,
            connections: 4_096,
            head: Duration::from_secs(60),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(25),
            requests: 2_048,
            commands: 1_024,
            rate: None,
            inbound_rate: NonZeroU32::new(50)
                .zip(NonZeroU32::new(200))
                .map(|(per_second, burst)| Rate { per_second, burst }),
        }
    }
}

/// What the demo city adds.
pub struct Demo {
    /// The till's key, for sessions that need no typing. Only from this machine.
    pub till_key: ApiKeyId,
    /// Who has how much.
    pub ledger: DemoLedger,
}

/// State of the application; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// See [`App`].
pub struct Shared {
    /// The use cases.
    pub hub: Arc<Hub>,
    /// Till sessions.
    pub sessions: Sessions,
    /// Keys whose first request still runs.
    pub running: RunningKeys,
    /// Bounds.
    pub limits: Limits,
    /// How often each key has called.
    pub rates: Rates,
    /// How often each rail has been called back.
    pub inbound_rates: Buckets<String>,
    /// One place for each notice that is acted on at once.
    pub notices: Arc<Semaphore>,
    /// Set when the demo city is served.
    pub demo: Option<Demo>,
    /// One place for each event stream.
    pub streams: Arc<Semaphore>,
    webhooks: OnceLock<Arc<WebhookClient>>,
    heads: OnceLock<Arc<Heads>>,
    plugins: OnceLock<Arc<Plugins>>,
    services: OnceLock<Arc<Services>>,
    desk: OnceLock<Arc<Desk>>,
    stopping: watch::Sender<bool>,
    /// One place for each command that may run at once.
    commands: Arc<Semaphore>,
}

/// Notices acted on at once; the worker takes what is more.
const NOTICES: usize = 64;
/// Event streams at once; each looks at the log twice a second.
const STREAMS: usize = 256;

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// An application around a hub.
    pub fn new(hub: Arc<Hub>, sessions: Sessions, limits: Limits, demo: Option<Demo>) -> App {
        let commands = Arc::new(Semaphore::new(limits.commands as usize));
        let streams = Arc::new(Semaphore::new(STREAMS));
        let (webhooks, heads, plugins, desk) = (OnceLock::new(), OnceLock::new(), OnceLock::new(), OnceLock::new());
        let (running, stopping) = (RunningKeys::default(), watch::Sender::new(false));
        let (rates, inbound_rates) = (Rates::new(limits.rate), Buckets::new(limits.inbound_rate));
        let notices = Arc::new(Semaphore::new(NOTICES));
        App(Arc::new(Shared {
            hub,
            sessions,
            running,
            limits,
            rates,
            inbound_rates,
            notices,
            demo,
            streams,
            webhooks,
            heads,
            plugins,
            services: OnceLock::new(),
            desk,
            stopping,
            commands,
        }))
    }

    /// Lets merchants register webhook endpoints, as far as this client may go. Once.
    #[must_use]
    pub fn with_webhooks(self, client: Arc<WebhookClient>) -> App {
        let _ = self.webhooks.set(client);
        self
    }

    /// What sends webhooks; `None`: nothing does.
    pub fn webhooks(&self) -> Option<&Arc<WebhookClient>> {
        self.webhooks.get()
    }

    /// Shows and signs the heads of the logs. Once.
    #[must_use]
    pub fn with_heads(self, heads: Arc<Heads>) -> App {
        let _ = self.heads.set(heads);
        self
    }

    /// The signed heads of the logs; `None`: they are not signed.
    pub fn heads(&self) -> Option<&Arc<Heads>> {
        self.heads.get()
    }

    /// Lets the operator install and switch off plugins while the hub runs. Once.
    #[must_use]
    pub fn with_plugins(self, plugins: Arc<Plugins>) -> App {
        plugins.attach(self.hub.clone());
        let _ = self.services.set(Arc::new(Services::new(self.hub.clone(), Arc::clone(&plugins))));
        let _ = self.plugins.set(plugins);
        self
    }

    /// What configures services; `None`: nothing does.
    pub fn services(&self) -> Option<&Arc<Services>> {
        self.services.get()
    }

    /// What installs plugins; `None`: nothing does.
    pub fn plugins(&self) -> Option<&Arc<Plugins>> {
        self.plugins.get()
    }

    /// Tells people what this desk says, and keeps its rules. Once.
    #[must_use]
    pub fn with_desk(self, desk: Desk) -> App {
        self.hub.declare_purposes(desk.purposes());
        self.hub.sweeper().set(desk.retention.clone());
        let _ = self.desk.set(Arc::new(desk));
        self
    }

    /// What people are told, and the key of their receipts.
    ///
    /// # Errors
    /// 500 where nobody opened a desk.
    pub fn desk(&self) -> Result<&Arc<Desk>, Problem> {
        self.desk.get().ok_or_else(|| Problem::internal("no desk was opened"))
    }

    /// Becomes true when the hub stops: what goes on without end has to end then.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Ends what goes on without end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Runs a command to its end, whether or not the caller waits: a connection that closes never cancels money.
    ///
    /// # Errors
    /// The command's own problem; 503 when too many run; 504 when the caller waited long enough.
    pub async fn run<T: Send + 'static>(
        &self,
        running: Running,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.commands.clone().try_acquire_owned().map_err(|_| Problem::busy(SHED_RETRY_AFTER_MS))?;
        let task = tokio::spawn(async move {
            let held = (place, running);
            let result = work.await;
            drop(held);
            result
        });
        match tokio::time::timeout(self.limits.answer, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Problem::internal("a command panicked")),
            Err(_elapsed) => Err(Problem {
                retry_after_ms: Some(1_000),
                ..Problem::new(
                    StatusCode::GATEWAY_TIMEOUT,
                    "hub.answer_late",
                    "The command goes on and its end is not known yet. Repeat with the same Idempotency-Key to get it.",
                )
                .retry(Retry::SameKey)
            }),
        }
    }

    /// How many commands run now.
    pub fn commands_running(&self) -> usize {
        (self.limits.commands as usize).saturating_sub(self.commands.available_permits())
    }

    /// Waits until no command runs, or the time is over. Returns how many still run.
    pub async fn drain(&self, limit: Duration) -> usize {
        let all = self.limits.commands;
        match tokio::time::timeout(limit, self.commands.acquire_many(all)).await {
            Ok(_) => 0,
            Err(_) => self.commands_running(),
        }
    }
}
