//! From a picture to a sample, on the calling thread: detect, align, refine, liveness, what is worn, embed.
//!
//! Absent: threads and queues, which are the workers'.

mod quality;
mod stages;

use std::sync::Arc;

use tebura_face::{FaceBox, Sample, SampleRefusal, Template};

pub use stages::StageTimings;
pub(crate) use stages::Stopwatch;

use crate::align::align;
use crate::conditions;
use crate::detect::{self, Detection};
use crate::embed::{self, EmbedError};
use crate::engine::{Engine, LoadFault, Net, NetError, NetSource};
use crate::geometry::Landmarks;
use crate::liveness;
use crate::pack::{ModelFile, ModelPack, PackError, Recipes};
use crate::picture::Picture;

/// A pack whose models are parsed; every worker opens a pipeline of its own from it.
pub struct LoadedPack {
    description: tebura_face::Pack,
    recipes: Arc<Recipes>,
    detector: Box<dyn NetSource>,
    landmarks: Option<Box<dyn NetSource>>,
    embedder: Box<dyn NetSource>,
    liveness: Vec<Box<dyn NetSource>>,
    conditions: Option<Box<dyn NetSource>>,
}

/// Networks of one thread.
pub struct Pipeline {
    recipes: Arc<Recipes>,
    detector: Box<dyn Net>,
    landmarks: Option<Box<dyn Net>>,
    embedder: Box<dyn Net>,
    liveness: Vec<Box<dyn Net>>,
    conditions: Option<Box<dyn Net>>,
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
    pub(crate) conditions: tebura_face::Conditions,
}

impl LoadedPack {
    /// Parses every model of the pack on `engine` and runs each once on black, so that a pack that does not
    /// fit its own description is refused at start.
    ///
    /// # Errors
    /// Names the file that does not load or whose output is not what pack.toml says.
    pub fn open(pack: &ModelPack, engine: &Engine) -> Result<Self, PackError> {
        let (models, recipes) = (pack.models(), pack.recipes());
        let detector = recipes.detector.clone();
        let embedder = recipes.embedder.clone();
        Ok(Self {
            description: pack.describe(engine),
            recipes: Arc::new(recipes.clone()),
            detector: load(engine, &models.detector, move |net| {
                detect::probe(net, &detector).map_err(|error| error.to_string())
            })?,
            landmarks: models
                .landmarks
                .iter()
                .zip(recipes.landmarks.clone())
                .map(|(file, recipe)| {
                    load(engine, file, move |net| {
                        embed::probe(net, &recipe.input, 10).map_err(|error| error.to_string())
                    })
                })
                .next()
                .transpose()?,
            embedder: load(engine, &models.embedder, move |net| {
                embed::probe(net, &embedder.input, embedder.dimensions).map_err(|error| error.to_string())
            })?,
            liveness: models
                .liveness
                .iter()
                .zip(recipes.liveness.clone())
                .map(|(file, recipe)| {
                    load(engine, file, move |net| liveness::probe(net, &recipe).map_err(|error| error.to_string()))
                })
                .collect::<Result<_, _>>()?,
            conditions: models
                .conditions
                .iter()
                .zip(recipes.conditions.clone())
                .map(|(file, recipe)| {
                    load(engine, file, move |net| conditions::probe(net, &recipe).map_err(|error| error.to_string()))
                })
                .next()
                .transpose()?,
        })
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
            conditions: self.conditions.as_ref().map(|source| source.open()).transpose()?,
        })
    }
}

impl Pipeline {
    /// Decodes a file and examines the one face that must be in it.
    ///
    /// # Errors
    /// Says why the picture yields no sample.
    pub fn examine(&mut self, file: &[u8]) -> Result<Examined, SampleRefusal> {
        let mut watch = Stopwatch::start();
        let picture = Picture::decode(file)?;
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
        let mut detection = quality::the_one_face(picture, &faces)?;
        detection.landmarks = self.refine(picture, detection.landmarks)?;
        let quality = quality::measure(picture, &detection, &self.recipes.embedder.crop)?;
        let found = self.describe(picture, detection, &mut watch)?;
        Ok(Examined {
            sample: Sample {
                template: found.template,
                liveness: found.liveness,
                face: found.detection.face,
                quality,
                conditions: found.conditions,
            },
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
        let conditions = self.look_at_conditions(picture, &detection.face)?;
        watch.lap(|timings| &mut timings.conditions);
        let template = embed::embed(&mut *self.embedder, &self.recipes.embedder, &crop).map_err(failed)?;
        watch.lap(|timings| &mut timings.embed);
        Ok(FoundFace { detection, template, liveness, conditions })
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

    fn look_at_conditions(
        &mut self,
        picture: &Picture,
        face: &FaceBox,
    ) -> Result<tebura_face::Conditions, SampleRefusal> {
        match (&mut self.conditions, &self.recipes.conditions) {
            (Some(net), Some(recipe)) => conditions::look(&mut **net, recipe, picture, face).map_err(failed),
            _ => Ok(tebura_face::Conditions::default()),
        }
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

fn load(
    engine: &Engine,
    file: &ModelFile,
    probe: impl FnOnce(&mut dyn Net) -> Result<(), String> + Send + 'static,
) -> Result<Box<dyn NetSource>, PackError> {
    let name = file.name.clone();
    engine.load(Arc::clone(&file.bytes), probe).map_err(|fault| match fault {
        LoadFault::Abandoned(fault) => PackError::Abandoned { file: name, fault },
        LoadFault::Net(source) => PackError::Load { file: name, source },
        LoadFault::Output(problem) => PackError::Output { file: name, problem },
    })
}

fn failed(error: impl std::fmt::Display) -> SampleRefusal {
    SampleRefusal::Engine(error.to_string())
}
