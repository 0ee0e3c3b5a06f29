//! The faces of the demo: drawn from seeds, for enrolment, for the page, and for the pictures in `examples/`.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use tebura_drawn_faces::{Background, Camera, Person, Scene, View};
use tebura_face::Prompt;

/// Width of every demo picture, pixels.
const WIDTH: u16 = 640;
/// Height of every demo picture, pixels.
const HEIGHT: u16 = 480;

/// Somebody who does not exist. The pack never saw these seeds: they are beyond those it was trained on.
pub(crate) const HANAKO: u64 = 9_500_001;
pub(crate) const TARO: u64 = 9_500_002;
pub(crate) const SAKURA: u64 = 9_500_003;
const STRANGER: u64 = 9_500_004;
const NEWCOMER: u64 = 9_500_005;

/// The take at the till.
const AT_THE_TILL: u64 = 2;

/// Every picture, by name.
pub const NAMES: [&str; 8] = ["hanako", "taro", "sakura", "stranger", "masked", "screen", "two", "nobody"];

/// A picture as a till's camera takes it; `None` for a name that is not in [`NAMES`].
pub fn png(name: &str) -> Option<Vec<u8>> {
    scene(name).map(|scene| encode(&scene))
}

/// The same picture as a short film, motion JPEG: what a browser's fake camera plays.
pub fn film(name: &str) -> Option<Vec<u8>> {
    const FRAMES: usize = 3;
    Some(jpeg(&scene(name)?)?.repeat(FRAMES))
}

/// Somebody new who looks into the camera and, prompt or not, turns to both sides and comes closer, again and again:
/// what a browser's fake camera plays at the enrolment page.
pub fn enrolling_film() -> Option<Vec<u8>> {
    // A browser plays thirty pictures a second; each look is held for as long as a page takes two pictures.
    const HELD: usize = 45;
    let mut film = Vec::new();
    for prompt in Prompt::ALL {
        film.extend(jpeg(&asked(NEWCOMER, prompt, 1.0))?.repeat(HELD));
    }
    Some(film)
}

fn jpeg(scene: &Scene) -> Option<Vec<u8>> {
    let drawing = scene.draw(usize::from(WIDTH), usize::from(HEIGHT));
    let mut frame = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut frame, 92);
    encoder.write_image(&drawing.pixels, u32::from(WIDTH), u32::from(HEIGHT), ExtendedColorType::Rgb8).ok()?;
    Some(frame)
}

/// How far somebody goes who does what she is asked, one try after the other: as she first understands it, then further,
/// then less far. Some heads show a turn late, and some are hard to know when they are turned far.
const EXTENTS: [f32; 7] = [1.0, 1.25, 0.8, 1.1, 0.9, 1.45, 0.65];

/// What a camera sees of a person who does what she is asked, try after try.
pub(crate) fn tries(person: u64, prompt: Prompt) -> impl Iterator<Item = Vec<u8>> {
    EXTENTS.into_iter().map(move |extent| encode(&asked(person, prompt, extent)))
}

/// The head turned by two fifths of a radian, or a third nearer; `extent`: so many times that.
fn asked(person: u64, prompt: Prompt, extent: f32) -> Scene {
    let straight = View { size: 0.40, ..View::frontal() };
    // The person's own left is the right of the picture.
    let view = match prompt {
        Prompt::LookStraight => View { pitch: 0.1 * (extent - 1.0), ..straight },
        Prompt::TurnLeft => View { yaw: 0.42 * extent, ..straight },
        Prompt::TurnRight => View { yaw: -0.42 * extent, ..straight },
        Prompt::ComeCloser => View { size: 0.40 + 0.14 * extent, ..straight },
    };
    Scene::new(vec![(Person::from_seed(person), view)], Background::plain(person), Camera::kiosk(person))
}

/// Somebody before a terminal's camera.
pub(crate) fn at_a_terminal(person: u64, take: u64) -> Vec<u8> {
    encode(&Scene::kiosk(person, take))
}

/// Somebody who keeps her mask on before a terminal's camera.
pub(crate) fn in_a_mask(person: u64, take: u64) -> Vec<u8> {
    encode(&Scene::masked(person, take))
}

/// A picture of somebody on a screen before a terminal's camera.
pub(crate) fn on_a_screen(person: u64, take: u64) -> Vec<u8> {
    encode(&Scene::screen_replay(person, take))
}

fn scene(name: &str) -> Option<Scene> {
    Some(match name {
        "hanako" => Scene::kiosk(HANAKO, AT_THE_TILL),
        "taro" => Scene::kiosk(TARO, AT_THE_TILL),
        "sakura" => Scene::kiosk(SAKURA, AT_THE_TILL),
        "stranger" => Scene::kiosk(STRANGER, AT_THE_TILL),
        "masked" => Scene::masked(HANAKO, AT_THE_TILL),
        "screen" => Scene::screen_replay(HANAKO, AT_THE_TILL),
        "two" => Scene::two(HANAKO, TARO, AT_THE_TILL),
        "nobody" => Scene::empty(AT_THE_TILL),
        _ => return None,
    })
}

fn encode(scene: &Scene) -> Vec<u8> {
    let drawing = scene.draw(usize::from(WIDTH), usize::from(HEIGHT));
    let mut png = Cursor::new(Vec::new());
    let written = PngEncoder::new(&mut png).write_image(
        &drawing.pixels,
        u32::from(WIDTH),
        u32::from(HEIGHT),
        ExtendedColorType::Rgb8,
    );
    // Writing to memory fails only for a wrong length, and the length is the drawing's own.
    written.map(|()| png.into_inner()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_picture_and_no_other() {
        for name in NAMES {
            let png = png(name).unwrap();
            let picture = image::load_from_memory(&png).unwrap();
            assert_eq!((picture.width(), picture.height()), (640, 480), "{name}");
        }
        assert!(png("../hanako").is_none());
    }

    #[test]
    fn the_till_sees_another_take_than_the_one_enrolled() {
        assert!(tries(HANAKO, Prompt::LookStraight).all(|enrolled| enrolled != png("hanako").unwrap()));
    }
}
