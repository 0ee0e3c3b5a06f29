//! Detector scenes as the net sees them: fitted into 160×160, rest black, with the truth in net pixels.

use tebura_drawn_faces::{Background, Camera, Person, Random, Scene, View};

use crate::Share;
use crate::align::Picture;

const SIDE: usize = 160;
const MOST: usize = 3;

pub(crate) fn make(id: u64) -> Share {
    let random = &mut Random::new(id, 60);
    let (width, height) = [(160, 120), (160, 120), (160, 120), (160, 90), (160, 160), (120, 160)][random.index(6)];
    let zoom = if random.chance(0.4) { 2 } else { 1 };
    let drawing = scene(id, random).draw(width * zoom, height * zoom);
    let picture = Picture::of(&drawing);
    let small = picture.averaged([0.0, 0.0, (width * zoom) as f32, (height * zoom) as f32], width, height);
    let mut bytes = vec![0u8; SIDE * SIDE * 3];
    for y in 0..height {
        bytes[y * SIDE * 3..(y * SIDE + width) * 3].copy_from_slice(&small[y * width * 3..(y + 1) * width * 3]);
    }
    let mut truth = vec![0.0f32; MOST * 15];
    let down = |part: f32| (part + 0.5) / zoom as f32 - 0.5;
    for (face, row) in drawing.faces.iter().zip(truth.chunks_exact_mut(15)) {
        row[0] = 1.0;
        for (to, from) in row[1..].iter_mut().zip(face.box_xyxy.iter().chain(face.landmarks.iter().flatten())) {
            *to = down(*from);
        }
    }
    Share { bytes: vec![bytes], numbers: vec![truth] }
}

fn scene(id: u64, random: &mut Random) -> Scene {
    let seed = random.bits();
    match random.index(20) {
        0..=1 => Scene::new(Vec::new(), background(random, seed), Camera::kiosk(seed)),
        2 => Scene::screen_replay(seed, id),
        3 => Scene::print(seed, id),
        4..=10 => Scene::new(
            vec![(Person::from_seed(seed), View::kiosk(seed))],
            background(random, seed),
            camera(random, seed),
        ),
        11..=14 => {
            let mut view = View::hard(seed);
            view.size = random.range(0.16, 0.8);
            Scene::new(vec![(Person::from_seed(seed), view)], background(random, seed), camera(random, seed))
        }
        15..=16 => Scene::two(seed, random.bits(), id),
        _ => crowd(random, seed),
    }
}

fn crowd(random: &mut Random, seed: u64) -> Scene {
    let count = 2 + random.index(2);
    let people = (0..count)
        .map(|i| {
            let mut view = if random.chance(0.5) { View::hard(random.bits()) } else { View::kiosk(random.bits()) };
            view.size = random.range(0.18, 0.40);
            view.position = [(i as f32 + random.range(0.35, 0.65)) / count as f32, random.range(0.3, 0.65)];
            (Person::from_seed(random.bits()), view)
        })
        .collect();
    Scene::new(people, background(random, seed), camera(random, seed))
}

fn background(random: &mut Random, seed: u64) -> Background {
    if random.chance(0.5) { Background::busy(seed) } else { Background::plain(seed) }
}

fn camera(random: &mut Random, seed: u64) -> Camera {
    let mut camera = if random.chance(0.4) { Camera::poor(seed) } else { Camera::kiosk(seed) };
    camera.blur *= 0.6;
    camera
}
