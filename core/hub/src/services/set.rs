//! What an operator configured, version by version: the files of all services as they were written. The newest version is
//! what every process of the hub comes to.

use std::collections::BTreeMap;

use tebura_ledger::{Shard, Timestamp};

use super::record::ServiceWrite;
use crate::hub::Hub;
use crate::ids::ApiKeyId;
use crate::ports::{CommitError, Unit, Write};

/// Versions of one store are written one after the other in this shard.
const HOME: Shard = Shard::new(0);

/// One version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSet {
    /// 1, 2, 3 …
    pub version: u32,
    /// The text of each service's file, by the service's name.
    pub files: BTreeMap<String, String>,
    /// Why, in the operator's words.
    pub note: String,
    /// The earlier version that this one is a copy of.
    pub restores: Option<u32>,
    /// Whose key wrote it.
    pub by: ApiKeyId,
    pub at: Timestamp,
}

impl Hub {
    /// Writes a version that comes after the one that was read. Stale: somebody else wrote that version meanwhile.
    pub async fn put_service_set(&self, set: ServiceSet) -> Result<(), CommitError> {
        let at = set.at;
        let unit = Unit { writes: vec![Write::Service(ServiceWrite::Set(Box::new(set)))], ..Unit::default() };
        self.store.commit(HOME, at, unit).await.map(drop)
    }
}
