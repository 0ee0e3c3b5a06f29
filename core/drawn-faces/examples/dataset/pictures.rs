//! Whole pictures as the hub gets them, 640×480, for measuring the trained nets.

use tebura_drawn_faces::Scene;

use crate::Share;

pub(crate) fn kiosk(person: u64, take: u64) -> Share {
    share(&Scene::kiosk(person, take))
}

pub(crate) fn hard(person: u64, take: u64) -> Share {
    share(&Scene::hard(person, take))
}

pub(crate) fn frontal(person: u64, _: u64) -> Share {
    share(&Scene::frontal(person))
}

pub(crate) fn screen(person: u64, take: u64) -> Share {
    share(&Scene::screen_replay(person, take))
}

pub(crate) fn print(person: u64, take: u64) -> Share {
    share(&Scene::print(person, take))
}

pub(crate) fn masked(person: u64, take: u64) -> Share {
    share(&Scene::masked(person, take))
}

pub(crate) fn empty(seed: u64, _: u64) -> Share {
    share(&Scene::empty(seed))
}

pub(crate) fn two(person: u64, take: u64) -> Share {
    share(&Scene::two(person, person + 1, take))
}

fn share(scene: &Scene) -> Share {
    let drawing = scene.draw(640, 480);
    let mut truth = vec![0.0f32; 2 * 15];
    for (face, row) in drawing.faces.iter().zip(truth.chunks_exact_mut(15)) {
        row[0] = 1.0;
        for (to, from) in row[1..].iter_mut().zip(face.box_xyxy.iter().chain(face.landmarks.iter().flatten())) {
            *to = *from;
        }
    }
    Share { bytes: vec![drawing.pixels], numbers: vec![truth] }
}
