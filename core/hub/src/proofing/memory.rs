//! Sessions in memory.

use std::collections::BTreeMap;

use tebura_ledger::Timestamp;

use super::record::{LinkDigest, Proofing};
use crate::ids::{PersonId, ProofingId};

/// One map a table.
#[derive(Default)]
pub(crate) struct ProofingTables {
    sessions: BTreeMap<ProofingId, Proofing>,
    links: BTreeMap<LinkDigest, PersonId>,
}

impl ProofingTables {
    pub(crate) fn revision(&self, id: ProofingId) -> u32 {
        self.sessions.get(&id).map_or(0, |row| row.revision)
    }

    pub(crate) fn put(&mut self, row: Proofing) {
        self.sessions.insert(row.id, row);
    }

    pub(crate) fn link(&mut self, link: LinkDigest, person: PersonId) {
        self.links.insert(link, person);
    }

    pub(crate) fn linked(&self, link: &LinkDigest) -> Option<PersonId> {
        self.links.get(link).copied()
    }

    pub(crate) fn one(&self, id: ProofingId) -> Option<&Proofing> {
        self.sessions.get(&id)
    }

    pub(crate) fn of(&self, person: PersonId) -> Vec<Proofing> {
        self.sessions.values().filter(|row| row.person == person).cloned().collect()
    }

    /// What a person has proven, and that a card stands for her.
    pub(crate) fn erase(&mut self, person: PersonId) {
        self.sessions.retain(|_, row| row.person != person);
        self.links.retain(|_, owner| *owner != person);
    }

    pub(crate) fn due(&self, now: Timestamp, limit: u16) -> Vec<ProofingId> {
        let due = self.sessions.values().filter_map(|row| Some((row.due_at.filter(|due| *due <= now)?, row.id)));
        let mut due: Vec<(Timestamp, ProofingId)> = due.collect();
        due.sort();
        due.into_iter().map(|(_, id)| id).take(usize::from(limit)).collect()
    }
}
