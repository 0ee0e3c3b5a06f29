//! The report as it is written: `vpia.json`, format 1, `specs/schemas/vpia-1.json`.

use serde::Serialize;
use serde_json::Value as Json;

use super::stated::{
    Assessment, Category, Children, Controller, Degree, Explanations, Fallback, JointUse, Measure, Measured, Notice,
    Phase, PostLaunch, Processor, Retention, Rights, Status, Text, Value,
};

/// A value and privacy impact report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub report: Head,
    pub controller: Controller,
    pub processors: Vec<Processor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joint_use: Option<JointUse>,
    pub value: Value,
    pub data_items: Vec<DataItem>,
    pub purposes: Vec<PurposeItem>,
    pub system: System,
    pub flows: Vec<Flow>,
    pub risks: Vec<Risk>,
    pub viewpoints: Vec<Viewpoint>,
    pub accuracy: Accuracy,
    pub fallback: Fallback,
    pub children: Children,
    pub explanations: Explanations,
    pub notices: Vec<Notice>,
    pub assessment: Vec<Assessment>,
    pub post_launch: Vec<PostLaunch>,
    pub rights: Rights,
    pub gaps: Vec<Gap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// `vpia/1`
    pub format: &'static str,
    pub id: Option<String>,
    pub version: Option<String>,
    pub status: Status,
    pub language: [&'static str; 2],
    pub service: Text,
    /// Of the program.
    pub service_version: String,
    pub period: Option<String>,
    /// A day, UTC.
    pub generated_on: String,
    /// SHA-256 of all but this head's day and digest, and `since`.
    pub content_sha256: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct DataItem {
    pub key: String,
    pub label: Text,
    pub category: Option<Category>,
    pub subjects: Vec<String>,
    pub source: Text,
    pub mandatory: Option<bool>,
    pub minimisation_reason: Text,
    /// Whether it is ever written down.
    pub stored: bool,
    pub storage_region: Option<String>,
    pub encryption: Text,
    pub retention: Retention,
    /// Whether the program keeps the term by itself.
    pub retention_enforced: bool,
    pub disposal_method: Text,
}

#[derive(Clone, Debug, Serialize)]
pub struct PurposeItem {
    pub id: String,
    #[serde(flatten)]
    pub purpose: super::stated::Purpose,
}

/// What runs: read, not stated.
#[derive(Clone, Debug, Serialize)]
pub struct System {
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The host of the database where it is another machine.
    pub database_host: Option<String>,
    /// A reviewer has to sign each plugin besides its publisher.
    pub plugins_reviewed: bool,
    pub pack: PackItem,
    pub rails: Vec<String>,
    pub plugins: Vec<PluginItem>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PackItem {
    pub name: String,
    pub version: String,
    pub scope: String,
    pub licence: String,
    pub training_data: String,
    pub liveness: String,
    pub liveness_note: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PluginItem {
    pub id: String,
    pub version: String,
    pub component_sha256: String,
    /// `configuration`, or `data folder` for one that was installed while the hub ran.
    pub from: &'static str,
    pub disabled: Option<String>,
    /// As in `plugins.lock`.
    pub powers: Vec<String>,
}

/// Data that goes from one place to another.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    pub from: String,
    pub to: String,
    pub plugin: Option<String>,
    /// The call or the power that allows it.
    pub capability: String,
    pub purpose: Vec<String>,
    pub data_items: Vec<String>,
    /// Nothing where nobody stated the country.
    pub cross_border: Option<bool>,
    pub recipient: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Risk {
    pub id: String,
    pub phase: Option<Phase>,
    pub viewpoints5: Vec<u8>,
    pub viewpoints10: Vec<u8>,
    pub who: Text,
    pub effect: Text,
    pub likelihood: Option<Degree>,
    pub severity: Option<Degree>,
    pub inherent: Option<Degree>,
    pub countermeasures: Vec<Measure>,
    pub residual: Option<Degree>,
    pub accepted_by: Option<String>,
}

/// A row of the coverage matrix.
#[derive(Clone, Debug, Serialize)]
pub struct Viewpoint {
    /// `5-1` … `5-5`, `10-1` … `10-10`.
    pub id: String,
    pub label: Text,
    /// Parts of the report that answer it.
    pub answered_by: Vec<String>,
    /// Why it needs no answer.
    pub reason: Option<Text>,
}

impl Viewpoint {
    /// Nothing answers it, and nobody said why.
    pub fn is_open(&self) -> bool {
        self.answered_by.is_empty() && self.reason.is_none()
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Accuracy {
    /// At the threshold in use, of the pack's publisher; nothing where there is no curve.
    pub fmr: Option<f64>,
    pub fnmr: Option<f64>,
    pub threshold: f64,
    pub margin: f64,
    pub equal_error_rate: f64,
    pub genuine_pairs: u64,
    pub impostor_pairs: u64,
    pub dataset: String,
    pub pad: Vec<Measured>,
    pub conditions: Vec<Measured>,
    pub by_group: Vec<Measured>,
    pub date: Option<String>,
}

/// Something that is missing or contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// `missing`, `not_enforced`, …: `vpia.gap.<code>` in the catalogue.
    pub code: &'static str,
    /// Where to write it, or what it is about.
    pub path: String,
    pub text: Text,
}

/// What changed since another report.
#[derive(Clone, Debug, Serialize)]
pub struct Since {
    pub version: Option<String>,
    pub generated_on: Option<String>,
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `risks[false_match].residual`
    pub path: String,
    pub before: Option<Json>,
    pub after: Option<Json>,
}

impl Report {
    /// What may be published: measures that are not marked so, and who answers for them, are left out.
    pub fn public(&self) -> Report {
        let mut public = self.clone();
        for risk in &mut public.risks {
            risk.accepted_by = None;
            risk.countermeasures.retain(|measure| measure.published);
            risk.countermeasures.iter_mut().for_each(|measure| measure.owner = None);
        }
        public.since = None;
        public
    }
}
