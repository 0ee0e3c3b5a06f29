//! Direct looks and pictures of pictures, cut around the face as the liveness net sees them.

use tebura_drawn_faces::{Background, Camera, Person, Random, Scene, View};

use crate::Share;
use crate::align::Picture;

/// How much wider than the face's box the crop is.
const AROUND: f32 = 2.4;
const SIZE: usize = 64;

pub(crate) fn make(id: u64) -> Share {
    let random = &mut Random::new(id, 70);
    let seed = random.bits();
    let direct = random.chance(0.5);
    let scene = if direct {
        let background = if random.chance(0.35) { Background::busy(seed) } else { Background::plain(seed) };
        let camera = if random.chance(0.3) { Camera::poor(seed) } else { Camera::kiosk(seed) };
        let mut view = View::kiosk(seed);
        if random.chance(0.3) {
            view.light = View::hard(seed).light;
        }
        Scene::new(vec![(Person::from_seed(seed), view)], background, camera)
    } else if random.chance(0.5) {
        Scene::screen_replay(seed, id)
    } else {
        Scene::print(seed, id)
    };
    let (width, height) = [(320, 240), (320, 240), (400, 300), (640, 480)][random.index(4)];
    let drawing = scene.draw(width, height);
    let found = drawing.faces[0].box_xyxy;
    let wobble = (found[2] - found[0]) * 0.06;
    let found = found.map(|part| part + random.range(-wobble, wobble));
    let area = around(found, AROUND, width as f32, height as f32);
    let crop = Picture::of(&drawing).averaged(area, SIZE, SIZE);
    Share { bytes: vec![crop], numbers: vec![vec![if direct { 1.0 } else { 0.0 }]] }
}

/// Makes a box `times` as wide and high around its centre, no more than fits, and moves it inside.
pub(crate) fn around([left, top, right, bottom]: [f32; 4], times: f32, width: f32, height: f32) -> [f32; 4] {
    let (w, h) = (right - left, bottom - top);
    let scale = times.min((height - 1.0) / h).min((width - 1.0) / w);
    let (w, h) = (w * scale, h * scale);
    let x = ((left + right) / 2.0 - w / 2.0).clamp(0.0, (width - 1.0 - w).max(0.0));
    let y = ((top + bottom) / 2.0 - h / 2.0).clamp(0.0, (height - 1.0 - h).max(0.0));
    [x, y, x + w, y + h]
}
