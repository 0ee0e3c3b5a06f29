//! Among whom a till may look: everybody's template in memory once, and each gallery a section of them. Filled from the
//! store at start-up and kept current by the verbs that enrol and admit. A search stops none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use tebura_face::{Candidates, Gallery, MatchPolicy, Pack, Rotation, Search, Similarity, Template};
use zeroize::Zeroizing;

use crate::ids::{GalleryId, PersonId, ReferenceId};
use crate::people::FaceReference;
use crate::ports::Ids;

pub(crate) struct Galleries {
    pack: String,
    everybody: Gallery,
    /// Whose templates are here, by their ids: what is shown twice is there once.
    references: RwLock<BTreeMap<ReferenceId, PersonId>>,
    /// How often this process itself stored who is in a gallery, and showed it.
    shown: Mutex<u64>,
}

/// `name@version`: templates of different packs are never compared.
pub fn pack_name(pack: &Pack) -> String {
    format!("{}@{}", pack.name, pack.version)
}

impl Galleries {
    /// Empty ones, whose codes stand in a space that only this process knows.
    pub(crate) fn new(pack: &Pack, ids: &dyn Ids) -> Self {
        let mut random = Zeroizing::new(Vec::new());
        let needed = Rotation::random_bytes(pack.template_dims);
        while random.len() < needed {
            random.extend_from_slice(&ids.secret());
        }
        let rotation = Rotation::drawn(pack.template_dims, &random[..needed]);
        let everybody = rotation.map_or_else(|| Gallery::new(pack.template_dims), Gallery::turned);
        Galleries { pack: pack_name(pack), everybody, references: RwLock::default(), shown: Mutex::default() }
    }

    /// Makes a person findable in every gallery that she is in. A template of another pack is left out.
    pub(crate) fn enrol(&self, reference: FaceReference) -> bool {
        if reference.pack != self.pack {
            return false;
        }
        let FaceReference { id, person, template, .. } = reference;
        let mut known = self.references.write().unwrap_or_else(PoisonError::into_inner);
        if known.contains_key(&id) {
            return true;
        }
        let taken = self.everybody.insert(subject(person), &template).is_ok();
        if taken {
            known.insert(id, person);
        }
        taken
    }

    /// Whose template that is, where it is here.
    pub(crate) fn person_of(&self, reference: ReferenceId) -> Option<PersonId> {
        self.references.read().unwrap_or_else(PoisonError::into_inner).get(&reference).copied()
    }

    /// Everybody who has a template here.
    pub(crate) fn people(&self) -> Vec<PersonId> {
        let known = self.references.read().unwrap_or_else(PoisonError::into_inner);
        known.values().copied().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Takes all templates of a person out and overwrites them. The galleries that she is in expect her back.
    pub(crate) fn forget(&self, person: PersonId) {
        let mut known = self.references.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, of| *of != person);
        self.everybody.remove(subject(person));
    }

    /// Admits a person to a gallery, or takes her out: what this process has just stored.
    pub(crate) fn set_member(&self, gallery: GalleryId, person: PersonId, present: bool) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown += 1;
        self.put_member(gallery, person, present);
    }

    /// Up to where this process has shown what it stored; see [`Galleries::follow_member`].
    pub(crate) fn shown(&self) -> u64 {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits or takes out whom the store was read about after `shown`. `false`, and nothing changes, where this process has
    /// shown somebody since: what was read may be older than that.
    pub(crate) fn follow_member(&self, (gallery, person): (GalleryId, PersonId), present: bool, shown: u64) -> bool {
        let now = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *now == shown {
            self.put_member(gallery, person, present);
        }
        *now == shown
    }

    fn put_member(&self, gallery: GalleryId, person: PersonId, present: bool) {
        let section = gallery.uuid().as_u128();
        if present {
            self.everybody.admit(section, subject(person));
        } else {
            self.everybody.dismiss(section, subject(person));
        }
    }

    /// Whether a face is at least so similar to one person's, in whatever gallery she is; `None`: nothing of her is enrolled.
    pub(crate) fn compare(&self, person: PersonId, probe: &Template, least: Similarity) -> Option<bool> {
        // A section of her own, under her own number: once she is in it she stays.
        let own = subject(person);
        if !self.everybody.contains(own) {
            return None;
        }
        self.everybody.admit(own, own);
        let nearest = self.everybody.search(probe, &Search::section(own)).best;
        Some(nearest.is_some_and(|candidate| candidate.similarity >= least))
    }

    /// Whether a face is at least so similar to that of anybody but one person, in whatever gallery.
    pub(crate) fn knows_another(&self, person: PersonId, probe: &Template, least: Similarity) -> bool {
        let found = self.everybody.search(probe, &Search::everybody().not_below(least));
        let others = [found.best, found.second].into_iter().flatten().filter(|near| near.subject != subject(person));
        others.into_iter().any(|near| near.similarity >= least)
    }

    /// How many templates there are.
    pub(crate) fn len(&self) -> u64 {
        self.everybody.len() as u64
    }

    /// How many templates a search in a gallery compares a face with.
    pub(crate) fn templates(&self, gallery: GalleryId) -> u64 {
        self.everybody.section_len(gallery.uuid().as_u128()) as u64
    }

    /// The two most similar people of a gallery, as far as the policy can ask about them.
    pub(crate) fn search(&self, gallery: GalleryId, probe: &Template, policy: &MatchPolicy) -> Candidates {
        let section = Search::section(gallery.uuid().as_u128());
        self.everybody.search(probe, &section.not_below(policy.floor()))
    }

    /// Whether nobody else is within twice the margin of who was recognised. Who is nearer than that to somebody else is
    /// taken for herself, but not on her face alone.
    pub(crate) fn is_clear(
        &self,
        gallery: GalleryId,
        probe: &Template,
        policy: &MatchPolicy,
        found: &Candidates,
    ) -> bool {
        let Some(best) = found.best else { return false };
        let near = best.similarity.value() - 2.0 * policy.margin();
        // The first search passed over whoever is below the floor; where the lead reaches below it, they are looked at now.
        let second = if found.second.is_none() && near < policy.floor().value() {
            let section = Search::section(gallery.uuid().as_u128());
            let Some(floor) = Similarity::new(near) else { return false };
            self.everybody.search(probe, &section.not_below(floor)).second
        } else {
            found.second
        };
        second.is_none_or(|second| second.similarity.value() <= near)
    }
}

pub(crate) fn subject(person: PersonId) -> u128 {
    person.uuid().as_u128()
}
