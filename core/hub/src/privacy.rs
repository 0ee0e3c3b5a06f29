//! Rows about people's own say: consents, enrolment tickets, requests, and what is deleted. One family of writes.

use std::collections::BTreeMap;

use tebura_ledger::Timestamp;

use crate::consent::ConsentEvent;
use crate::enroll::Enrolment;
use crate::ids::{CaptureSessionId, ConsentId, EnrolmentId, PersonId, ReferenceId, RightsRequestId};
use crate::rights::RightsRequest;

/// A row to write, or to delete.
#[derive(Clone, Debug)]
pub enum PrivacyWrite {
    /// Never changed afterwards.
    Consent(ConsentEvent),
    /// `expected` is the revision that was read (0: a new row).
    Enrolment { enrolment: Enrolment, expected: u32 },
    /// `expected` is the revision that was read (0: a new row).
    Request { request: RightsRequest, expected: u32 },
    /// Deletes one row; it is no matter when it is gone already.
    Forget(Outlived),
    /// Destroys a person's key and deletes every row that says who she is or what she looks like. What money did stays,
    /// and so does what she said about her data, under an id that leads to nobody.
    Erase(PersonId),
}

/// A row that is not needed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlived {
    CaptureSession(CaptureSessionId),
    Enrolment(EnrolmentId),
    Template { person: PersonId, reference: ReferenceId },
}

/// What may outlive its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// By the end of the session.
    CaptureSession,
    /// By the end of the ticket, or of the page that it opened.
    Enrolment,
    /// By the time of enrolment.
    Template,
}

impl Kept {
    /// Everything that the sweeper looks at.
    pub const ALL: [Kept; 3] = [Kept::CaptureSession, Kept::Enrolment, Kept::Template];

    /// The word in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kept::CaptureSession => "capture_session",
            Kept::Enrolment => "enrolment_ticket",
            Kept::Template => "face_template",
        }
    }
}

/// One map a table, in memory.
#[derive(Default)]
pub(crate) struct PrivacyTables {
    consents: BTreeMap<ConsentId, ConsentEvent>,
    enrolments: BTreeMap<EnrolmentId, Enrolment>,
    requests: BTreeMap<RightsRequestId, RightsRequest>,
}

impl PrivacyTables {
    pub(crate) fn is_stale(&self, write: &PrivacyWrite) -> bool {
        match write {
            PrivacyWrite::Enrolment { enrolment, expected } => {
                self.enrolments.get(&enrolment.id).map_or(0, |row| row.revision) != *expected
            }
            PrivacyWrite::Request { request, expected } => {
                self.requests.get(&request.id).map_or(0, |row| row.revision) != *expected
            }
            PrivacyWrite::Consent(_) | PrivacyWrite::Forget(_) | PrivacyWrite::Erase(_) => false,
        }
    }

    pub(crate) fn consent(&mut self, row: ConsentEvent) {
        self.consents.insert(row.id, row);
    }

    pub(crate) fn put_enrolment(&mut self, row: Enrolment) {
        self.enrolments.insert(row.id, row);
    }

    pub(crate) fn forget_enrolment(&mut self, id: EnrolmentId) {
        self.enrolments.remove(&id);
    }

    pub(crate) fn put_request(&mut self, row: RightsRequest) {
        self.requests.insert(row.id, row);
    }

    pub(crate) fn consents_of(&self, person: PersonId) -> Vec<ConsentEvent> {
        let mut rows: Vec<ConsentEvent> = self.consents.values().filter(|row| row.person == person).cloned().collect();
        rows.sort_by_key(|row| (row.at, row.id));
        rows
    }

    pub(crate) fn enrolment(&self, id: EnrolmentId) -> Option<&Enrolment> {
        self.enrolments.get(&id)
    }

    pub(crate) fn outlived_enrolments(&self, before: Timestamp) -> Vec<(Timestamp, Outlived)> {
        let rows = self.enrolments.values().filter(|row| row.ends_at < before);
        rows.map(|row| (row.ends_at, Outlived::Enrolment(row.id))).collect()
    }

    pub(crate) fn request(&self, id: RightsRequestId) -> Option<&RightsRequest> {
        self.requests.get(&id)
    }

    /// The person's words go with her key.
    pub(crate) fn erase(&mut self, person: PersonId) {
        for row in self.requests.values_mut().filter(|row| row.person == person) {
            row.note = None;
        }
    }

    pub(crate) fn requests_of(&self, person: PersonId) -> Vec<RightsRequest> {
        self.requests.values().filter(|row| row.person == person).cloned().collect()
    }

    pub(crate) fn open_requests(&self, limit: u16) -> Vec<RightsRequest> {
        let mut rows: Vec<RightsRequest> = self.requests.values().filter(|row| row.is_open()).cloned().collect();
        rows.sort_by_key(|row| (row.due_at, row.id));
        rows.truncate(usize::from(limit));
        rows
    }
}
