//! Whole pictures as the hub gets them, 640×480, for measuring the trained nets.

use tebura_drawn_faces::Scene;

use crate::Share;

/// `two` puts the next person beside each; `empty` takes the number for the place.
pub(crate) fn make(name: &str, person: u64, take: u64) -> Option<Share> {
    match name {
        "two" => Scene::named(name, &[person, person + 1], take),
        "empty" => Scene::named(name, &[], person),
        _ => Scene::named(name, &[person], take),
    }
    .map(|scene| share(&scene))
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
