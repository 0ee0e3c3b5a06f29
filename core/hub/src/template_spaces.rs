//! Renews the space in which templates are kept: from now on they are kept under another secret rotation, and the worker
//! moves those that are there, some at each tick. Searches never stop: the galleries in memory have a space of their own.
//! Absent: the secrets, which are the store's.

use tebura_ledger::{Shard, Timestamp};

use crate::hub::Hub;
use crate::ids::ReferenceId;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};

/// Templates that are moved at each tick: a second moves about a thousand, beside everything else.
const MOVED: u16 = 250;

/// A space and what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateSpace {
    /// From 1; 0: templates that were written before there were spaces.
    pub number: u32,
    pub since: Timestamp,
    /// When the next one was begun.
    pub until: Option<Timestamp>,
    pub templates: u64,
}

/// A change of spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateWrite {
    /// Begins a space; nothing is written into an older one any more.
    Begin { number: u32, at: Timestamp },
    /// Moves a template into the newest space, if it is still there.
    Move(ReferenceId),
    /// Forgets the secrets of older spaces in which nothing stands any more.
    ForgetEmpty,
}

/// Why no space was begun.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BeginSpaceError {
    #[error("templates are still moved out of space {number} ({templates} are left); begin another when that is done")]
    Moving { number: u32, templates: u64 },
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Begins a new space. Returns its number, and whether the key was used before.
    pub async fn begin_template_space(&self, key: KeyRequest) -> Result<(u32, bool), BeginSpaceError> {
        let (now, shard) = (self.now(), self.key_shard(&key));
        if let Some(made) = self.made_before::<BeginSpaceError>(&key).await? {
            return Ok((made.parse().map_err(|_| CommitError::KeyReused)?, true));
        }
        let spaces = self.store.template_spaces().await?;
        if let Some(old) = spaces.iter().find(|space| space.until.is_some() && space.templates > 0) {
            return Err(BeginSpaceError::Moving { number: old.number, templates: old.templates });
        }
        let number = spaces.last().map_or(0, |space| space.number) + 1;
        let begin = Write::Template(TemplateWrite::Begin { number, at: now });
        let unit = Unit { key: Some(key.claim(number)), writes: vec![begin], ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => Ok((number, false)),
            Committed::Replayed { target } => Ok((target.parse().map_err(|_| CommitError::KeyReused)?, true)),
        }
    }

    /// The spaces, oldest first: how far the move is.
    pub async fn template_spaces(&self) -> Result<Vec<TemplateSpace>, ReadError> {
        self.store.template_spaces().await
    }

    /// Moves some templates out of older spaces, and with the last of them forgets those. Returns how many were moved.
    pub(crate) async fn move_templates(&self) -> Result<usize, ReadError> {
        let left = self.store.templates_left_behind(MOVED).await?;
        if left.is_empty() {
            return Ok(0);
        }
        let mut writes: Vec<Write> = left.iter().map(|id| Write::Template(TemplateWrite::Move(*id))).collect();
        if left.len() < usize::from(MOVED) {
            writes.push(Write::Template(TemplateWrite::ForgetEmpty));
        }
        let unit = Unit { writes, ..Unit::default() };
        match self.store.commit(Shard::new(0), self.now(), unit).await {
            Ok(_) => Ok(left.len()),
            Err(error) => {
                tracing::warn!(%error, "templates could not be moved into the newest space; they are tried again");
                Ok(0)
            }
        }
    }
}
