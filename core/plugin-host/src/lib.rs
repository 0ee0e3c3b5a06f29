//! The hub's plugin ports over Wasm components: manifest, trust, gate, engine, limits.
//!
//! A plugin is installed once (signatures, approval, static gate, compilation, trial instance) and runs each step in a
//! fresh instance under fuel, a deadline and one memory budget. The only crate with wasmtime. It cannot send: there is
//! no HTTP client below it, and what a guest wants sent is data in its step.

#![expect(
    missing_docs,
    reason = "types and verbs are documented; a field or an error variant whose name and text say it all is not"
)]

mod allow;
mod api;
mod bindings;
mod breaker;
mod budget;
mod call;
mod capability;
mod contract;
mod dispatch;
mod encode;
mod engine;
mod envelope;
mod gate;
mod host;
mod identity;
mod inspect;
mod install;
mod keyring;
mod keys;
pub mod limits;
mod lock;
mod manifest;
mod plugin;
mod pool;
mod probe;
mod rail;
mod service;
mod statement;
mod trial;
mod trust;
mod workbench;
mod world;

pub use allow::{Allow, AllowError, PathError, check_path};
#[cfg(feature = "bare")]
pub use api::since_v1_0::bare;
pub use bindings::{BindingError, Bindings, BoundKey, KvReader, KvUnavailable, NoKv, StoreKv};
pub use call::CallStats;
pub use capability::{Power, capabilities, powers};
pub use contract::Breach;
pub use dispatch::Answer;
pub use encode::{EncodeError, encode_component};
pub use engine::{EngineError, Metering, Slots};
pub use gate::{Contents, GateError};
pub use host::{HostError, HostOptions, PluginHost};
pub use identity::{InstalledIdentity, ProofInput};
pub use inspect::{Inspection, inspect};
pub use install::{InstallError, Package, PackageError, Report, Verified, verify};
pub use keyring::{Claim, DemoKeys, Key, KeyId, KeyRefusal, Keyring, KeyringError, Role, fingerprint};
pub use lock::{LockError, LockFile};
pub use manifest::{
    CallLimits, Endpoint, IdentityPart, KeyAlgorithm, KeyGrant, KeyUse, Manifest, ManifestError, NotJson, Part,
    Problem, RailPart, ServicePart, TomlLines, toml_as_json,
};
pub use plugin::Plugin;
pub use probe::{ProbeLimits, Prober, probe};
pub use rail::{Input, InstalledRail};
pub use service::InstalledService;
pub use statement::{component_digest, manifest_digest, signed_bytes};
pub use trial::{Most, SampleReply, Trial, operations, same, same_identity, trial, trial_of_identity};
pub use trust::{Grant, SignatureError, Trust, Vouching, sign};
pub use workbench::{Workbench, WorkbenchError};
pub use world::World;
