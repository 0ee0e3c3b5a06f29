//! Times each stage of pay by face on every engine that is there.
//!
//! One drawn 640×480 JPEG at a time on one thread, then a search among 100,000 templates.

use std::time::{Duration, Instant};

use tebura_drawn_faces::Scene;
use tebura_face::{Gallery, Template};
use tebura_face_engine::{EngineChoice, LoadedPack, ModelPack, Places, select};

const PEOPLE: u32 = 100_000;

pub(crate) fn time(pack: &ModelPack, count: u64) -> Result<(), Box<dyn std::error::Error>> {
    let files = (0..count.min(20)).map(jpeg).collect::<Result<Vec<_>, _>>()?;
    for choice in [EngineChoice::Rten, EngineChoice::Ort] {
        let selection = match select(choice, &Places::of_this_process()) {
            Ok(selection) => selection,
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        let loaded = LoadedPack::open(pack, &selection.engine)?;
        let mut pipeline = loaded.pipeline()?;
        let gallery = crowd(loaded.description().template_dims)?;
        let mut stages: Vec<(&str, Vec<Duration>)> = Vec::new();
        for index in 0..=count {
            let examined = pipeline.examine(&files[(index % files.len() as u64) as usize])?;
            let started = now();
            let found = gallery.search(&examined.sample.template, |_| true);
            let searched = started.elapsed();
            assert!(found.best.is_some() && found.second.is_some());
            // The first one warms caches up.
            if index == 0 {
                continue;
            }
            let timings = examined.timings.by_name();
            for (stage, duration) in timings.into_iter().chain([("search", searched)]) {
                match stages.iter_mut().find(|(name, _)| *name == stage) {
                    Some((_, durations)) => durations.push(duration),
                    None => stages.push((stage, vec![duration])),
                }
            }
        }
        println!("{}, {count} pictures, one thread, {PEOPLE} templates", selection.engine);
        println!("{:<10} {:>10} {:>10}", "stage", "median ms", "p99 ms");
        for (stage, durations) in &mut stages {
            durations.sort();
            println!("{stage:<10} {:>10.2} {:>10.2}", at(durations, 0.5), at(durations, 0.99));
        }
    }
    Ok(())
}

fn jpeg(person: u64) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let drawing = Scene::kiosk(person, 0).draw(640, 480);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90).encode(
        &drawing.pixels,
        640,
        480,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// Templates in random directions, from a fixed seed.
fn crowd(dims: usize) -> Result<Gallery, Box<dyn std::error::Error>> {
    let mut gallery = Gallery::new(dims);
    let mut state = 1_u64;
    for subject in 0..PEOPLE {
        let values = (0..dims)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect();
        gallery.insert(u128::from(subject), &Template::from_raw(values)?)?;
    }
    Ok(gallery)
}

fn at(sorted: &[Duration], share: f64) -> f64 {
    let index = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted[index].as_secs_f64() * 1_000.0
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}
