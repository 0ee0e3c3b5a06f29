//! What stands in front of the camera: nobody, one, several, or a picture of somebody.

use crate::background::Background;
use crate::camera::Camera;
use crate::person::Person;
use crate::random::Random;
use crate::replay::{Carrier, Replay};
use crate::view::View;

/// Everything that a picture shows and how it is taken. Draw it with [`Scene::draw`].
#[derive(Clone, Debug)]
pub struct Scene {
    pub(crate) people: Vec<(Person, View)>,
    pub(crate) background: Background,
    pub(crate) camera: Camera,
    pub(crate) replay: Option<(Replay, Background)>,
}

impl Scene {
    /// Puts people, first in the back, before a background.
    #[must_use]
    pub fn new(people: Vec<(Person, View)>, background: Background, camera: Camera) -> Self {
        Self { people, background, camera, replay: None }
    }

    /// The scene of that name, as packs and their training data call it: `kiosk`, `hard`, `masked`, `frontal`, `screen` and
    /// `print` of one person, `two` of two, `empty` of nobody. `None`: no such scene of so many people.
    #[must_use]
    pub fn named(name: &str, people: &[u64], view: u64) -> Option<Self> {
        Some(match (name, people) {
            ("kiosk", [person]) => Self::kiosk(*person, view),
            ("hard", [person]) => Self::hard(*person, view),
            ("masked", [person]) => Self::masked(*person, view),
            ("frontal", [person]) => Self::frontal(*person),
            ("screen", [person]) => Self::screen_replay(*person, view),
            ("print", [person]) => Self::print(*person, view),
            ("two", [left, right]) => Self::two(*left, *right, view),
            ("empty", []) => Self::empty(view),
            _ => return None,
        })
    }

    /// A clean reference picture: frontal, friendly, no blur, no noise. The same for every camera.
    #[must_use]
    pub fn frontal(person: u64) -> Self {
        let view = View { clothes: person, ..View::frontal() };
        Self::new(vec![(Person::from_seed(person), view)], Background::plain(person), Camera::clean())
    }

    /// Person number `person` at a kiosk, as take `view`.
    #[must_use]
    pub fn kiosk(person: u64, view: u64) -> Self {
        let take = take(person, view);
        Self::new(vec![(Person::from_seed(person), View::kiosk(take))], Background::plain(take), Camera::kiosk(take))
    }

    /// Person number `person` turned, in poor light, before a busy background, as take `view`.
    #[must_use]
    pub fn hard(person: u64, view: u64) -> Self {
        let take = take(person, view);
        Self::new(vec![(Person::from_seed(person), View::hard(take))], Background::busy(take), Camera::poor(take))
    }

    /// [`Scene::kiosk`] of somebody who wears a mask.
    #[must_use]
    pub fn masked(person: u64, view: u64) -> Self {
        let mut scene = Self::kiosk(person, view);
        for (_, seen) in &mut scene.people {
            seen.mask = true;
        }
        scene
    }

    /// Nobody.
    #[must_use]
    pub fn empty(seed: u64) -> Self {
        Self::new(Vec::new(), Background::plain(seed), Camera::kiosk(seed))
    }

    /// Two people side by side at a kiosk.
    #[must_use]
    pub fn two(left: u64, right: u64, view: u64) -> Self {
        let people = [(left, 0.29), (right, 0.71)].map(|(person, x)| {
            let mut seen = View::kiosk(take(person, view));
            seen.size = seen.size.min(0.42);
            seen.position[0] = x;
            (Person::from_seed(person), seen)
        });
        let seed = take(left ^ right, view);
        Self::new(people.into(), Background::plain(seed), Camera::kiosk(seed))
    }

    /// A picture of the person on a screen that somebody holds up.
    #[must_use]
    pub fn screen_replay(person: u64, view: u64) -> Self {
        Self::replayed(Carrier::Screen, person, view)
    }

    /// A printed photo of the person that somebody holds up.
    #[must_use]
    pub fn print(person: u64, view: u64) -> Self {
        Self::replayed(Carrier::Print, person, view)
    }

    fn replayed(carrier: Carrier, person: u64, view: u64) -> Self {
        let take = take(person, view);
        let mut shown = View::kiosk(take);
        shown.size = Random::new(take, 13).range(0.50, 0.72);
        shown.position = [0.5, 0.47];
        Self {
            people: vec![(Person::from_seed(person), shown)],
            background: Background::plain(take.wrapping_add(1)),
            camera: Camera::kiosk(take),
            replay: Some((Replay::new(carrier, take), Background::plain(take))),
        }
    }
}

/// Mixes a person's number and a take's number into one seed.
fn take(person: u64, view: u64) -> u64 {
    Random::new(person, view.wrapping_add(1000)).bits()
}
