//! Among whom a till may look: templates in memory, one matrix for each gallery. Filled from the store at start-up
//! and kept current by the verbs that enrol and admit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock};

use tebura_face::{Candidates, Gallery, Pack, Template};

use crate::ids::{GalleryId, PersonId};
use crate::people::FaceReference;

pub(crate) struct Galleries {
    dims: usize,
    pack: String,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    templates: BTreeMap<PersonId, Vec<Template>>,
    members: BTreeMap<GalleryId, BTreeSet<PersonId>>,
    matrices: BTreeMap<GalleryId, Gallery>,
}

/// `name@version`: templates of different packs are never compared.
pub(crate) fn pack_name(pack: &Pack) -> String {
    format!("{}@{}", pack.name, pack.version)
}

impl Galleries {
    pub(crate) fn new(pack: &Pack) -> Self {
        Galleries { dims: pack.template_dims, pack: pack_name(pack), state: RwLock::default() }
    }

    /// Makes a person findable in every gallery that she is in. A template of another pack is left out.
    pub(crate) fn enrol(&self, reference: FaceReference) -> bool {
        if reference.pack != self.pack || reference.template.dims() != self.dims {
            return false;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { templates, members, matrices } = &mut *state;
        for (gallery, people) in members.iter() {
            if people.contains(&reference.person) {
                add(matrices, *gallery, self.dims, reference.person, &reference.template);
            }
        }
        templates.entry(reference.person).or_default().push(reference.template);
        true
    }

    /// Admits a person to a gallery, or takes her out.
    pub(crate) fn set_member(&self, gallery: GalleryId, person: PersonId, present: bool) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { templates, members, matrices } = &mut *state;
        let people = members.entry(gallery).or_default();
        if !present {
            people.remove(&person);
            if let Some(matrix) = matrices.get_mut(&gallery) {
                matrix.remove(subject(person));
            }
        } else if people.insert(person) {
            for template in templates.get(&person).into_iter().flatten() {
                add(matrices, gallery, self.dims, person, template);
            }
        }
    }

    /// The two most similar people of a gallery.
    pub(crate) fn search(&self, gallery: GalleryId, probe: &Template) -> Candidates {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match state.matrices.get(&gallery) {
            Some(matrix) => matrix.search(probe, |_| true),
            None => Candidates::default(),
        }
    }
}

fn add(
    matrices: &mut BTreeMap<GalleryId, Gallery>,
    gallery: GalleryId,
    dims: usize,
    person: PersonId,
    template: &Template,
) {
    let matrix = matrices.entry(gallery).or_insert_with(|| Gallery::new(dims));
    if let Err(error) = matrix.insert(subject(person), template) {
        tracing::warn!(%person, %error, "a template does not fit its gallery and was left out");
    }
}

pub(crate) fn subject(person: PersonId) -> u128 {
    person.uuid().as_u128()
}
