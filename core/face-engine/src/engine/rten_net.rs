//! Networks on `rten`, the engine that is always compiled in.

use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, ValueView};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor as RtenTensor, TensorView};

use super::net::{Net, NetError, NetSource, Tensor};

thread_local! {
    /// One inference thread for each thread that asks: requests already run beside each other.
    static POOL: Arc<ThreadPool> = Arc::new(ThreadPool::with_num_threads(1));
}

/// A model that `rten` has parsed; its weights are shared by all networks opened from it.
pub(crate) struct RtenModel {
    model: Arc<Model>,
    input: NodeId,
    outputs: Vec<NodeId>,
    names: Vec<String>,
}

struct RtenNet {
    model: Arc<Model>,
    input: NodeId,
    outputs: Vec<NodeId>,
    names: Vec<String>,
}

impl RtenModel {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NetError> {
        let model = Model::load(bytes.to_vec()).map_err(|error| NetError::Load { reason: error.to_string() })?;
        let [input] = *model.input_ids() else {
            return Err(NetError::Inputs { inputs: model.input_ids().len() });
        };
        let outputs = model.output_ids().to_vec();
        let names = outputs
            .iter()
            .map(|id| model.node_info(*id).and_then(|node| node.name().map(str::to_owned)).unwrap_or_default())
            .collect();
        Ok(Self { model: Arc::new(model), input, outputs, names })
    }
}

impl NetSource for RtenModel {
    fn open(&self) -> Result<Box<dyn Net>, NetError> {
        Ok(Box::new(RtenNet {
            model: Arc::clone(&self.model),
            input: self.input,
            outputs: self.outputs.clone(),
            names: self.names.clone(),
        }))
    }
}

impl Net for RtenNet {
    fn output_names(&self) -> &[String] {
        &self.names
    }

    fn run(&mut self, input: &Tensor) -> Result<Vec<Tensor>, NetError> {
        let pool = POOL.with(Arc::clone);
        let view = TensorView::try_from_data(input.shape(), input.values()).map_err(run_error)?;
        let values = self
            .model
            .run(
                vec![(self.input, ValueView::from(view).into())],
                &self.outputs,
                Some(RunOptions::default().with_thread_pool(Some(pool))),
            )
            .map_err(run_error)?;
        values
            .into_iter()
            .zip(&self.names)
            .map(|(value, name)| {
                let tensor: RtenTensor<f32> =
                    value.try_into().map_err(|_| NetError::OutputType { output: name.clone() })?;
                Tensor::new(tensor.shape().to_vec(), tensor.to_vec())
            })
            .collect()
    }
}

fn run_error(error: impl std::fmt::Display) -> NetError {
    NetError::Run { reason: error.to_string() }
}
