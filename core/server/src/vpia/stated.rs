//! What only people can say: `[privacy]` of `tebura.toml`, and the file with comments of others.
//!
//! Everything may be left out; what is left out is a gap of the report and never a default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A text in both languages; what nobody wrote is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Text {
    pub ja: Option<String>,
    pub en: Option<String>,
}

/// How far a report has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Draft,
    Assessed,
    Published,
    Superseded,
}

/// `[privacy]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// The report's name among reports of other services: `asaichi-face-payment`.
    pub id: Option<String>,
    /// Of the report; raised whenever its content changes.
    pub version: Option<String>,
    pub status: Status,
    pub service: Text,
    /// `2026-04-01/2027-03-31`
    pub period: Option<String>,
    /// Where the data folder and the database are: ISO 3166, two letters.
    pub region: Option<String>,
    /// Whether the hub refuses to run with data, processors or plugins' far ends outside the region.
    pub keep_in_region: bool,
    pub controller: Controller,
    pub processors: Vec<Processor>,
    pub joint_use: Option<JointUse>,
    pub value: Value,
    /// By the item's key; the hub's own items are there without it.
    pub data: BTreeMap<String, DataStated>,
    pub purposes: BTreeMap<String, Purpose>,
    /// Who is behind a plugin's endpoint, by `plugin/endpoint`.
    pub recipients: BTreeMap<String, Recipient>,
    /// By the risk's id; the software's own risks are there without it.
    pub risks: BTreeMap<String, RiskStated>,
    /// Why a viewpoint needs no entry, by its number: `5-5`, `10-8`.
    pub viewpoints: BTreeMap<String, Text>,
    pub accuracy: AccuracyStated,
    pub fallback: Fallback,
    pub children: Children,
    /// For whom the service is explained, before consent.
    pub explanations: Explanations,
    pub notices: Vec<Notice>,
    pub post_launch: Vec<PostLaunch>,
    pub rights: Rights,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ControllerType {
    Private,
    Municipality,
    Hospital,
}

/// Who answers for the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Controller {
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<ControllerType>,
    pub address: Option<String>,
    pub representative: Option<String>,
    pub contact: Option<String>,
    pub dpo: Option<String>,
}

/// Somebody who works on the data for the controller.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Processor {
    pub name: Option<String>,
    pub task: Option<String>,
    pub region: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JointUse {
    pub items: Vec<String>,
    pub scope: Option<String>,
    pub purposes: Vec<String>,
    pub responsible: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Value {
    pub individual: Vec<Text>,
    pub society: Vec<Text>,
    pub alternatives_considered: Vec<Text>,
    pub necessity_of_face: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    IdentificationCode,
    Basic,
    Financial,
    Sensitive,
    Behaviour,
}

/// What people say of a data item. All but `retention` and `minimisation` is for items that the hub does not know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataStated {
    pub label: Text,
    pub category: Option<Category>,
    pub subjects: Vec<String>,
    pub source: Text,
    pub mandatory: Option<bool>,
    pub minimisation: Text,
    pub encryption: Text,
    pub disposal: Text,
    pub region: Option<String>,
    pub retention: Option<Retention>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    pub period: Option<String>,
    pub trigger: Option<String>,
    pub basis: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Purpose {
    pub text: Text,
    pub legal_basis: Option<String>,
    pub consent_required: Option<bool>,
    pub data_items: Vec<String>,
    pub recipients: Vec<String>,
    /// The text says that faces are identified.
    pub face_use_stated: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipient {
    pub name: Option<String>,
    pub country: Option<String>,
    pub purpose: Option<String>,
}

/// A phase in the life of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Acquire,
    Store,
    Process,
    Dispose,
}

/// How much, or how likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Degree {
    Low,
    Medium,
    High,
}

/// A risk of the operator's own, or what the operator says of one that the software knows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RiskStated {
    pub phase: Option<Phase>,
    pub viewpoints5: Vec<u8>,
    pub viewpoints10: Vec<u8>,
    pub who: Text,
    pub effect: Text,
    pub likelihood: Option<Degree>,
    pub severity: Option<Degree>,
    pub inherent: Option<Degree>,
    pub residual: Option<Degree>,
    pub accepted_by: Option<String>,
    /// Answers for every measure that names nobody.
    pub owner: Option<String>,
    pub measures: Vec<Measure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasureKind {
    Technical,
    Operational,
    Information,
}

/// What is done against a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub text: Text,
    pub kind: MeasureKind,
    #[serde(default)]
    pub owner: Option<String>,
    #[serde(default)]
    pub evidence_ref: Option<String>,
    #[serde(default)]
    pub test_ref: Option<String>,
    #[serde(default)]
    pub published: bool,
}

/// What the operator measured with its own cameras and people.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccuracyStated {
    /// Share of attacks that were refused, by kind.
    pub pad: Vec<Measured>,
    /// With mask, with glasses, in the evening.
    pub conditions: Vec<Measured>,
    /// By age band or sex.
    pub by_group: Vec<Measured>,
    pub date: Option<String>,
}

/// A figure with what it was measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub name: String,
    pub fmr: Option<f64>,
    pub fnmr: Option<f64>,
    /// Share of attacks that were refused.
    pub refused: Option<f64>,
    /// How many people or attempts.
    pub count: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fallback {
    pub non_face_path: Text,
    pub equal_treatment: Text,
    pub error_remedy: Text,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Children {
    pub guardian_consent: Text,
    pub age_rule: Text,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Explanations {
    pub child: Text,
    pub elder: Text,
    pub visitor: Text,
    pub disabled: Text,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notice {
    pub place: Option<String>,
    pub text: Text,
    pub icon: Option<String>,
    /// What the cameras there are for.
    pub class: Option<CameraClass>,
    /// Whether they tell who somebody is.
    pub identifies: Option<bool>,
    /// Since when people could read that they will be there: `2026-03-01`.
    pub announced: Option<String>,
    /// Since when they look.
    pub since: Option<String>,
}

/// Purposes of cameras, as the guidebook on using camera images tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraClass {
    CrimePrevention,
    Commercial,
    DisasterPublic,
    Other,
}

impl CameraClass {
    pub fn word(self) -> &'static str {
        match self {
            Self::CrimePrevention => "crime-prevention",
            Self::Commercial => "commercial",
            Self::DisasterPublic => "disaster-public",
            Self::Other => "other",
        }
    }
}

/// A look back after the launch, planned or done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostLaunch {
    /// `2026-10-01`
    pub due: Option<String>,
    pub done: Option<String>,
    pub metrics: Vec<String>,
    pub incidents: Vec<String>,
    pub changes: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rights {
    pub channels: Vec<String>,
    pub identity_check: Option<String>,
    pub sla_days: Option<u32>,
    pub fees: Option<String>,
}

/// The file that `--comments` names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comments {
    #[serde(default)]
    pub assessment: Vec<Assessment>,
}

/// What somebody else thinks of the report.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assessment {
    pub assessor: Option<String>,
    /// What ties the assessor to the operator, or that nothing does.
    pub independence: Option<String>,
    pub date: Option<String>,
    /// Of the report that was read.
    pub version: Option<String>,
    pub comments: Vec<Comment>,
    pub overall: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Comment {
    pub text: Option<String>,
    /// The operator's answer.
    pub response: Option<String>,
    /// Whether something was changed for it.
    pub changed: bool,
}
