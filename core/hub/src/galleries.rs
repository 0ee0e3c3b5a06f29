//! Among whom a till may look: everybody's template in memory once, and each gallery a section of them. Filled from the
//! store at start-up and kept current by the verbs that enrol and admit. A search stops none of them.

use tebura_face::{Candidates, Gallery, MatchPolicy, Pack, Search, Similarity, Template};

use crate::ids::{GalleryId, PersonId};
use crate::people::FaceReference;

pub(crate) struct Galleries {
    pack: String,
    policy: MatchPolicy,
    everybody: Gallery,
}

/// `name@version`: templates of different packs are never compared.
pub(crate) fn pack_name(pack: &Pack) -> String {
    format!("{}@{}", pack.name, pack.version)
}

impl Galleries {
    pub(crate) fn new(pack: &Pack) -> Self {
        Galleries { pack: pack_name(pack), policy: pack.policy, everybody: Gallery::new(pack.template_dims) }
    }

    /// Makes a person findable in every gallery that she is in. A template of another pack is left out.
    pub(crate) fn enrol(&self, reference: FaceReference) -> bool {
        reference.pack == self.pack && self.everybody.insert(subject(reference.person), &reference.template).is_ok()
    }

    /// Admits a person to a gallery, or takes her out.
    pub(crate) fn set_member(&self, gallery: GalleryId, person: PersonId, present: bool) {
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

    /// The two most similar people of a gallery, as far as the pack's policy can ask about them.
    pub(crate) fn search(&self, gallery: GalleryId, probe: &Template) -> Candidates {
        let section = Search::section(gallery.uuid().as_u128());
        self.everybody.search(probe, &section.not_below(self.policy.floor()))
    }
}

pub(crate) fn subject(person: PersonId) -> u128 {
    person.uuid().as_u128()
}
