//! Writes in memory: what can be refused is refused before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use tebura_ledger::OperationId;

use super::Tables;
use crate::ids::{GalleryId, PaymentId, PersonId};
use crate::people::FaceReference;
use crate::ports::{CommitError, Write};
use crate::recognition::{FaceChange, RecognitionWrite};

impl Tables {
    /// Everything about writes that can be refused, before anything is changed.
    pub(super) fn check_writes(&self, writes: &[Write]) -> Result<(), CommitError> {
        let mut revisions: BTreeMap<OperationId, u32> = BTreeMap::new();
        let mut people: BTreeSet<PersonId> = BTreeSet::new();
        let mut payments: BTreeSet<PaymentId> = BTreeSet::new();
        for write in writes {
            match write {
                Write::Exchange { exchange, expected } => {
                    let id = exchange.operation;
                    let stored = self.exchanges.get(&id).map_or(0, |stored| stored.revision);
                    if revisions.get(&id).copied().unwrap_or(stored) != *expected {
                        return Err(CommitError::Stale);
                    }
                    revisions.insert(id, expected + 1);
                }
                Write::Payment(payment) => {
                    if self.payments.contains_key(&payment.id) || !payments.insert(payment.id) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::CaptureSession { session, expected } => {
                    if self.sessions.get(&session.id).map_or(0, |stored| stored.revision) != *expected {
                        return Err(CommitError::Stale);
                    }
                    if !people.contains(&session.person) && !self.people.contains_key(&session.person) {
                        return Err(CommitError::Rejected { reason: "the person is not known".to_owned() });
                    }
                }
                Write::Person(person) => {
                    people.insert(person.id);
                }
                Write::FaceReference(FaceReference { person, .. }) | Write::PinTries { person, .. } => {
                    if !people.contains(person) && !self.people.contains_key(person) {
                        return Err(CommitError::Rejected { reason: "the person is not known".to_owned() });
                    }
                }
                Write::Contract { contract, expected } => {
                    if self.contracts.revision(contract.id) != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Proofing { proofing, expected } => {
                    if self.proofings.revision(proofing.id) != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::ProofLink { link, person } => {
                    if self.proofings.linked(link).is_some_and(|known| known != *person) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Webhook(write) => {
                    if self.webhooks.is_stale(write) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Privacy(write) => {
                    if self.privacy.is_stale(write) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Service(write) => {
                    if self.services.is_stale(write) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Recognition(RecognitionWrite::PinTry { person, expected, .. }) => {
                    let failed = self.pin_tries.get(person).map_or(0, |(failed, _)| *failed);
                    if failed != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Kv { .. }
                | Write::Recognition(_)
                | Write::Instrument(_)
                | Write::Merchant(_)
                | Write::Payee(_)
                | Write::Till(_)
                | Write::Gallery(_)
                | Write::GalleryMember { .. }
                | Write::ContractEntry(_)
                | Write::ApiKey(_)
                | Write::Party(_)
                | Write::Statement { .. }
                | Write::Notice(_)
                | Write::Event(_)
                | Write::AuditHead(_)
                | Write::Template(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn write(&mut self, write: Write) {
        match write {
            Write::Exchange { mut exchange, expected } => {
                exchange.revision = expected + 1;
                self.exchanges.insert(exchange.operation, exchange);
            }
            Write::Kv { plugin, write } => {
                match write.value {
                    Some(value) => self.values.insert((plugin, write.key), value),
                    None => self.values.remove(&(plugin, write.key)),
                };
            }
            Write::Payment(payment) => {
                self.payments.insert(payment.id, payment);
            }
            Write::Person(person) => {
                self.people.insert(person.id, person);
            }
            Write::Instrument(instrument) => {
                self.instruments.insert(instrument.id, instrument);
            }
            Write::CaptureSession { session, .. } => {
                self.sessions.insert(session.id, session);
            }
            Write::FaceReference(reference) => {
                self.recognition.changes.push(FaceChange::Enrolled(reference.id));
                self.references.insert(reference.id, reference);
            }
            // Nothing is kept at rest.
            Write::Template(_) => {}
            Write::Merchant(merchant) => {
                self.merchants.insert(merchant.id, merchant);
            }
            Write::Payee(payee) => {
                self.payees.insert((payee.merchant, payee.rail.clone()), payee);
            }
            Write::Till(till) => {
                self.tills.insert(till.id, till);
            }
            Write::Gallery(gallery) => {
                self.galleries.insert(gallery.id, gallery);
            }
            Write::GalleryMember { gallery, person, present } => self.set_member(gallery, person, present),
            Write::Recognition(write) => self.write_recognition(write),
            // What is kept in memory is not audited.
            // Events are in the log already.
            Write::AuditHead(_) | Write::Event(_) => {}
            Write::ApiKey(key) => {
                self.api_keys.insert(key.id, key);
            }
            Write::PinTries { person, failed, locked_until } => {
                self.pin_tries.insert(person, (failed, locked_until));
            }
            Write::Webhook(write) => self.webhooks.write(write),
            Write::Contract { contract, .. } => self.contracts.put(contract),
            Write::ContractEntry(entry) => self.contracts.append(entry),
            Write::Proofing { proofing, .. } => self.proofings.put(proofing),
            Write::ProofLink { link, person } => self.proofings.link(link, person),
            Write::Service(write) => self.services.write(write),
            Write::Privacy(write) => self.write_privacy(write),
            Write::Party(write) => self.parties.write(write),
            Write::Statement { head, findings } => self.statements.write(head, findings),
            Write::Notice(write) => self.notices.write(write),
        }
    }

    fn set_member(&mut self, gallery: GalleryId, person: PersonId, present: bool) {
        self.recognition.changes.push(FaceChange::Member { gallery, person });
        if present {
            self.members.insert((gallery, person));
        } else {
            self.members.remove(&(gallery, person));
            self.recognition.terms.remove(&(gallery, person));
        }
    }

    fn write_recognition(&mut self, write: RecognitionWrite) {
        match write {
            RecognitionWrite::Guardian(link) => {
                self.recognition.guardians.insert(link.id, link);
            }
            RecognitionWrite::Rule { gallery, rule } => {
                self.recognition.rules.insert(gallery, rule);
            }
            RecognitionWrite::Term { gallery, person, until: Some(until) } => {
                self.recognition.terms.insert((gallery, person), until);
            }
            RecognitionWrite::Term { gallery, person, until: None } => {
                self.recognition.terms.remove(&(gallery, person));
            }
            RecognitionWrite::Expire { gallery, person, at } => {
                if self.recognition.terms.get(&(gallery, person)).is_some_and(|until| *until <= at) {
                    self.set_member(gallery, person, false);
                }
            }
            RecognitionWrite::Worn { payment, worn } => {
                self.recognition.worn.insert(payment, worn);
            }
            RecognitionWrite::Way { payment, way } => {
                self.recognition.ways.insert(payment, way);
            }
            RecognitionWrite::PinTry { person, failed, locked_until, .. } => {
                self.pin_tries.insert(person, (failed, locked_until));
            }
        }
    }
}
