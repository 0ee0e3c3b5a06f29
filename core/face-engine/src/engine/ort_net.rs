//! Networks on ONNX Runtime, loaded from a shared library while the program runs.

use std::path::Path;
use std::sync::Arc;

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::net::{Net, NetError, NetSource, Tensor};

/// The library that was loaded, kept for as long as the process lives.
#[derive(Clone)]
pub(crate) struct OrtRuntime {
    environment: Environment,
    version: String,
}

/// A model's checked bytes; ONNX Runtime needs a session of its own for every thread.
pub(crate) struct OrtModel {
    runtime: OrtRuntime,
    bytes: Arc<[u8]>,
}

struct OrtNet {
    session: Session,
    names: Vec<String>,
}

impl OrtRuntime {
    /// Loads the library; a missing, old or foreign file is an error, and the next one can be tried.
    pub(crate) fn load(library: &Path) -> Result<Self, String> {
        // Any other first call into `ort` panics when no library is there.
        let builder = ort::init_from(library).map_err(|error| error.to_string())?;
        let environment =
            builder.with_name("tebura").with_telemetry(false).build().map_err(|error| error.to_string())?;
        Ok(Self { environment, version: version_of(library) })
    }

    /// The version in the library's file name, which is where ONNX Runtime's packages carry it.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

impl OrtModel {
    pub(crate) fn parse(runtime: &OrtRuntime, bytes: Arc<[u8]>) -> Result<Self, NetError> {
        let model = Self { runtime: runtime.clone(), bytes };
        model.open()?;
        Ok(model)
    }
}

impl NetSource for OrtModel {
    fn open(&self) -> Result<Box<dyn Net>, NetError> {
        let session =
            open_session(&self.runtime.environment, &self.bytes).map_err(|reason| NetError::Load { reason })?;
        if session.inputs().len() != 1 {
            return Err(NetError::Inputs { inputs: session.inputs().len() });
        }
        let names = session.outputs().iter().map(|output| output.name().to_owned()).collect();
        Ok(Box::new(OrtNet { session, names }))
    }
}

impl Net for OrtNet {
    fn output_names(&self) -> &[String] {
        &self.names
    }

    fn run(&mut self, input: &Tensor) -> Result<Vec<Tensor>, NetError> {
        let view = TensorRef::from_array_view((input.shape(), input.values())).map_err(run_error)?;
        let outputs = self.session.run(ort::inputs![view]).map_err(run_error)?;
        let mut tensors = Vec::with_capacity(self.names.len());
        for (name, value) in outputs.iter() {
            let (shape, values) =
                value.try_extract_tensor::<f32>().map_err(|_| NetError::OutputType { output: name.to_owned() })?;
            let shape = shape.iter().map(|side| usize::try_from(*side).unwrap_or(0)).collect();
            tensors.push(Tensor::new(shape, values.to_vec())?);
        }
        Ok(tensors)
    }
}

fn open_session(environment: &Environment, bytes: &[u8]) -> Result<Session, String> {
    Session::builder(environment)
        .map_err(|error| error.to_string())?
        // Level3 is refused by 1.20, All by none.
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(|error| error.to_string())?
        .with_intra_threads(1)
        .map_err(|error| error.to_string())?
        .with_inter_threads(1)
        .map_err(|error| error.to_string())?
        .commit_from_memory(bytes)
        .map_err(|error| error.to_string())
}

fn version_of(library: &Path) -> String {
    library
        .canonicalize()
        .ok()
        .as_deref()
        .unwrap_or(library)
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split_once(".so."))
        .map_or_else(|| "of unknown version".to_owned(), |(_, version)| version.to_owned())
}

fn run_error(error: impl std::fmt::Display) -> NetError {
    NetError::Run { reason: error.to_string() }
}
