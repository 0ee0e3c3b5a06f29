//! The hub's face port over ONNX models: decode, detect, align, liveness, what is worn, embed.
//!
//! The only crate with an inference engine. Absent: pictures after the call that brought them, names of
//! people, and any matching — that is `tebura-face`.

mod align;
mod box_crop;
mod conditions;
mod detect;
mod embed;
mod engine;
mod geometry;
mod liveness;
mod pack;
mod picture;
mod pipeline;
mod workers;

pub use engine::{Abandoned, Engine, EngineChoice, NetError, Places, SelectError, Selection, UnknownEngine, select};
pub use pack::{
    CheckError, CheckReport, Download, DrawnRequest, FaceDrawer, GoldenReport, InstallError, LabelReport, ModelPack,
    PackError, PackFacts, PackRates, Publication, RatePoint, Recorded, check, check_golden, record_golden,
};
pub use picture::{Picture, PictureError};
pub use pipeline::{Examined, LoadedPack, Pipeline, StageTimings};
pub use workers::{FaceWorkers, StageTotals, StartError, WorkerLimits};
