//! Faces with and without glasses and a mask, cut by the detector's box: what is worn has to be told before landmarks can be trusted.

use tebura_drawn_faces::{Background, Camera, Person, Random, Scene, View};

use crate::Share;
use crate::align::Picture;
use crate::attacks::around;

/// How much wider than the face's box the crop is.
const AROUND: f32 = 1.2;
const SIZE: usize = 64;

pub(crate) fn make(id: u64) -> Share {
    let random = &mut Random::new(id, 80);
    let seed = random.bits();
    let hard = random.chance(0.35);
    let mut view = if hard { View::hard(seed) } else { View::kiosk(seed) };
    view.mask = random.chance(0.5);
    let background = if random.chance(0.35) { Background::busy(seed) } else { Background::plain(seed) };
    let camera = if hard { Camera::poor(seed) } else { Camera::kiosk(seed) };
    let (width, height) = [(320, 240), (400, 300), (640, 480)][random.index(3)];
    let drawing = Scene::new(vec![(Person::from_seed(seed), view)], background, camera).draw(width, height);
    let truth = &drawing.faces[0];
    let wobble = (truth.box_xyxy[2] - truth.box_xyxy[0]) * 0.06;
    let found = truth.box_xyxy.map(|part| part + random.range(-wobble, wobble));
    let area = around(found, AROUND, width as f32, height as f32);
    let crop = Picture::of(&drawing).averaged(area, SIZE, SIZE);
    Share {
        bytes: vec![crop],
        numbers: vec![[truth.glasses, truth.mask].map(|worn| f32::from(u8::from(worn))).to_vec()],
    }
}
