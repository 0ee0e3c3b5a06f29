//! The services of a running hub: looked at, applied, taken back. What runs here is the newest version of the store.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tebura_hub::Hub;
use tebura_hub::ids::ApiKeyId;
use tebura_hub::ports::{CommitError, ReadError, Service};
use tebura_hub::rail::PluginId;
use tebura_hub::services::{ServiceInstance, ServiceSet};
use tokio::sync::Mutex;

use super::check::{Against, Files, Installed, check};
use super::diff::{Change, changes};
use super::explain::explain;
use super::wrong::Told;
use crate::messages::Language;
use crate::plugins::Plugins;

/// Versions that a history shows.
const HISTORY: u16 = 100;
/// Characters of a note.
const MAX_NOTE: usize = 500;

/// What files would do, before anything is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Look {
    /// The version that the store has now; 0: none.
    pub version: u32,
    /// Everything that is wrong; empty: it can be applied.
    pub wrong: Vec<Told>,
    /// What changes against that version.
    pub changes: Vec<Change>,
    /// What each right file does, in Japanese.
    pub ja: Vec<Vec<String>>,
    /// The same in English.
    pub en: Vec<Vec<String>>,
}

/// What was applied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Applied {
    /// The version that runs now.
    pub version: u32,
    /// What changed; empty: nothing, and there is no new version.
    pub changes: Vec<Change>,
}

/// Why nothing was applied. The order is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A note that is a letter.
    #[error("the note has more than {MAX_NOTE} characters; say it shorter")]
    Note,
    /// Somebody else applied something meanwhile.
    #[error("version {now} was applied meanwhile; look at what changes against it, and apply that")]
    Moved {
        /// The newest version.
        now: u32,
    },
    /// There is no such version.
    #[error("there is no version {version}; `tebura config history` lists what there is")]
    NoVersion {
        /// The one that was asked for.
        version: u32,
    },
    /// Something is wrong with the files.
    #[error("wrong: {}; nothing was applied", .0.len())]
    Wrong(Vec<Told>),
    /// The store.
    #[error(transparent)]
    Commit(CommitError),
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What is to become the next version.
#[derive(Debug)]
pub struct Next {
    /// The files.
    pub files: Files,
    /// The version that was looked at.
    pub against: u32,
    /// Why.
    pub note: String,
    /// Whose key.
    pub by: ApiKeyId,
}

/// The services of one process.
pub struct Services {
    hub: Arc<Hub>,
    plugins: Arc<Plugins>,
    /// One change at a time.
    running: Mutex<Running>,
}

/// What this process runs.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// Of the store.
    pub version: u32,
    /// Files of this version that this process cannot run: a plugin is missing here.
    pub wrong: Vec<Told>,
}

impl Installed for Plugins {
    fn find(&self, plugin: &PluginId) -> Option<Arc<dyn Service>> {
        self.service(plugin)
    }

    fn known(&self) -> Vec<String> {
        self.services()
    }
}

impl Services {
    /// For a hub with its plugins. Nothing runs before [`Services::come_up`].
    pub fn new(hub: Arc<Hub>, plugins: Arc<Plugins>) -> Services {
        Services { hub, plugins, running: Mutex::default() }
    }

    /// What runs here.
    pub async fn running(&self) -> Running {
        self.running.lock().await.clone()
    }

    /// Comes to the newest version. What of it cannot run here is left out and said; it is tried again at the next call.
    ///
    /// # Errors
    /// When the store does not answer: what runs goes on.
    pub async fn come_up(&self) -> Result<u32, ReadError> {
        let mut running = self.running.lock().await;
        let version = self.hub.store().service_set_version().await?;
        if version == running.version && running.wrong.is_empty() {
            return Ok(version);
        }
        let Some(set) = self.hub.store().service_set(version).await? else { return Ok(version) };
        let checked = check(&set.files, &*self.plugins, Against::Applied(&self.hub)).await?;
        if version == running.version && checked.wrong == running.wrong {
            return Ok(version);
        }
        for told in &checked.wrong {
            tracing::error!(version, service = told.service, line = told.line, "a service is left out: {}", told.en);
        }
        tracing::info!(version, services = checked.services.len(), note = set.note, "services are configured");
        self.hub.set_services(checked.services, self.former(&set).await?);
        *running = Running { version, wrong: checked.wrong };
        Ok(version)
    }

    /// Services of earlier versions that a set has no more, each as it was last. Where one cannot run here, its requests wait.
    async fn former(&self, set: &ServiceSet) -> Result<Vec<ServiceInstance>, ReadError> {
        let mut gone = Files::new();
        for earlier in self.history().await? {
            for (name, text) in earlier.files.into_iter().filter(|(name, _)| !set.files.contains_key(name)) {
                // The newest comes first.
                gone.entry(name).or_insert(text);
            }
        }
        let checked = check(&gone, &*self.plugins, Against::TakenAway(&self.hub)).await?;
        for told in &checked.wrong {
            tracing::warn!(service = told.service, "what is open of a service that was taken away waits: {}", told.en);
        }
        Ok(checked.services)
    }

    /// What files would do. Changes nothing.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn look(&self, files: &Files) -> Result<Look, ReadError> {
        let checked = check(files, &*self.plugins, Against::Draft(&self.hub)).await?;
        let before = self.newest().await?;
        let said = |language| checked.services.iter().map(|service| explain(service, language)).collect();
        Ok(Look {
            version: before.as_ref().map_or(0, |set| set.version),
            changes: changes(&before.map(|set| set.files).unwrap_or_default(), files),
            ja: said(Language::Japanese),
            en: said(Language::English),
            wrong: checked.wrong,
        })
    }

    /// Makes files the next version, all of them or none, and comes to it. Other processes come to it by themselves.
    ///
    /// # Errors
    /// [`ApplyError`] in the order of its variants.
    pub async fn apply(&self, next: Next) -> Result<Applied, ApplyError> {
        self.put(next, None).await
    }

    /// Makes the files of an earlier version the next one.
    ///
    /// # Errors
    /// [`ApplyError`] in the order of its variants.
    pub async fn roll_back(&self, to: u32, mut next: Next) -> Result<Applied, ApplyError> {
        let earlier = self.hub.store().service_set(to).await?.ok_or(ApplyError::NoVersion { version: to })?;
        next.files = earlier.files;
        self.put(next, Some(to)).await
    }

    /// Every version, newest first, as far as a history goes.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn history(&self) -> Result<Vec<ServiceSet>, ReadError> {
        self.hub.store().service_sets(HISTORY).await
    }

    async fn newest(&self) -> Result<Option<ServiceSet>, ReadError> {
        let version = self.hub.store().service_set_version().await?;
        self.hub.store().service_set(version).await
    }

    async fn put(&self, next: Next, restores: Option<u32>) -> Result<Applied, ApplyError> {
        let Next { files, against, note, by } = next;
        if note.chars().count() > MAX_NOTE {
            return Err(ApplyError::Note);
        }
        let before = self.newest().await?;
        let version = before.as_ref().map_or(0, |set| set.version);
        if version != against {
            return Err(ApplyError::Moved { now: version });
        }
        let checked = check(&files, &*self.plugins, Against::Draft(&self.hub)).await?;
        if !checked.wrong.is_empty() {
            return Err(ApplyError::Wrong(checked.wrong));
        }
        let before = before.map(|set| set.files).unwrap_or_default();
        let changes = changes(&before, &files);
        // Comments are kept too: only the very same texts are no new version.
        if before == files && version > 0 {
            return Ok(Applied { version, changes });
        }
        let at = self.hub.now();
        let set = ServiceSet { version: version + 1, files, note, restores, by, at };
        match self.hub.put_service_set(set).await {
            Ok(()) => {}
            Err(CommitError::Stale) => {
                let now = self.hub.store().service_set_version().await?;
                return Err(ApplyError::Moved { now });
            }
            Err(error) => return Err(ApplyError::Commit(error)),
        }
        self.come_up().await?;
        Ok(Applied { version: version + 1, changes })
    }
}
