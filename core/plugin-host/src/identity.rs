//! The hub's [`Prover`] port over an installed plugin: what is asked of a proofing, and by which of its versions.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tebura_hub::proofing::{ProofEvent, ProofSession, ProofStep, ProofTurn, Prover, ProverDescriptor};
use tebura_hub::rail::RailError;

use crate::api::since_v1_0::identity as api;
use crate::call::Guest;
use crate::dispatch::{Answer, Dispatch};
use crate::install::Installed;
use crate::manifest::{IdentityPart, Manifest};

/// What a guest is told.
#[derive(Clone, Copy, Debug)]
pub enum ProofInput<'a> {
    Begin,
    Resume { state: &'a [u8], event: &'a ProofEvent },
}

/// An installed plugin that proves who somebody is.
pub struct InstalledIdentity {
    dispatch: Dispatch,
    descriptor: ProverDescriptor,
}

impl fmt::Debug for InstalledIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstalledIdentity({} {})", self.manifest().id.0, self.manifest().version)
    }
}

impl InstalledIdentity {
    pub(crate) fn new(dispatch: Dispatch, part: &IdentityPart) -> Self {
        let installed = &dispatch.installed;
        let descriptor = ProverDescriptor {
            plugin: installed.manifest.id.clone(),
            version: installed.manifest.version.clone(),
            title: installed.manifest.title.clone(),
            digest: installed.digest,
            claims: part.claims.clone(),
            session_ms: i64::try_from(part.session.as_millis()).unwrap_or(i64::MAX),
        };
        Self { dispatch, descriptor }
    }

    pub(crate) fn installed(&self) -> &Arc<Installed> {
        &self.dispatch.installed
    }

    /// What the plugin asked for.
    pub fn manifest(&self) -> &Manifest {
        &self.dispatch.installed.manifest
    }

    /// Runs a step on the calling thread, which must not be one of an async runtime. For measuring and for tests.
    pub fn run(&self, session: &ProofSession, input: ProofInput<'_>) -> Answer<ProofTurn> {
        self.dispatch.here(session.now, |guest| api::step(guest, session, input))
    }
}

#[async_trait]
impl Prover for InstalledIdentity {
    fn descriptor(&self) -> &ProverDescriptor {
        &self.descriptor
    }

    async fn begin(&self, session: &ProofSession) -> Result<ProofStep, RailError> {
        let (installed, asked) = (Arc::clone(&self.dispatch.installed), session.clone());
        let ask = move |guest: &mut Guest<'_>| api::step(guest, &asked, ProofInput::Begin);
        self.dispatch.ask(installed, "begin", session.now, ask).await
    }

    async fn resume(&self, session: &ProofSession, state: &[u8], event: &ProofEvent) -> Result<ProofStep, RailError> {
        let (installed, state) = self.dispatch.writer_of(state)?;
        let (asked, state, event) = (session.clone(), state.to_vec(), event.clone());
        let ask =
            move |guest: &mut Guest<'_>| api::step(guest, &asked, ProofInput::Resume { state: &state, event: &event });
        self.dispatch.ask(installed, "resume", session.now, ask).await
    }
}
