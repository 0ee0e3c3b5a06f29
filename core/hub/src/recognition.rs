//! Rows about who is recognised and among whom, beside people and galleries themselves: guardians, rules and terms of
//! galleries, the way in which somebody was known, tries of a PIN; and the same rows in memory.

use std::collections::BTreeMap;

use tebura_face::Worn;
use tebura_ledger::Timestamp;

use crate::gallery_rules::GalleryRule;
use crate::guardians::GuardianLink;
use crate::ids::{GalleryId, GuardianLinkId, PaymentId, PersonId, ReferenceId};

/// A row of a unit; see [`crate::ports::Write`].
#[derive(Clone, Debug)]
pub enum RecognitionWrite {
    /// Who answers for whom; the last writer wins.
    Guardian(GuardianLink),
    /// Whom a gallery takes in by itself.
    Rule { gallery: GalleryId, rule: GalleryRule },
    /// Until when a member stays; `None`: until she is taken out.
    Term { gallery: GalleryId, person: PersonId, until: Option<Timestamp> },
    /// Takes a member out whose term was over at `at`; who was admitted anew meanwhile stays.
    Expire { gallery: GalleryId, person: PersonId, at: Timestamp },
    /// How the payer of a payment was known, where it was not by the face.
    Way { payment: PaymentId, way: String },
    /// What the payer of a payment by face wore while she was looked at; not written where it was nothing.
    Worn { payment: PaymentId, worn: Vec<Worn> },
    /// One more try of a PIN, counted before it is checked. Stale when another was counted meanwhile.
    PinTry { person: PersonId, expected: u32, failed: u32, locked_until: Option<Timestamp> },
}

/// Something that happened to what galleries are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceChange {
    /// She came in or went: which of them is for the store to say, since logs of several shards have no common order.
    Member {
        gallery: GalleryId,
        person: PersonId,
    },
    Enrolled(ReferenceId),
    Removed(ReferenceId),
    /// The person's key is gone, and everything under it.
    Erased(PersonId),
}

/// A page of changes, and up to where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaceChanges {
    /// Of one shard in order.
    pub changes: Vec<FaceChange>,
    /// By shard: what to ask from next.
    pub heads: Vec<(tebura_ledger::Shard, u64)>,
    /// There is more at once.
    pub more: bool,
}

/// Who is in a gallery until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// `None`: until she is taken out.
    pub until: Option<Timestamp>,
}

/// One map a table.
#[derive(Default)]
pub(crate) struct RecognitionTables {
    pub(crate) guardians: BTreeMap<GuardianLinkId, GuardianLink>,
    pub(crate) rules: BTreeMap<GalleryId, GalleryRule>,
    pub(crate) terms: BTreeMap<(GalleryId, PersonId), Timestamp>,
    pub(crate) ways: BTreeMap<PaymentId, String>,
    pub(crate) worn: BTreeMap<PaymentId, Vec<Worn>>,
    /// Everything that happened, in order.
    pub(crate) changes: Vec<FaceChange>,
}

impl RecognitionTables {
    pub(crate) fn links_of(&self, person: PersonId) -> Vec<GuardianLink> {
        let of = |link: &&GuardianLink| link.guardian == person || link.ward == person;
        self.guardians.values().filter(of).cloned().collect()
    }

    /// Who answers for a person or she for whom, where she may be looked for; and that she is nowhere from now on.
    pub(crate) fn erase(&mut self, person: PersonId) {
        self.guardians.retain(|_, link| link.guardian != person && link.ward != person);
        self.terms.retain(|(_, member), _| *member != person);
        self.changes.push(FaceChange::Erased(person));
    }

    pub(crate) fn due_terms(&self, now: Timestamp, limit: u16) -> Vec<(GalleryId, PersonId)> {
        let mut due: Vec<_> = self.terms.iter().filter(|(_, until)| **until <= now).collect();
        due.sort_by_key(|(member, until)| (**until, **member));
        due.into_iter().take(usize::from(limit)).map(|(member, _)| *member).collect()
    }

    pub(crate) fn changes_after(&self, after: Option<&[(tebura_ledger::Shard, u64)]>) -> FaceChanges {
        let (all, first) = (self.changes.len(), tebura_ledger::Shard::new(0));
        let from = after.map_or(all as u64, |after| after.first().map_or(0, |(_, place)| *place));
        let from = usize::try_from(from).unwrap_or(all).min(all);
        FaceChanges { changes: self.changes[from..].to_vec(), heads: vec![(first, all as u64)], more: false }
    }
}
