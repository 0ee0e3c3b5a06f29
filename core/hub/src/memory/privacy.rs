//! People's own say in memory: what is written, what is deleted, what has outlived its time.

use tebura_ledger::Timestamp;

use super::Tables;
use crate::ids::PersonId;
use crate::privacy::{Kept, Outlived, PrivacyWrite};
use crate::recognition::FaceChange;

impl Tables {
    pub(super) fn write_privacy(&mut self, write: PrivacyWrite) {
        match write {
            PrivacyWrite::Consent(row) => self.privacy.consent(row),
            PrivacyWrite::Enrolment { enrolment, .. } => self.privacy.put_enrolment(enrolment),
            PrivacyWrite::Request { request, .. } => self.privacy.put_request(request),
            PrivacyWrite::Forget(Outlived::CaptureSession(id)) => drop(self.sessions.remove(&id)),
            PrivacyWrite::Forget(Outlived::Enrolment(id)) => self.privacy.forget_enrolment(id),
            PrivacyWrite::Forget(Outlived::Template { reference, .. }) => {
                self.references.remove(&reference);
                self.recognition.changes.push(FaceChange::Removed(reference));
            }
            PrivacyWrite::Erase(person) => self.erase(person),
        }
    }

    fn erase(&mut self, person: PersonId) {
        self.people.remove(&person);
        self.pin_tries.remove(&person);
        self.references.retain(|_, row| row.person != person);
        self.sessions.retain(|_, row| row.person != person);
        self.members.retain(|(_, member)| *member != person);
        self.proofings.erase(person);
        self.services.erase(person);
        self.privacy.erase(person);
        self.recognition.erase(person);
        for row in self.instruments.values_mut().filter(|row| row.person == person) {
            row.label.clear();
        }
    }

    pub(super) fn outlived(&self, kept: Kept, before: Timestamp, limit: u16) -> Vec<Outlived> {
        let mut rows: Vec<(Timestamp, Outlived)> = match kept {
            Kept::CaptureSession => {
                let over = self.sessions.values().filter(|row| row.expires_at < before);
                over.map(|row| (row.expires_at, Outlived::CaptureSession(row.id))).collect()
            }
            Kept::Enrolment => self.privacy.outlived_enrolments(before),
            Kept::Template => {
                let old = self.references.values().filter(|row| row.created_at < before);
                let template =
                    |row: &crate::people::FaceReference| Outlived::Template { person: row.person, reference: row.id };
                old.map(|row| (row.created_at, template(row))).collect()
            }
        };
        rows.sort();
        rows.into_iter().map(|(_, row)| row).take(usize::from(limit)).collect()
    }
}
