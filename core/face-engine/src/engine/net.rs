//! One loaded network, whichever engine runs it.
//!
//! Absent: what its input and outputs mean.

use zeroize::Zeroizing;

/// A dense f32 tensor, row-major; wiped when dropped, for its pixels may be a face.
#[derive(Clone, PartialEq)]
pub(crate) struct Tensor {
    shape: Vec<usize>,
    values: Zeroizing<Vec<f32>>,
}

impl Tensor {
    /// Takes values whose number is the product of the shape.
    pub(crate) fn new(shape: Vec<usize>, values: Vec<f32>) -> Result<Self, NetError> {
        let expected = shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        if expected != Some(values.len()) {
            return Err(NetError::Shape { shape, values: values.len() });
        }
        Ok(Self { shape, values: Zeroizing::new(values) })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }
}

/// Why a network does not load or run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The engine does not take the file.
    #[error("the engine cannot load the model: {reason}")]
    Load {
        /// The engine's own words.
        reason: String,
    },
    /// The model asks for several inputs, and a face model has one.
    #[error("the model has {inputs} inputs and must have one")]
    Inputs {
        /// How many it has.
        inputs: usize,
    },
    /// Inference failed.
    #[error("inference failed: {reason}")]
    Run {
        /// The engine's own words.
        reason: String,
    },
    /// An output is not made of f32.
    #[error("output {output} is not a tensor of 32-bit floats")]
    OutputType {
        /// The output's name.
        output: String,
    },
    /// A shape and a number of values do not belong together.
    #[error("{values} values do not fill the shape {shape:?}")]
    Shape {
        /// The shape.
        shape: Vec<usize>,
        /// The number of values.
        values: usize,
    },
}

/// A network that takes one tensor and gives its outputs in the order of their declaration.
pub(crate) trait Net: Send {
    /// The outputs' names, in the order of [`Net::run`]'s answer.
    fn output_names(&self) -> &[String];
    /// Runs one inference on the calling thread.
    fn run(&mut self, input: &Tensor) -> Result<Vec<Tensor>, NetError>;
}

/// A parsed model from which every worker thread opens a network of its own.
pub(crate) trait NetSource: Send + Sync {
    /// Opens a network; weights are shared between networks where the engine can.
    fn open(&self) -> Result<Box<dyn Net>, NetError>;
}
