//! The real pack beside the repository, where it is there: what a correct pipeline must reach.
//!
//! A wrong colour order, mean, template or decoder looks fine in a demo and fails here.

use std::fmt::Write as _;

use image::RgbImage;
use tebura_face::{Similarity, Template};
use tebura_face_engine::{
    CheckError, Engine, EngineChoice, LoadedPack, ModelPack, Picture, Pipeline, Places, check, select,
};

use crate::packs::{MEASURING as MANIFEST, assemble_measuring as assemble, engines, measuring_folder as folder};

fn pipeline(pack: &ModelPack, engine: &Engine) -> Pipeline {
    LoadedPack::open(pack, engine).unwrap().pipeline().unwrap()
}

fn template(pipeline: &mut Pipeline, image: &RgbImage) -> Template {
    let (width, height) = image.dimensions();
    let picture = Picture::from_rgb(width as usize, height as usize, image.as_raw().clone()).unwrap();
    pipeline.examine_decoded(&picture).unwrap().sample.template
}

#[test]
fn reaches_the_golden_values() {
    let Some(from) = folder() else { return };
    let folder = assemble(&from, MANIFEST);
    let pack = ModelPack::load(folder.path()).unwrap();
    for engine in engines() {
        let report = LoadedPack::open(&pack, &engine)
            .map_err(CheckError::from)
            .and_then(|loaded| check(&pack, &loaded, &|_| None))
            .unwrap_or_else(|error| panic!("{engine}: {error}"));
        assert_eq!((report.golden.faces, report.golden.embeddings), (1, 1), "{engine}");
        eprintln!("{engine}: {:?}", report.golden);
    }
}

#[test]
fn stays_near_under_turning_compression_and_light() {
    let Some(from) = folder() else { return };
    let folder = assemble(&from, MANIFEST);
    let pack = ModelPack::load(folder.path()).unwrap();
    let portrait = image::open(folder.path().join("portrait.png")).unwrap().to_rgb8();
    for engine in engines() {
        let mut pipeline = pipeline(&pack, &engine);
        let reference = template(&mut pipeline, &portrait);
        let mut off = String::new();
        for (name, variant, expected) in [
            ("turned by 12° and scaled by 0.8", turned(&portrait, 12.0, 0.8), 0.919),
            ("JPEG of quality 30", compressed(&portrait, 30), 0.916),
            ("40 levels brighter", brighter(&portrait, 40), 0.951),
        ] {
            let found = reference.similarity(&template(&mut pipeline, &variant)).value();
            eprintln!("{engine}: {name}: {found:.4} (known {expected})");
            // The variants were made by another program's resampling and JPEG encoder.
            if found < expected - 0.03 {
                writeln!(off, "{engine}: {name}: {found} and {expected} is known").unwrap();
            }
        }
        assert!(off.is_empty(), "{off}");
    }
}

#[test]
fn catches_the_mistakes_that_look_fine() {
    let Some(from) = folder() else { return };
    let rten = select(EngineChoice::Rten, &Places::default()).unwrap().engine;
    for (mistake, right, wrong) in [
        ("embedder's colour order", "colour = \"rgb\"", "colour = \"bgr\""),
        ("detector's colour order", "colour = \"bgr\"", "colour = \"rgb\""),
        ("mean", "mean = [123.675, 116.28, 103.53]", "mean = [127.5, 127.5, 127.5]"),
        ("template", "[[38.2946, 51.6963], [73.5318, 51.5014]", "[[42.3, 55.7], [69.5, 55.5]"),
        ("canvas", "width = 640\nheight = 640", "width = 320\nheight = 320"),
    ] {
        let manifest = MANIFEST.replacen(right, wrong, 1);
        assert_ne!(manifest, MANIFEST, "{mistake}");
        let folder = assemble(&from, &manifest);
        let pack = ModelPack::load(folder.path()).unwrap();
        let error = LoadedPack::open(&pack, &rten)
            .map_err(CheckError::from)
            .and_then(|loaded| check(&pack, &loaded, &|_| None))
            .expect_err(mistake);
        eprintln!("{mistake}: {error}");
    }
}

#[test]
fn both_engines_give_one_template() {
    let Some(from) = folder() else { return };
    let folder = assemble(&from, MANIFEST);
    let pack = ModelPack::load(folder.path()).unwrap();
    let portrait = image::open(folder.path().join("portrait.png")).unwrap().to_rgb8();
    let templates: Vec<Template> =
        engines().iter().map(|engine| template(&mut pipeline(&pack, engine), &portrait)).collect();
    for other in &templates[1..] {
        let worst = templates[0]
            .values()
            .iter()
            .zip(other.values())
            .map(|(left, right)| (left - right).abs())
            .fold(0.0, f32::max);
        eprintln!("largest difference between the engines: {worst:e}");
        assert!(worst < 1e-4, "{worst}");
        assert!(templates[0].similarity(other) > Similarity::new(0.99999).unwrap());
    }
}

/// Turns and scales about the centre, bilinear, black outside.
fn turned(image: &RgbImage, degrees: f32, scale: f32) -> RgbImage {
    let (width, height) = image.dimensions();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = ((x as f32 - cx) / scale, (y as f32 - cy) / scale);
        let (sx, sy) = (cos * dx - sin * dy + cx, sin * dx + cos * dy + cy);
        image::imageops::interpolate_bilinear(image, sx, sy).unwrap_or(image::Rgb([0; 3]))
    })
}

fn compressed(image: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image).unwrap();
    image::load_from_memory(&bytes).unwrap().to_rgb8()
}

fn brighter(image: &RgbImage, levels: u8) -> RgbImage {
    let mut image = image.clone();
    image.iter_mut().for_each(|value| *value = value.saturating_add(levels));
    image
}
