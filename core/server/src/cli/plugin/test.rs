//! `tebura plugin test`: the plugin's own tests, then every event at every step of its component, measured.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;
use tebura_hub::ports::Clock;
use tebura_plugin_host::{Bindings, Most, Plugin, SampleReply, Trial, Workbench, limits, trial, trial_of_identity};

use super::super::{Outcome, print};
use super::{build, manifest_of};
use crate::clock::SystemClock;

/// One line of `replies.json`.
#[derive(Deserialize)]
struct Sample {
    status: u16,
    body: Value,
}

pub(super) fn run(folder: &Path) -> Outcome {
    let (bytes, manifest) = manifest_of(folder)?;
    print::line(&format!("{} {}", manifest.id.0, manifest.version));
    print::line(&format!("  native     {}", native(folder)?));
    let replies = replies(folder)?;
    let built = build::build(folder)?;
    let size = built.component.len();
    let now = SystemClock::default().now();
    let bench = Workbench::open(&bytes, built.component, Bindings::default(), now)?;
    let found = if let Plugin::Rail(rail) = bench.plugin() {
        trial(rail, &replies, now)
    } else if let Plugin::Identity(identity) = bench.plugin() {
        trial_of_identity(identity, &replies, now)
    } else {
        return Err(format!("this program cannot try out a component of {} yet", manifest.world).into());
    };
    let per_command = format!("{} steps of {} commands", print::grouped(found.steps as u64), found.commands);
    print::line(&format!("  component  {per_command}, each twice: {}", verdict(&found)));
    let allowed = manifest.limits;
    row("fuel", &found.fuel, allowed.fuel, "");
    row("memory", &found.memory_bytes, allowed.memory_bytes as u64, " bytes");
    row("time", &found.micros, u64::try_from(allowed.deadline.as_micros()).unwrap_or(u64::MAX), " µs");
    let largest = limits::COMPONENT_BYTES as u64;
    row("size", &Most { value: size as u64, path: "the component".to_owned() }, largest, " bytes");
    if found.findings.is_empty() {
        print::line(&format!("Next: tebura plugin build {}", folder.display()));
        return Ok(());
    }
    let shown: String = found.findings.iter().map(|(path, what)| format!("\n  {path}: {what}")).collect();
    Err(format!("the component breaks rules in {} places:{shown}", found.findings.len()).into())
}

fn verdict(found: &Trial) -> String {
    match found.findings.len() {
        0 => "ok".to_owned(),
        count => format!("{count} FAILED"),
    }
}

/// What the most expensive step took of what the manifest allows.
fn row(name: &str, most: &Most, limit: u64, unit: &str) {
    let share = u128::from(most.value) * 100 / u128::from(limit.max(1));
    let (value, limit) = (print::grouped(most.value), print::grouped(limit));
    print::line(&format!("  {name:<9}  {value:>12} of {limit:>12}{unit} ({share} %), {}", most.path));
}

/// Runs `cargo test` and sums up; on failure all of its output is shown.
fn native(folder: &Path) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let output = Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("cargo cannot be run ({error}); install Rust: https://rustup.rs"))?;
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        print::note(&format!("{text}{errors}"));
        return Err(format!("the tests of {} fail; correct what is said above", folder.display()).into());
    }
    Ok(format!("{} tests passed", passed(&text)))
}

/// The sum of cargo's `test result: ok. 4 passed; …` lines.
fn passed(text: &str) -> u32 {
    let counts =
        text.lines().filter_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next()?.parse::<u32>().ok());
    counts.sum()
}

/// What the far end answers, where the plugin says so.
fn replies(folder: &Path) -> Result<Vec<SampleReply>, String> {
    let path = folder.join("replies.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    let samples: Vec<Sample> = serde_json::from_str(&text)
        .map_err(|error| format!("{}: {error}; write a list of {{\"status\": 201, \"body\": …}}", path.display()))?;
    Ok(samples.into_iter().map(|sample| SampleReply { status: sample.status, body: sample.body.to_string() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_cargos_results_are_summed() {
        let text = "running 3 tests\n...\ntest result: ok. 3 passed; 0 failed; 0 ignored\n\ntest result: ok. 1 passed; 0 failed\n";
        assert_eq!(passed(text), 4);
    }
}
