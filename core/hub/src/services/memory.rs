//! Requests to services in the store in memory.

use std::collections::BTreeMap;
use std::ops::Range;

use tebura_ledger::{HoldId, Timestamp, Uuid};

use super::record::{CountedAsk, ServiceCounts, ServiceRequest, ServiceWrite};
use super::set::ServiceSet;
use crate::ids::{PersonId, ServiceRequestId};
use crate::ports::Page;

#[derive(Default)]
pub(crate) struct ServiceTables {
    requests: BTreeMap<ServiceRequestId, ServiceRequest>,
    keys: BTreeMap<String, u32>,
    holds: BTreeMap<HoldId, ServiceRequestId>,
    sets: BTreeMap<u32, ServiceSet>,
    counted: BTreeMap<Uuid, CountedAsk>,
}

impl ServiceTables {
    pub(crate) fn is_stale(&self, write: &ServiceWrite) -> bool {
        match write {
            ServiceWrite::Request { request, expected } => {
                self.requests.get(&request.id).map_or(0, |stored| stored.revision) != *expected
            }
            ServiceWrite::Keys { service, expected } => self.revision(service) != *expected,
            ServiceWrite::Count(_) | ServiceWrite::CountRefused { .. } => false,
            ServiceWrite::Set(set) => self.version() + 1 != set.version,
            ServiceWrite::Forget { request, expected } => {
                self.requests.get(request).map_or(0, |stored| stored.revision) != *expected
            }
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
            ServiceWrite::Set(set) => {
                self.sets.insert(set.version, *set);
            }
            ServiceWrite::Count(row) => {
                self.counted.insert(row.id, row);
            }
            ServiceWrite::CountRefused { id, code } => {
                if let Some(row) = self.counted.get_mut(&id) {
                    row.code = Some(code);
                }
            }
            ServiceWrite::Forget { request, .. } => {
                self.requests.remove(&request);
                self.holds.retain(|_, own| *own != request);
            }
        }
    }

    pub(crate) fn find(&self, id: ServiceRequestId) -> Option<&ServiceRequest> {
        self.requests.get(&id)
    }

    /// Of a person, newest first.
    pub(crate) fn of(&self, person: PersonId, limit: u16) -> Vec<ServiceRequest> {
        let rows = self.requests.values().rev().filter(|row| row.asked.person == Some(person));
        rows.take(usize::from(limit)).cloned().collect()
    }

    /// What a person asked.
    pub(crate) fn erase(&mut self, person: PersonId) {
        self.requests.retain(|_, row| row.asked.person != Some(person));
    }

    pub(crate) fn revision(&self, service: &str) -> u32 {
        self.keys.get(service).copied().unwrap_or(0)
    }

    pub(crate) fn counts(&self, service: &str, period: &Range<Timestamp>) -> ServiceCounts {
        let mut counts = ServiceCounts::new();
        for row in self.counted.values().filter(|row| row.service == service && period.contains(&row.at)) {
            *counts.entry((row.terminal.clone(), row.code.clone())).or_default() += 1;
        }
        counts
    }

    pub(crate) fn version(&self) -> u32 {
        self.sets.last_key_value().map_or(0, |(version, _)| *version)
    }

    pub(crate) fn set(&self, version: u32) -> Option<&ServiceSet> {
        self.sets.get(&version)
    }

    pub(crate) fn sets(&self, limit: u16) -> Vec<ServiceSet> {
        self.sets.values().rev().take(usize::from(limit)).cloned().collect()
    }

    pub(crate) fn of_service(&self, service: &str, page: Page<ServiceRequestId>) -> Vec<ServiceRequestId> {
        let after = |id: &ServiceRequestId| page.after.is_none_or(|after| *id > after);
        let own = self.requests.values().filter(|row| row.service == service && after(&row.id));
        own.map(|row| row.id).take(usize::from(page.limit)).collect()
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
