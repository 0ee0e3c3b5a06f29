//! From a picture to a sample, on the calling thread: detect, align, refine, liveness, embed.
//!
//! Absent: threads and queues, which are the workers'.

mod stages;

use std::sync::Arc;

use tebura_face::{FaceBox, Quality, Sample, SampleRefusal, Template};

pub use stages::StageTimings;
pub(crate) use stages::Stopwatch;

use crate::align::align;
use crate::detect::{self, Detection};
use crate::embed::{self, EmbedError};
use crate::engine::{Engine, Net, NetError, NetSource};
use crate::geometry::Landmarks;
use crate::liveness;
use crate::pack::{ModelPack, PackError, Recipes};
use crate::picture::{Picture, decode};

/// A second face counts when it is at least this wide, as a share of the widest one: people further back
/// are bystanders.
const MEANT_WIDTH: f32 = 0.5;
/// Below this mean luma nothing is found or told apart; the darkest skin in good light lies well above.
const LEAST_BRIGHTNESS: f32 = 0.06;
/// The least distance between the eyes, as a share of the embedder's template: half the resolution that
/// the embedder was made for.
const LEAST_EYE_SHARE: f32 = 0.5;
/// The least share of the face box that must lie inside the picture.
const LEAST_VISIBLE: f32 = 0.7;

/// A pack whose models are parsed; every worker opens a pipeline of its own from it.
pub struct LoadedPack {
    description: tebura_face::Pack,
    recipes: Arc<Recipes>,
    detector: Box<dyn NetSource>,
    landmarks: Option<Box<dyn NetSource>>,
    embedder: Box<dyn NetSource>,
    liveness: Vec<Box<dyn NetSource>>,
}

/// Networks of one thread.
pub struct Pipeline {
    recipes: Arc<Recipes>,
    detector: Box<dyn Net>,
    landmarks: Option<Box<dyn Net>>,
    embedder: Box<dyn Net>,
    liveness: Vec<Box<dyn Net>>,
}

/// A sample and how long each stage took.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The sample.
    pub sample: Sample,
    /// Duration of each stage.
    pub timings: StageTimings,
}

/// One face with everything that a golden vector names.
#[derive(Clone, Debug)]
pub(crate) struct FoundFace {
    pub(crate) detection: Detection,
    pub(crate) template: Template,
    pub(crate) liveness: tebura_face::Liveness,
}

impl LoadedPack {
    /// Parses every model of the pack on `engine` and runs each once on black, so that a pack that does not
    /// fit its own description is refused at start.
    ///
    /// # Errors
    /// Names the file that does not load or whose output is not what pack.toml says.
    pub fn open(pack: &ModelPack, engine: &Engine) -> Result<Self, PackError> {
        let parse = |file: &crate::pack::ModelFile| -> Result<Box<dyn NetSource>, PackError> {
            engine
                .load(Arc::clone(&file.bytes))
                .map_err(|late| PackError::LoadTooLong { file: file.name.clone(), late })?
                .map_err(|source| PackError::Load { file: file.name.clone(), source })
        };
        let models = pack.models();
        let loaded = Self {
            description: pack.describe(engine),
            recipes: Arc::new(pack.recipes().clone()),
            detector: parse(&models.detector)?,
            landmarks: models.landmarks.as_ref().map(parse).transpose()?,
            embedder: parse(&models.embedder)?,
            liveness: models.liveness.iter().map(parse).collect::<Result<_, _>>()?,
        };
        loaded.probe(pack)?;
        Ok(loaded)
    }

    /// Describes the pack as the hub sees it.
    #[must_use]
    pub fn description(&self) -> &tebura_face::Pack {
        &self.description
    }

    /// Opens the networks for one thread.
    ///
    /// # Errors
    /// Says what the engine says.
    pub fn pipeline(&self) -> Result<Pipeline, NetError> {
        Ok(Pipeline {
            recipes: Arc::clone(&self.recipes),
            detector: self.detector.open()?,
            landmarks: self.landmarks.as_ref().map(|source| source.open()).transpose()?,
            embedder: self.embedder.open()?,
            liveness: self.liveness.iter().map(|source| source.open()).collect::<Result<_, _>>()?,
        })
    }

    fn probe(&self, pack: &ModelPack) -> Result<(), PackError> {
        fn output(file: &str, problem: impl std::fmt::Display) -> PackError {
            PackError::Output { file: file.to_owned(), problem: problem.to_string() }
        }
        let models = pack.models();
        let recipes = &self.recipes;
        let mut pipeline = self.pipeline().map_err(|error| output(&models.detector.name, error))?;
        detect::probe(&mut *pipeline.detector, &recipes.detector)
            .map_err(|error| output(&models.detector.name, error))?;
        if let (Some(net), Some(recipe), Some(file)) = (&mut pipeline.landmarks, &recipes.landmarks, &models.landmarks)
        {
            embed::probe(&mut **net, &recipe.input, 10).map_err(|error| output(&file.name, error))?;
        }
        embed::probe(&mut *pipeline.embedder, &recipes.embedder.input, recipes.embedder.dimensions)
            .map_err(|error| output(&models.embedder.name, error))?;
        for ((net, recipe), file) in pipeline.liveness.iter_mut().zip(&recipes.liveness).zip(&models.liveness) {
            liveness::probe(&mut **net, recipe).map_err(|error| output(&file.name, error))?;
        }
        Ok(())
    }
}

impl Pipeline {
    /// Decodes a file and examines the one face that must be in it.
    ///
    /// # Errors
    /// Says why the picture yields no sample.
    pub fn examine(&mut self, file: &[u8]) -> Result<Examined, SampleRefusal> {
        let mut watch = Stopwatch::start();
        let picture = decode(file)?;
        watch.lap(|timings| &mut timings.decode);
        self.examine_picture(&picture, watch)
    }

    /// Examines a picture that is already decoded; its decode time is zero.
    ///
    /// # Errors
    /// As [`Pipeline::examine`].
    pub fn examine_decoded(&mut self, picture: &Picture) -> Result<Examined, SampleRefusal> {
        self.examine_picture(picture, Stopwatch::start())
    }

    fn examine_picture(&mut self, picture: &Picture, mut watch: Stopwatch) -> Result<Examined, SampleRefusal> {
        let faces = detect::detect(&mut *self.detector, &self.recipes.detector, picture).map_err(failed)?;
        watch.lap(|timings| &mut timings.detect);
        let mut detection = self.the_one_face(picture, &faces)?;
        detection.landmarks = self.refine(picture, detection.landmarks)?;
        let quality = self.quality(picture, &detection)?;
        let found = self.describe(picture, detection, &mut watch)?;
        Ok(Examined {
            sample: Sample { template: found.template, liveness: found.liveness, face: found.detection.face, quality },
            timings: watch.stop(),
        })
    }

    /// Finds every face of a picture with all its values, for golden vectors; refuses none for its size.
    pub(crate) fn find_all(&mut self, picture: &Picture) -> Result<Vec<FoundFace>, SampleRefusal> {
        let faces = detect::detect(&mut *self.detector, &self.recipes.detector, picture).map_err(failed)?;
        let mut watch = Stopwatch::start();
        faces
            .into_iter()
            .map(|mut detection| {
                detection.landmarks = self.refine(picture, detection.landmarks)?;
                self.describe(picture, detection, &mut watch)
            })
            .collect()
    }

    fn the_one_face(&self, picture: &Picture, faces: &[Detection]) -> Result<Detection, SampleRefusal> {
        let widest = faces.iter().map(|face| face.face.width()).fold(0.0, f32::max);
        let mut meant = faces.iter().filter(|face| face.face.width() >= widest * MEANT_WIDTH);
        let Some(&detection) = meant.next() else {
            let is_dark = picture.brightness(&picture.whole()) < LEAST_BRIGHTNESS;
            return Err(if is_dark { SampleRefusal::TooDark } else { SampleRefusal::NoFace });
        };
        let others = meant.count();
        if others > 0 {
            return Err(SampleRefusal::SeveralFaces { count: others + 1 });
        }
        if picture.brightness(&detection.face) < LEAST_BRIGHTNESS {
            return Err(SampleRefusal::TooDark);
        }
        if visible_share(&detection.face, &picture.whole()) < LEAST_VISIBLE {
            return Err(SampleRefusal::StepBack);
        }
        Ok(detection)
    }

    fn quality(&self, picture: &Picture, detection: &Detection) -> Result<Quality, SampleRefusal> {
        let [left, right, ..] = detection.landmarks;
        let eye_distance_px = left.distance(right);
        let [template_left, template_right, ..] = self.recipes.embedder.crop.template;
        let least = template_left.distance(template_right) * LEAST_EYE_SHARE;
        if eye_distance_px.is_nan() || eye_distance_px < least {
            return Err(SampleRefusal::StepCloser { eye_distance_px });
        }
        Ok(Quality {
            detector_score: detection.score,
            brightness: picture.brightness(&detection.face),
            eye_distance_px,
        })
    }

    fn describe(
        &mut self,
        picture: &Picture,
        detection: Detection,
        watch: &mut Stopwatch,
    ) -> Result<FoundFace, SampleRefusal> {
        let crop = align(picture, &detection.landmarks, &self.recipes.embedder.crop).ok_or(SampleRefusal::NoFace)?;
        watch.lap(|timings| &mut timings.align);
        let liveness = self.judge_liveness(picture, &detection.face)?;
        watch.lap(|timings| &mut timings.liveness);
        let template = embed::embed(&mut *self.embedder, &self.recipes.embedder, &crop).map_err(failed)?;
        watch.lap(|timings| &mut timings.embed);
        Ok(FoundFace { detection, template, liveness })
    }

    fn refine(&mut self, picture: &Picture, mut landmarks: Landmarks) -> Result<Landmarks, SampleRefusal> {
        if let (Some(net), Some(recipe)) = (&mut self.landmarks, &self.recipes.landmarks) {
            for _ in 0..recipe.passes {
                let crop = align(picture, &landmarks, &recipe.crop).ok_or(SampleRefusal::NoFace)?;
                landmarks = embed::refine(&mut **net, recipe, &crop).map_err(failed)?;
            }
        }
        Ok(landmarks)
    }

    fn judge_liveness(&mut self, picture: &Picture, face: &FaceBox) -> Result<tebura_face::Liveness, SampleRefusal> {
        let votes = self
            .liveness
            .iter_mut()
            .zip(&self.recipes.liveness)
            .map(|(net, recipe)| liveness::vote(&mut **net, recipe, picture, face))
            .collect::<Result<Vec<_>, EmbedError>>()
            .map_err(failed)?;
        Ok(tebura_face::fold_liveness(&votes, self.recipes.real_at_least))
    }
}

fn visible_share(face: &FaceBox, picture: &FaceBox) -> f32 {
    let inside = FaceBox {
        x0: face.x0.max(picture.x0),
        y0: face.y0.max(picture.y0),
        x1: face.x1.min(picture.x1),
        y1: face.y1.min(picture.y1),
    };
    if face.area() > 0.0 { inside.area() / face.area() } else { 0.0 }
}

fn failed(error: impl std::fmt::Display) -> SampleRefusal {
    SampleRefusal::Engine(error.to_string())
}
