//! Pictures that must be refused, each with its own words, whatever the pack.

use image::{ImageFormat, RgbImage};
use proptest::prelude::*;
use tebura_drawn_faces::Scene;
use tebura_face::SampleRefusal;

use crate::packs::{draw, each_pack, encoded, pipeline};

#[track_caller]
fn check(picture: &[u8], expected: &str) {
    each_pack(|pack| {
        let refusal = pipeline(pack).examine(picture).expect_err(expected);
        assert_eq!(refusal.code(), expected, "{pack:?}: {refusal}");
    });
}

#[test]
fn not_an_image() {
    check(b"", "image.not_an_image");
    check(b"hello, I am a face", "image.not_an_image");
    check(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "image.not_an_image");
    check(b"\x89PNG\r\n\x1a\n and then nothing that a PNG has", "image.not_an_image");
}

#[test]
fn cut_off() {
    let image = draw(&Scene::kiosk(1, 1));
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let whole = encoded(&image, format);
        for share in [10, 50, 90] {
            check(&whole[..whole.len() * share / 100], "image.truncated");
        }
        check(&whole[..whole.len() - 1], "image.truncated");
    }
}

#[test]
fn fifty_megapixels_in_a_header_take_no_memory() {
    check(&png_header(10_000, 5_000), "image.too_many_pixels");
    check(&png_header(60_000, 60_000), "image.too_many_pixels");
    // More than any decoder can count: its own refusal comes first.
    check(&png_header(i32::MAX as u32, i32::MAX as u32), "image.not_an_image");
    let mut jpeg = encoded(&RgbImage::new(64, 64), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x13, 0x88, 0x27, 0x10]);
    check(&jpeg, "image.too_many_pixels");
}

#[test]
fn too_many_bytes() {
    check(&vec![0; 10 * 1024 * 1024 + 1], "image.too_many_bytes");
}

#[test]
fn tiny() {
    check(&encoded(&RgbImage::new(63, 480), ImageFormat::Png), "image.too_small");
    check(&encoded(&RgbImage::new(1, 1), ImageFormat::Png), "image.too_small");
}

#[test]
fn nobody() {
    check(&encoded(&draw(&Scene::empty(3)), ImageFormat::Png), "face.none");
    check(&encoded(&RgbImage::from_pixel(640, 480, image::Rgb([120, 130, 140])), ImageFormat::Png), "face.none");
}

#[test]
fn two_people() {
    check(&encoded(&draw(&Scene::two(11, 12, 0)), ImageFormat::Png), "face.several");
}

#[test]
fn dark() {
    let mut image = draw(&Scene::kiosk(5, 2));
    image.iter_mut().for_each(|value| *value /= 24);
    check(&encoded(&image, ImageFormat::Png), "face.too_dark");
}

#[test]
fn far_away() {
    each_pack(|pack| {
        let small = image::imageops::thumbnail(&draw(&Scene::kiosk(5, 2)), 80, 60);
        let mut image = RgbImage::from_pixel(160, 120, image::Rgb([150; 3]));
        image::imageops::overlay(&mut image, &small, 40, 40);
        let refusal = pipeline(pack).examine(&encoded(&image, ImageFormat::Png)).unwrap_err();
        // A coarse detector does not see it at all; either way nobody is recognised by eight pixels.
        assert!(matches!(refusal, SampleRefusal::StepCloser { .. } | SampleRefusal::NoFace), "{pack:?}: {refusal}");
    });
}

/// A PNG that ends after its header and the start of its data.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(13_u32.to_be_bytes());
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png.extend(8_u32.to_be_bytes());
    png.extend(b"IDAT\x78\x9c\x03\x00\x00\x00\x00\x01");
    png.extend(crc32(b"IDAT\x78\x9c\x03\x00\x00\x00\x00\x01").to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damaged files are refused or read; they never take the program down.
    #[test]
    fn damaged_files_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), kind in 0..3_usize) {
        let format = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP][kind];
        let mut bytes = encoded(&RgbImage::from_fn(96, 80, |x, y| image::Rgb([x as u8, y as u8, 7])), format);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = tebura_face_engine::Picture::decode(&bytes);
    }
}
