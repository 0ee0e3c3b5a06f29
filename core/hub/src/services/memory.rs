//! Requests to services in the store in memory.

use std::collections::BTreeMap;

use tebura_ledger::{HoldId, Timestamp};

use super::record::{ServiceRequest, ServiceWrite};
use crate::ids::ServiceRequestId;

#[derive(Default)]
pub(crate) struct ServiceTables {
    requests: BTreeMap<ServiceRequestId, ServiceRequest>,
    keys: BTreeMap<String, u32>,
    holds: BTreeMap<HoldId, ServiceRequestId>,
}

impl ServiceTables {
    pub(crate) fn is_stale(&self, write: &ServiceWrite) -> bool {
        match write {
            ServiceWrite::Request { request, expected } => {
                self.requests.get(&request.id).map_or(0, |stored| stored.revision) != *expected
            }
            ServiceWrite::Keys { service, expected } => self.revision(service) != *expected,
        }
    }

    pub(crate) fn write(&mut self, write: ServiceWrite) {
        match write {
            ServiceWrite::Request { request, .. } => {
                self.holds.extend(request.progress.holds.iter().map(|own| (own.hold, request.id)));
                self.requests.insert(request.id, *request);
            }
            ServiceWrite::Keys { service, expected } => {
                self.keys.insert(service, expected + 1);
            }
        }
    }

    pub(crate) fn find(&self, id: ServiceRequestId) -> Option<&ServiceRequest> {
        self.requests.get(&id)
    }

    pub(crate) fn revision(&self, service: &str) -> u32 {
        self.keys.get(service).copied().unwrap_or(0)
    }

    pub(crate) fn of_hold(&self, hold: HoldId) -> Option<ServiceRequestId> {
        self.holds.get(&hold).copied()
    }

    pub(crate) fn due(&self, now: Timestamp, limit: u16) -> Vec<ServiceRequestId> {
        let due = |row: &ServiceRequest| row.due_at.filter(|due| *due <= now).map(|due| (due, row.id));
        let mut due: Vec<(Timestamp, ServiceRequestId)> = self.requests.values().filter_map(due).collect();
        due.sort_unstable();
        due.into_iter().take(usize::from(limit)).map(|(_, id)| id).collect()
    }
}
