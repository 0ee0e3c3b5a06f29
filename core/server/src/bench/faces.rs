//! Pay by face, stage by stage: one 640×480 picture, one thread, a gallery of 100,000.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tebura_drawn_faces::Scene;
use tebura_face::{Gallery, GalleryError, SampleRefusal, Search, Template, TemplateError};
use tebura_face_engine::{EngineChoice, LoadedPack, ModelPack, NetError, PackError, Places, SelectError, select};

use super::median_and_p99;

/// People in the gallery.
const PEOPLE: u32 = 100_000;
/// Pictures counted for each engine.
const PICTURES: usize = 100;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum FaceBenchError {
    /// The pack does not load.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The engine does not open the pack's models.
    #[error(transparent)]
    Net(#[from] NetError),
    /// No engine at all.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// A drawn face was not taken.
    #[error("a drawn face was refused in the benchmark: {0}")]
    Sample(#[from] SampleRefusal),
    /// The crowd could not be made.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The crowd could not be made.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// The picture could not be encoded.
    #[error("a drawn picture could not be encoded: {0}")]
    Picture(#[from] image::ImageError),
}

/// Measures every engine that is there. Returns the table as Markdown, and the microseconds of one look with the
/// fastest engine.
///
/// # Errors
/// [`FaceBenchError`].
pub fn faces(pack: &ModelPack) -> Result<(String, u64), FaceBenchError> {
    let picture = jpeg()?;
    let mut table = String::new();
    let mut fastest = u64::MAX;
    for choice in [EngineChoice::Rten, EngineChoice::Ort] {
        let selection = match select(choice, &Places::of_this_process()) {
            Ok(selection) => selection,
            Err(absent @ SelectError::NoLibrary { .. }) => {
                let _ = writeln!(table, "{absent}\n");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let look = engine(&mut table, &LoadedPack::open(pack, &selection.engine)?, &picture)?;
        fastest = fastest.min(look);
    }
    Ok((table, fastest))
}

fn engine(table: &mut String, pack: &LoadedPack, picture: &[u8]) -> Result<u64, FaceBenchError> {
    let gallery = crowd(pack.description().template_dims)?;
    let mut pipeline = pack.pipeline()?;
    let search_for = Search::everybody().not_below(pack.description().policy.floor());
    let mut stages: Vec<(&str, Vec<Duration>)> = Vec::new();
    for nth in 0..=PICTURES {
        let examined = pipeline.examine(picture)?;
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let before = Instant::now();
        std::hint::black_box(gallery.search(&examined.sample.template, &search_for));
        let search = before.elapsed();
        // The first picture warms caches up.
        if nth == 0 {
            continue;
        }
        for (stage, duration) in examined.timings.by_name().into_iter().chain([("search", search)]) {
            match stages.iter_mut().find(|(name, _)| *name == stage) {
                Some((_, durations)) => durations.push(duration),
                None => stages.push((stage, vec![duration])),
            }
        }
    }
    let medians: Vec<(&str, Duration, Duration)> = stages
        .iter_mut()
        .map(|(stage, durations)| {
            let (median, p99) = median_and_p99(durations);
            (*stage, median, p99)
        })
        .collect();
    let whole: Duration = medians.iter().map(|(_, median, _)| *median).sum();
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    let engine = &pack.description().engine;
    let _ = writeln!(table, "{engine}, pack {}, {PEOPLE} people\n", pack.description().name);
    let _ = writeln!(table, "| stage | median ms | p99 ms | share of the whole |");
    let _ = writeln!(table, "|---|--:|--:|--:|");
    for (stage, median, p99) in medians {
        let share = 100.0 * median.as_secs_f64() / whole.as_secs_f64();
        let _ = writeln!(table, "| {stage} | {:.2} | {:.2} | {share:.1} % |", ms(median), ms(p99));
    }
    let _ = writeln!(table, "| whole | {:.2} | | |\n", ms(whole));
    Ok(u64::try_from(whole.as_micros()).unwrap_or(u64::MAX))
}

fn jpeg() -> Result<Vec<u8>, FaceBenchError> {
    let drawing = Scene::kiosk(7, 0).draw(640, 480);
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    image::ImageEncoder::write_image(encoder, &drawing.pixels, 640, 480, image::ExtendedColorType::Rgb8)?;
    Ok(bytes)
}

/// Templates in directions that look random and are the same in every run.
fn crowd(dims: usize) -> Result<Gallery, FaceBenchError> {
    let gallery = Gallery::new(dims);
    let mut state = 1_u64;
    for subject in 0..PEOPLE {
        let values = (0..dims)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
            })
            .collect();
        gallery.insert(u128::from(subject), &Template::from_raw(values)?)?;
    }
    Ok(gallery)
}
