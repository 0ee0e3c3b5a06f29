//! One face, cut twice: for the embedder (small landmark errors) and for the landmark net (a detector's errors).

use tebura_drawn_faces::{Background, Camera, Person, Random, Scene, View};

use crate::Share;
use crate::align::{self, Picture, Points, Similarity};

const SIZE: usize = 64;

/// The five-point template of ArcFace (112×112), drawn together so that jaw and hairline fit, at 64×64.
pub(crate) const EMBEDDER: Points = template(0.82, 66.0, 60.0);
/// The same, looser still: the landmark net must see a face that was found badly.
pub(crate) const LANDMARKS: Points = template(0.62, 66.0, 58.0);

const fn template(zoom: f32, from: f32, to: f32) -> Points {
    let mut points =
        [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];
    let mut i = 0;
    while i < 5 {
        points[i][0] = ((points[i][0] - 56.0) * zoom + 56.0) * 64.0 / 112.0;
        points[i][1] = ((points[i][1] - from) * zoom + to) * 64.0 / 112.0;
        i += 1;
    }
    points
}

pub(crate) fn make(person: u64, take: u64) -> Share {
    let seed = Random::new(person, 5000 + take).bits();
    let random = &mut Random::new(seed, 50);
    let hard = random.chance(0.35);
    let mut view = if hard { View::hard(seed) } else { View::kiosk(seed) };
    let background = if random.chance(0.4) { Background::busy(seed) } else { Background::plain(seed) };
    let camera = if hard { Camera::poor(seed) } else { Camera::kiosk(seed) };
    let tall = if hard { random.range(56.0, 200.0) } else { random.range(90.0, 250.0) };
    view.size = random.range(0.70, 0.80);
    view.position = [random.range(0.42, 0.58), random.range(0.46, 0.54)];
    let side = (tall / view.size) as usize;
    let drawing = Scene::new(vec![(Person::from_seed(person), view)], background, camera).draw(side, side);
    let picture = Picture::of(&drawing);
    let truth = drawing.faces[0].landmarks;

    let sloppy = random.range(0.0, 0.035);
    let crop = align::crop(&picture, &jittered(&truth, random, sloppy, 0.0), &EMBEDDER, SIZE);
    let found = jittered(&truth, random, 0.07, 0.10);
    let loose = align::crop(&picture, &found, &LANDMARKS, SIZE);
    let fit = Similarity::between(&found, &LANDMARKS);
    let target = truth.iter().flat_map(|point| fit.apply(*point).map(|part| part / SIZE as f32)).collect();
    Share { bytes: vec![crop, loose], numbers: vec![target] }
}

/// Moves every point by up to about `each` eye distances and all of them by up to `all`.
fn jittered(points: &Points, random: &mut Random, each: f32, all: f32) -> Points {
    let (dx, dy) = (points[1][0] - points[0][0], points[1][1] - points[0][1]);
    let (mx, my) = (points[4][0] - points[3][0], points[4][1] - points[3][1]);
    let eyes = (dx * dx + dy * dy).sqrt().max((mx * mx + my * my).sqrt());
    let shift = [random.middle(-2.0, 2.0) * all * eyes, random.middle(-2.0, 2.0) * all * eyes];
    let grow = 1.0 + random.middle(-2.0, 2.0) * all;
    points.map(|point| {
        [0, 1].map(|i| {
            let middle = points[2][i];
            middle + (point[i] - middle) * grow + shift[i] + random.middle(-2.6, 2.6) * each * eyes
        })
    })
}
