//! The value and privacy impact report: what the hub's configuration, plugins and model pack say by themselves, what
//! people have stated, and what is missing. Nothing is invented: a value that nobody gave is a gap that is listed.
//!
//! Absent: enforcing anything.

#![expect(
    missing_docs,
    reason = "types and verbs are documented; a field or an error variant whose name and text say it all is not"
)]

mod check;
mod diff;
mod flows;
mod gaps;
mod items;
mod known;
pub mod page;
pub mod read;
pub mod report;
pub mod stated;
mod views;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tebura_face_engine::PackFacts;
use tebura_plugin_host::{Manifest, capabilities};

use crate::messages::{Language, find};
use gaps::Gaps;
use report::{Accuracy, Head, PackItem, PluginItem, Report, System};
pub use stated::Privacy;
use stated::{Comments, Status, Text};

/// What the report is made from.
#[derive(Clone, Debug)]
pub struct Sources {
    pub privacy: Privacy,
    pub comments: Comments,
    pub program_version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub database_host: Option<String>,
    pub plugins_reviewed: bool,
    pub pack: PackFacts,
    pub rails: Vec<String>,
    pub plugins: Vec<PluginSource>,
    /// A day, `2026-04-01`.
    pub today: String,
}

/// A plugin that runs, or was approved to run.
#[derive(Clone, Debug)]
pub struct PluginSource {
    pub manifest: Manifest,
    /// SHA-256 of the component, hexadecimal.
    pub component: String,
    pub from: &'static str,
    pub disabled: Option<String>,
    /// Addresses by the manifest's handle.
    pub origins: BTreeMap<String, String>,
}

/// Why there is no report. The order is the order of the checks.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VpiaError {
    #[error("{path} = {value:?} is no day; write it like 2026-04-01")]
    NoDay { path: String, value: String },
    #[error("privacy.risks.{risk}: there is no viewpoint {number}; viewpoints5 takes 1 to 5, viewpoints10 1 to 10")]
    NoViewpoint { risk: String, number: u8 },
    #[error("privacy.viewpoints.{key}: there is no such viewpoint; write 5-1 to 5-5 or 10-1 to 10-10")]
    NoViewpointKey { key: String },
    #[error("the other report is not of format vpia/1; give --diff a vpia.json that this command wrote")]
    OtherFormat,
    /// The tables of viewpoints have empty rows.
    #[error(
        "a report that is no draft has to answer every viewpoint; nothing answers {}. Answer them, give the reason \
         in [privacy.viewpoints], or set status = \"draft\"",
        .open.join(", ")
    )]
    NotCovered { open: Vec<String> },
    #[error("the report cannot be written as JSON: {0}")]
    Json(String),
}

impl VpiaError {
    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            VpiaError::NoDay { .. } => "vpia.no_day",
            VpiaError::NoViewpoint { .. } => "vpia.no_viewpoint",
            VpiaError::NoViewpointKey { .. } => "vpia.no_viewpoint_key",
            VpiaError::OtherFormat => "vpia.other_format",
            VpiaError::NotCovered { .. } => "vpia.not_covered",
            VpiaError::Json(_) => "vpia.json",
        }
    }
}

/// Makes the report; `older` is the report that it is compared with.
///
/// # Errors
/// [`VpiaError`] in the order of its variants. What is merely missing is in [`Report::gaps`].
pub fn build(sources: &Sources, older: Option<&Json>) -> Result<Report, VpiaError> {
    let privacy = &sources.privacy;
    check::stated(privacy)?;
    if older.is_some_and(|older| older["report"]["format"] != FORMAT) {
        return Err(VpiaError::OtherFormat);
    }
    let mut gaps = Gaps::default();
    let report = Report {
        report: head(sources, &mut gaps),
        controller: gaps.controller(&privacy.controller),
        processors: privacy.processors.clone(),
        joint_use: gaps.joint_use(privacy),
        value: gaps.value(&privacy.value),
        data_items: items::data_items(privacy, &mut gaps),
        purposes: items::purposes(privacy, &mut gaps),
        system: system(sources),
        flows: flows::flows(sources, &mut gaps),
        risks: items::risks(privacy, &mut gaps),
        viewpoints: Vec::new(),
        accuracy: accuracy(sources, &mut gaps),
        fallback: gaps.fallback(&privacy.fallback),
        children: gaps.children(&privacy.children),
        explanations: gaps.explanations(&privacy.explanations),
        notices: gaps.notices(&privacy.notices),
        assessment: gaps.assessments(&sources.comments.assessment, privacy.version.as_deref()),
        post_launch: gaps.post_launch(&privacy.post_launch, &sources.today),
        rights: gaps.rights(&privacy.rights),
        gaps: Vec::new(),
        since: None,
    };
    finish(report, gaps, sources, older)
}

const FORMAT: &str = "vpia/1";

/// Adds what needs all the rest: viewpoints, gaps, digest, differences.
fn finish(mut report: Report, mut gaps: Gaps, sources: &Sources, older: Option<&Json>) -> Result<Report, VpiaError> {
    report.viewpoints = views::viewpoints(&report, &sources.privacy.viewpoints);
    let open: Vec<String> = report.viewpoints.iter().filter(|row| row.is_open()).map(|row| row.id.clone()).collect();
    if sources.privacy.status != Status::Draft && !open.is_empty() {
        return Err(VpiaError::NotCovered { open });
    }
    for id in &open {
        gaps.add("viewpoint_open", &format!("privacy.viewpoints.{id}"), &[("view", id)]);
    }
    report.gaps = gaps.into_list();
    let failed = |error: serde_json::Error| VpiaError::Json(error.to_string());
    let today = std::mem::take(&mut report.report.generated_on);
    let content = serde_json::to_vec(&report).map_err(failed)?;
    report.report.content_sha256 = crate::hex::encode(&Sha256::digest(&content));
    report.report.generated_on = today;
    if let Some(older) = older {
        let since = diff::since(older, &serde_json::to_value(&report).map_err(failed)?);
        if !since.changes.is_empty() && since.version == report.report.version {
            let version = since.version.clone().unwrap_or_default();
            report.gaps.push(gaps::gap("version_not_raised", "privacy.version", &[("version", &version)]));
        }
        report.since = Some(since);
    }
    Ok(report)
}

fn head(sources: &Sources, gaps: &mut Gaps) -> Head {
    let privacy = &sources.privacy;
    gaps.word("privacy.id", privacy.id.as_ref());
    gaps.word("privacy.version", privacy.version.as_ref());
    gaps.text("privacy.service", &privacy.service);
    gaps.word("privacy.period", privacy.period.as_ref());
    gaps.word("privacy.region", privacy.region.as_ref());
    Head {
        format: FORMAT,
        id: privacy.id.clone(),
        version: privacy.version.clone(),
        status: privacy.status,
        language: ["ja", "en"],
        service: privacy.service.clone(),
        service_version: sources.program_version.clone(),
        period: privacy.period.clone(),
        generated_on: sources.today.clone(),
        content_sha256: String::new(),
    }
}

fn system(sources: &Sources) -> System {
    let pack = &sources.pack;
    let plugin = |plugin: &PluginSource| PluginItem {
        id: plugin.manifest.id.0.clone(),
        version: plugin.manifest.version.clone(),
        component_sha256: plugin.component.clone(),
        from: plugin.from,
        disabled: plugin.disabled.clone(),
        powers: capabilities(&plugin.manifest),
    };
    System {
        database: sources.database.clone(),
        database_host: sources.database_host.clone(),
        plugins_reviewed: sources.plugins_reviewed,
        pack: PackItem {
            name: pack.name.clone(),
            version: pack.version.clone(),
            scope: pack.scope.word().to_owned(),
            licence: pack.licence.clone(),
            training_data: pack.training_data.clone(),
            liveness: pack.liveness.to_owned(),
            liveness_note: pack.liveness_note.clone(),
        },
        rails: sources.rails.clone(),
        plugins: sources.plugins.iter().map(plugin).collect(),
    }
}

fn accuracy(sources: &Sources, gaps: &mut Gaps) -> Accuracy {
    let (stated, pack, rates) = (&sources.privacy.accuracy, &sources.pack, &sources.pack.rates);
    let in_use = rates.in_use();
    for (path, measured) in [
        ("accuracy.fmr", in_use.is_some()),
        ("privacy.accuracy.pad", !stated.pad.is_empty()),
        ("privacy.accuracy.conditions", !stated.conditions.is_empty()),
        ("privacy.accuracy.by_group", !stated.by_group.is_empty()),
    ] {
        if !measured {
            gaps.add("unmeasured", path, &[]);
        }
    }
    if pack.scope == tebura_face::Scope::DrawnFacesOnly {
        gaps.add("drawings_only", "system.pack", &[("pack", &pack.name)]);
    }
    if pack.liveness != "model" {
        gaps.add("no_liveness", "system.pack.liveness", &[("claim", pack.liveness)]);
    }
    Accuracy {
        fmr: in_use.map(|point| written(point.fmr)),
        fnmr: in_use.map(|point| written(point.fnmr)),
        threshold: written(rates.identify),
        margin: written(rates.margin),
        equal_error_rate: written(rates.equal_error_rate),
        genuine_pairs: rates.genuine_pairs,
        impostor_pairs: rates.impostor_pairs,
        dataset: rates.measured_on.clone(),
        pad: stated.pad.clone(),
        conditions: stated.conditions.clone(),
        by_group: stated.by_group.clone(),
        date: stated.date.clone(),
    }
}

/// The number that a person wrote: 0.669, not 0.6690000295639038, so that a report that was read again compares equal.
fn written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// A text of the catalogue in both languages.
fn both(key: &str) -> Text {
    let own = |language| find(language, key).map(str::to_owned);
    Text { ja: own(Language::Japanese), en: own(Language::English) }
}
