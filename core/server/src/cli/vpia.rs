//! `tebura vpia report`: reads the configuration, the data folder and the model pack, and writes the report and its pages.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tebura_hub::ports::Clock;
use tebura_ledger::instant::rfc3339;

use super::{Failure, Outcome, print};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::messages::{Language, fill, text};
use crate::vpia::read::{Places, read};
use crate::vpia::report::{Change, Report};
use crate::vpia::{build, page};

#[derive(Subcommand)]
pub(super) enum VpiaCommand {
    /// Write vpia.json, the part of it that may be published, and a page in Japanese and in English.
    Report(ReportArguments),
}

#[derive(Args)]
pub(super) struct ReportArguments {
    /// The configuration, with what people state in [privacy].
    #[arg(long, default_value = "tebura.toml")]
    config: PathBuf,
    /// The data folder, for plugins that were installed while the hub ran.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The model pack's folder.
    #[arg(long)]
    pack: Option<PathBuf>,
    /// Where to write.
    #[arg(long, default_value = "vpia")]
    out: PathBuf,
    /// What others say of the report, TOML: [[assessment]].
    #[arg(long)]
    comments: Option<PathBuf>,
    /// An earlier vpia.json: print and record what changed.
    #[arg(long)]
    diff: Option<PathBuf>,
    /// Fail when anything is missing.
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(command: VpiaCommand) -> Outcome {
    let VpiaCommand::Report(arguments) = command;
    let language = Language::of_process();
    let (out, strict) = (arguments.out.clone(), arguments.strict);
    let older = arguments.diff.as_deref().map(read_json).transpose()?;
    let today = rfc3339(SystemClock::default().now()).chars().take(10).collect();
    let places = Places { data: arguments.data, pack: arguments.pack, comments: arguments.comments };
    let report = build(&read(Config::read(&arguments.config)?, places, today)?, older.as_ref())?;
    write(&report, &out, language)?;
    if let Some(since) = &report.since {
        let version = since.version.as_deref().unwrap_or("?");
        let count = since.changes.len().to_string();
        let key = if since.changes.is_empty() { "vpia.no_change" } else { "vpia.change_count" };
        print::line(&fill(language, key, &[("version", version), ("count", &count)]));
        since.changes.iter().for_each(|change| print::line(&shown(change)));
    }
    for gap in &report.gaps {
        let (own, other) = match language {
            Language::Japanese => (&gap.text.ja, &gap.text.en),
            Language::English => (&gap.text.en, &gap.text.ja),
        };
        print::note(&format!("- {}", own.as_ref().or(other.as_ref()).unwrap_or(&gap.path)));
    }
    let summary = match report.gaps.len() {
        0 => text(language, "vpia.no_gaps").to_owned(),
        count => fill(language, "vpia.gap_count", &[("count", &count.to_string())]),
    };
    if strict && !report.gaps.is_empty() {
        return Err(summary.into());
    }
    print::line(&summary);
    Ok(())
}

/// `+ path = value`, `- path`, `~ path: before → after`.
fn shown(change: &Change) -> String {
    match (&change.before, &change.after) {
        (None, Some(after)) => format!("+ {} = {after}", change.path),
        (Some(before), None) => format!("- {} = {before}", change.path),
        (before, after) => {
            let value = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("~ {}: {} → {}", change.path, value(before), value(after))
        }
    }
}

fn read_json(path: &Path) -> Result<serde_json::Value, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let wrong = |error| format!("{} is no JSON ({error}); give --diff a vpia.json", path.display());
    Ok(serde_json::from_str(&text).map_err(wrong)?)
}

fn write(report: &Report, folder: &Path, language: Language) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut files = vec![
        ("vpia.json".to_owned(), serde_json::to_string_pretty(report)? + "\n"),
        ("vpia.public.json".to_owned(), serde_json::to_string_pretty(&report.public())? + "\n"),
    ];
    files.extend(Language::ALL.map(|language| (page::file_name(language), page::page(report, language))));
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(failed)?;
        print::line(&fill(language, "vpia.written", &[("file", &path.display().to_string())]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let change = |before, after| shown(&Change { path: "risks[spoof].residual".to_owned(), before, after });
        assert_eq!(change(None, Some(json!("low"))), "+ risks[spoof].residual = \"low\"");
        assert_eq!(change(Some(json!(1)), None), "- risks[spoof].residual = 1");
        assert_eq!(change(Some(json!(1)), Some(json!(2))), "~ risks[spoof].residual: 1 → 2");
    }
}
