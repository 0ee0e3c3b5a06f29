//! Drawings through the public interface: the same everywhere, true, and of different people.

use tebura_drawn_faces::{Background, Camera, Drawing, FaceTruth, Person, Random, Scene, View};

#[track_caller]
fn check_digest(scene: &Scene, expect: u64) {
    let drawing = scene.draw(160, 120);
    let digest = drawing
        .pixels
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    assert_eq!(
        digest, expect,
        "the drawing changed: {digest:#018x}. The demo pack is trained on the old drawings: train it again"
    );
}

#[test]
fn drawings_are_the_same_on_every_machine() {
    check_digest(&Scene::frontal(7), 0x0a90399a4d86cfda);
    check_digest(&Scene::kiosk(7, 0), 0x2a8d0224649d58e6);
    check_digest(&Scene::hard(7, 0), 0x9d080480ad593818);
    check_digest(&Scene::screen_replay(7, 0), 0x1b42358f94db8028);
    check_digest(&Scene::print(7, 0), 0x48928e883c261a85);
    check_digest(&Scene::two(7, 8, 0), 0xe1efc03d29699af8);
}

#[test]
fn drawing_twice_gives_the_same() {
    assert_eq!(Scene::hard(3, 4).draw(200, 150), Scene::hard(3, 4).draw(200, 150));
}

#[track_caller]
fn check_truth(face: &FaceTruth, what: &str) {
    let [left, top, right, bottom] = face.box_xyxy;
    for [x, y] in face.landmarks {
        assert!(left < x && x < right && top < y && y < bottom, "{what}: ({x}, {y}) is not in {:?}", face.box_xyxy);
    }
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = face.landmarks;
    assert!(left_eye[0] < right_eye[0] && left_mouth[0] < right_mouth[0], "{what}: left and right are swapped");
    assert!(
        nose[1] > left_eye[1].min(right_eye[1]) && nose[1] < left_mouth[1].max(right_mouth[1]),
        "{what}: the nose is misplaced"
    );
}

#[test]
fn landmarks_lie_in_their_box() {
    for seed in 0..300 {
        for (name, scene) in [
            ("frontal", Scene::frontal(seed)),
            ("kiosk", Scene::kiosk(seed, 1)),
            ("hard", Scene::hard(seed, 1)),
            ("screen", Scene::screen_replay(seed, 1)),
            ("print", Scene::print(seed, 1)),
        ] {
            let drawing = scene.draw(8, 6);
            assert_eq!(drawing.faces.len(), 1);
            assert_eq!(drawing.faces[0].person, seed);
            check_truth(&drawing.faces[0], &format!("{name} of {seed}"));
        }
    }
}

#[test]
fn a_kiosk_face_is_in_the_picture() {
    for seed in 0..200 {
        let drawing = Scene::kiosk(seed, 0).draw(64, 48);
        let [left, top, right, bottom] = drawing.faces[0].box_xyxy;
        assert!(
            left >= 0.0 && top >= 0.0 && right < 64.0 && bottom < 48.0,
            "seed {seed}: {left} {top} {right} {bottom}"
        );
    }
}

#[test]
fn truth_scales_with_the_picture() {
    let (small, large) = (Scene::hard(5, 5).draw(64, 48), Scene::hard(5, 5).draw(128, 96));
    for (a, b) in small.faces[0].landmarks.iter().flatten().zip(large.faces[0].landmarks.iter().flatten()) {
        assert!((2.0 * a - b).abs() < 1e-2, "{a} {b}");
    }
}

#[test]
fn nobody_and_two_people() {
    assert!(Scene::empty(1).draw(64, 48).faces.is_empty());
    let faces = Scene::two(1, 2, 0).draw(64, 48).faces;
    assert_eq!(faces.iter().map(|face| face.person).collect::<Vec<_>>(), [1, 2]);
    assert!(faces[0].box_xyxy[2] < faces[1].box_xyxy[0], "the faces overlap");
}

#[test]
fn different_people_look_different() {
    let people: Vec<Drawing> = (0..24).map(|seed| one(seed, View::frontal())).collect();
    for (i, a) in people.iter().enumerate() {
        for (j, b) in people.iter().enumerate().skip(i + 1) {
            let difference = distance(a, b);
            assert!(difference > 2.0, "{i} and {j} differ by {difference} of 255 only");
        }
    }
}

#[test]
fn a_screen_is_not_a_direct_look() {
    let direct = Scene::kiosk(4, 0).draw(80, 60);
    assert!(distance(&direct, &Scene::screen_replay(4, 0).draw(80, 60)) > 5.0);
    assert!(distance(&direct, &Scene::print(4, 0).draw(80, 60)) > 5.0);
}

#[test]
fn odd_sizes_are_drawn() {
    for (width, height) in [(0, 0), (0, 5), (5, 0), (1, 1), (1, 97), (97, 1)] {
        let drawing = Scene::hard(1, 1).draw(width, height);
        assert_eq!(drawing.pixels.len(), width * height * 3);
    }
}

#[test]
fn random_numbers_keep_their_range() {
    let random = &mut Random::new(1, 1);
    for _ in 0..10_000 {
        assert!((0.0..1.0).contains(&random.unit()));
        assert!((-2.0..3.0).contains(&random.range(-2.0, 3.0)));
        assert!(random.index(7) < 7);
    }
    assert_eq!(random.index(0), 0);
}

fn one(person: u64, view: View) -> Drawing {
    Scene::new(vec![(Person::from_seed(person), view)], Background::plain(1), Camera::clean()).draw(96, 96)
}

/// Mean difference of two pictures' bytes.
fn distance(a: &Drawing, b: &Drawing) -> f32 {
    let sum: u64 = a.pixels.iter().zip(&b.pixels).map(|(x, y)| u64::from(x.abs_diff(*y))).sum();
    sum as f32 / a.pixels.len() as f32
}
