//! Parties' rows in memory.

use std::collections::BTreeMap;

use tebura_ledger::Timestamp;

use super::{Party, PartyKey, PartyWrite};
use crate::ids::{PartyId, PartyKeyId};

/// One map a table.
#[derive(Default)]
pub(crate) struct PartyTables {
    parties: BTreeMap<PartyId, Party>,
    keys: BTreeMap<PartyKeyId, PartyKey>,
    replaced: BTreeMap<PartyKeyId, Timestamp>,
    revoked: BTreeMap<PartyKeyId, Timestamp>,
}

impl PartyTables {
    pub(crate) fn write(&mut self, write: PartyWrite) {
        match write {
            PartyWrite::Party(party) => {
                self.parties.insert(party.id, party);
            }
            PartyWrite::Key(key) => {
                self.keys.insert(key.id, key);
            }
            PartyWrite::Replaced { key, at } => {
                self.replaced.insert(key, at);
            }
            PartyWrite::Revoked { key, at } => {
                self.revoked.insert(key, at);
            }
        }
    }

    pub(crate) fn party(&self, id: PartyId) -> Option<Party> {
        self.parties.get(&id).cloned()
    }

    pub(crate) fn key(&self, id: PartyKeyId) -> Option<PartyKey> {
        self.keys.get(&id).map(|key| self.as_ended(key))
    }

    pub(crate) fn keys(&self, party: PartyId) -> Vec<PartyKey> {
        self.keys.values().filter(|key| key.party == party).map(|key| self.as_ended(key)).collect()
    }

    fn as_ended(&self, key: &PartyKey) -> PartyKey {
        key.clone().ended(self.replaced.get(&key.id).copied(), self.revoked.get(&key.id).copied())
    }
}
