//! Which inference engine runs the models, and why.
//!
//! `rten` is compiled in and needs nothing. ONNX Runtime is faster and used when its library is found.
//! Absent: any download, and any choice that is not reported.

mod deadline;
mod net;
#[cfg(feature = "ort")]
mod ort_net;
#[cfg_attr(not(any(feature = "ort", test)), expect(dead_code, reason = "rten is looked for nowhere"))]
mod places;
mod rten_net;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use deadline::Abandoned;
pub(crate) use deadline::within;
pub use net::NetError;
pub(crate) use net::{Net, NetSource, Tensor};
pub use places::Places;

/// What the operator asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// ONNX Runtime when a library is found, else rten.
    #[default]
    Auto,
    /// ONNX Runtime or an error.
    Ort,
    /// rten, without looking for a library.
    Rten,
}

/// A word that is not an engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not an engine: use auto, ort or rten")]
pub struct UnknownEngine {
    word: String,
}

impl FromStr for EngineChoice {
    type Err = UnknownEngine;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "auto" => Ok(Self::Auto),
            "ort" => Ok(Self::Ort),
            "rten" => Ok(Self::Rten),
            _ => Err(UnknownEngine { word: word.to_owned() }),
        }
    }
}

/// An engine that is ready to load models.
#[derive(Clone)]
pub struct Engine(Kind);

#[derive(Clone)]
enum Kind {
    Rten,
    #[cfg(feature = "ort")]
    Ort(ort_net::OrtRuntime),
}

/// The chosen engine and the lines that explain the choice, for the start-up log.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The engine.
    pub engine: Engine,
    /// One line for every place that was skipped and one for the choice.
    pub lines: Vec<String>,
}

/// Why no engine could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// ONNX Runtime was asked for by name and no library could be loaded.
    #[error("no ONNX Runtime library could be loaded; `pip install onnxruntime` in the active Python environment or set ORT_DYLIB_PATH, or use the engine rten. Tried:\n{}", tried.join("\n"))]
    NoLibrary {
        /// One line a place.
        tried: Vec<String>,
    },
    /// ONNX Runtime was asked for by name and this build leaves it out.
    #[error("this build has no ONNX Runtime support: build with the feature `ort`, or use the engine rten")]
    NotBuilt,
}

/// Chooses the engine. Looks for ONNX Runtime once in the life of a process; later calls get that answer.
///
/// # Errors
/// Only [`EngineChoice::Ort`] can fail: `Auto` falls back to rten.
pub fn select(choice: EngineChoice, places: &Places) -> Result<Selection, SelectError> {
    match choice {
        EngineChoice::Rten => Ok(rten_selection(Vec::new(), "as asked")),
        EngineChoice::Auto => match find_ort(places) {
            Ok(selection) => Ok(selection),
            Err(SelectError::NoLibrary { tried }) => {
                Ok(rten_selection(tried, "built in; ONNX Runtime would be faster and is optional"))
            }
            Err(SelectError::NotBuilt) => Ok(rten_selection(Vec::new(), "the only one in this build")),
        },
        EngineChoice::Ort => find_ort(places),
    }
}

fn rten_selection(mut lines: Vec<String>, why: &str) -> Selection {
    let engine = Engine(Kind::Rten);
    lines.push(format!("engine: {engine} ({why})"));
    Selection { engine, lines }
}

#[cfg(not(feature = "ort"))]
fn find_ort(_places: &Places) -> Result<Selection, SelectError> {
    Err(SelectError::NotBuilt)
}

#[cfg(feature = "ort")]
fn find_ort(places: &Places) -> Result<Selection, SelectError> {
    use std::sync::OnceLock;

    // A process can hold one ONNX Runtime, and its environment must outlive every session.
    static FOUND: OnceLock<Result<Selection, SelectError>> = OnceLock::new();
    FOUND.get_or_init(|| try_places(places)).clone()
}

#[cfg(feature = "ort")]
fn try_places(places: &Places) -> Result<Selection, SelectError> {
    use places::Found;

    let mut lines = Vec::new();
    for place in places.look() {
        let library = match place.found {
            Found::Library(library) => library,
            Found::Nothing(why) => {
                lines.push(format!("skip {}: {why}", place.label));
                continue;
            }
        };
        let path = library.clone();
        let loaded = within(LOAD_TIMEOUT, "loading ONNX Runtime", move || ort_net::OrtRuntime::load(&path));
        match loaded {
            Ok(Ok(runtime)) => {
                let engine = Engine(Kind::Ort(runtime));
                lines.push(format!("engine: {engine} ({}: {})", place.label, library.display()));
                return Ok(Selection { engine, lines });
            }
            Ok(Err(why)) => lines.push(format!("skip {}: {why}", place.label)),
            Err(late) => lines.push(format!("skip {}: {late}", place.label)),
        }
    }
    Err(SelectError::NoLibrary { tried: lines })
}

/// Why a model is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadFault {
    #[error(transparent)]
    Abandoned(#[from] Abandoned),
    #[error(transparent)]
    Net(#[from] NetError),
    /// It runs and gives something else than the pack says.
    #[error("{0}")]
    Output(String),
}

/// How long a library or a model may take to load: some mutated files keep a parser busy for ever.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);

impl Engine {
    /// Parses a model whose digest has been checked and probes one network of it, on a thread that is given
    /// up after 30 s.
    pub(crate) fn load(
        &self,
        bytes: Arc<[u8]>,
        probe: impl FnOnce(&mut dyn Net) -> Result<(), String> + Send + 'static,
    ) -> Result<Box<dyn NetSource>, LoadFault> {
        let engine = self.clone();
        within(LOAD_TIMEOUT, "loading a model", move || {
            let source = engine.load_here(bytes)?;
            probe(&mut *source.open()?).map_err(LoadFault::Output)?;
            Ok(source)
        })?
    }

    fn load_here(&self, bytes: Arc<[u8]>) -> Result<Box<dyn NetSource>, NetError> {
        match &self.0 {
            Kind::Rten => Ok(Box::new(rten_net::RtenModel::parse(&bytes)?)),
            #[cfg(feature = "ort")]
            Kind::Ort(runtime) => Ok(Box::new(ort_net::OrtModel::parse(runtime, bytes)?)),
        }
    }

    /// Returns the engine's short name: `rten` or `ort`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Kind::Rten => "rten",
            #[cfg(feature = "ort")]
            Kind::Ort(_) => "ort",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Rten => formatter.write_str("rten 0.27"),
            #[cfg(feature = "ort")]
            Kind::Ort(runtime) => write!(formatter, "ONNX Runtime {}", runtime.version()),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Engine({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rten_needs_nothing() {
        let selection = select(EngineChoice::Rten, &Places::default()).unwrap();
        assert_eq!(selection.engine.name(), "rten");
        assert_eq!(selection.lines, ["engine: rten 0.27 (as asked)"]);
    }

    #[cfg(feature = "ort")]
    #[test]
    fn every_skipped_place_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("libonnxruntime.so");
        std::fs::write(&broken, b"not a library").unwrap();
        let places = Places { dylib_path: Some(broken), ..Places::default() };
        match try_places(&places) {
            Ok(selection) => assert_eq!(selection.lines.len(), 5, "the loader's own library came last"),
            Err(SelectError::NoLibrary { tried }) => {
                assert_eq!(tried.len(), 5);
                assert!(tried[0].starts_with("skip ORT_DYLIB_PATH: "), "{}", tried[0]);
            }
            Err(SelectError::NotBuilt) => panic!("the feature is on"),
        }
    }

    #[test]
    fn words_of_engines() {
        assert_eq!("rten".parse(), Ok(EngineChoice::Rten));
        assert_eq!("auto".parse(), Ok(EngineChoice::Auto));
        assert_eq!("ort".parse(), Ok(EngineChoice::Ort));
        assert!("tract".parse::<EngineChoice>().is_err());
    }
}
