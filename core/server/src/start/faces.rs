//! Starts the face engine: which runtime, which pack, and the check before the first face.

use std::path::Path;
use std::sync::Arc;

use tebura_drawn_faces::Scene;
use tebura_face::Scope;
use tebura_face_engine::{
    DrawnRequest, EngineChoice, FaceWorkers, LoadedPack, ModelPack, PackError, Picture, Places, SelectError, Selection,
    StartError, WorkerLimits, select,
};
use tebura_hub::ports::FaceEngine;

use super::DRAWN_DEMO;

/// The engine at work.
pub struct FacesStarted {
    /// The port's adapter.
    pub workers: Arc<FaceWorkers>,
    /// Why this engine.
    pub engine_lines: Vec<String>,
    /// Licence, scope, training data and thresholds of the pack.
    pub statement: Vec<String>,
}

impl FacesStarted {
    /// Whether the pack recognises nothing but drawings.
    pub fn drawn_only(&self) -> bool {
        self.workers.pack().scope == Scope::DrawnFacesOnly
    }
}

/// Why no face can be examined.
#[derive(Debug, thiserror::Error)]
pub enum FacesError {
    /// The wanted runtime is not there.
    #[error(transparent)]
    Engine(#[from] SelectError),
    /// The pack does not load.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The workers do not start.
    #[error(transparent)]
    Workers(#[from] StartError),
    /// The program was built without a pack.
    #[error("this program carries no model pack; give one with --pack DIR, or build it with packs/drawn-demo")]
    NoPack,
}

/// Reads a pack: a folder, or the one that the program carries.
///
/// # Errors
/// Names the file or key that is wrong.
pub fn read_pack(folder: Option<&Path>) -> Result<ModelPack, FacesError> {
    match folder {
        Some(folder) => Ok(ModelPack::load(folder)?),
        None if DRAWN_DEMO.is_empty() => Err(FacesError::NoPack),
        None => Ok(ModelPack::load_embedded(DRAWN_DEMO)?),
    }
}

/// The runtime for this machine.
///
/// # Errors
/// Only when ONNX Runtime was asked for and is not there.
pub fn choose_engine(choice: EngineChoice) -> Result<Selection, SelectError> {
    select(choice, &Places::of_this_process())
}

/// Chooses the runtime, loads the pack and starts the workers. Takes some 100 ms of CPU: not for a request's thread.
///
/// # Errors
/// [`FacesError`].
pub fn start(choice: EngineChoice, folder: Option<&Path>) -> Result<FacesStarted, FacesError> {
    let Selection { engine, lines } = choose_engine(choice)?;
    let pack = read_pack(folder)?;
    let statement = pack.statement();
    let loaded = Arc::new(LoadedPack::open(&pack, &engine)?);
    let workers = Arc::new(FaceWorkers::start(&loaded, WorkerLimits::default())?);
    Ok(FacesStarted { workers, engine_lines: lines, statement })
}

/// Draws what a pack's check asks for.
pub fn draw(request: &DrawnRequest) -> Option<Picture> {
    let scene = Scene::named(&request.scene, &request.people, request.view.unwrap_or_default())?;
    let drawing = scene.draw(request.width, request.height);
    Picture::from_rgb(drawing.width, drawing.height, drawing.pixels).ok()
}
