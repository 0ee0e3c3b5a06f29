//! `tebura contract`: checks a hold contract and shows what people will be asked to agree to.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use tebura_contract::{Contract, Finding, Language, Rails, Severity, check};

use super::{Outcome, print};

#[derive(Subcommand)]
pub(super) enum ContractCommand {
    /// Check a document; print what is wrong, or the consent table and the diagram of its graph.
    Check {
        /// The document, JSON; `-` reads standard input.
        file: PathBuf,
        /// What the rails of a hub can do, JSON; without it the rails are not looked at.
        #[arg(long)]
        rails: Option<PathBuf>,
        /// The language of what is printed.
        #[arg(long, default_value = "both")]
        language: Languages,
    },
}

/// The languages that are printed, in their order.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Languages {
    Ja,
    En,
    Both,
}

impl Languages {
    const fn each(self) -> &'static [Language] {
        match self {
            Self::Ja => &[Language::Ja],
            Self::En => &[Language::En],
            Self::Both => &[Language::Ja, Language::En],
        }
    }
}

pub(super) fn run(command: ContractCommand) -> Outcome {
    match command {
        ContractCommand::Check { file, rails, language } => check_file(&file, rails.as_deref(), language),
    }
}

fn check_file(file: &Path, rails: Option<&Path>, languages: Languages) -> Outcome {
    let text = read(file)?;
    let rails = rails.map(read_rails).transpose()?;
    let checked = check(&text, rails.as_ref());
    match checked.contract {
        Some(contract) => {
            show(&contract, &checked.findings, languages);
            if rails.is_none() {
                print::note("the rails were not looked at; give --rails FILE (決済手段は確認していません)");
            }
            Ok(())
        }
        None => {
            let errors = checked.findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
            checked.findings.iter().for_each(|finding| show_finding(finding, languages));
            Err(format!("{}: refused, {errors} to mend ({errors}か所を直してください)", file.display()).into())
        }
    }
}

fn show(contract: &Contract, findings: &[Finding], languages: Languages) {
    for language in languages.each() {
        print::raw(&contract.consent_text(*language));
        print::raw(&format!("\n```mermaid\n{}```\n\n", contract.diagram(*language)));
    }
    findings.iter().for_each(|finding| show_finding(finding, languages));
    print::line(&format!("ok: {}", contract.hash()));
}

/// Where, which code, and the message in each language on a line of its own.
fn show_finding(finding: &Finding, languages: Languages) {
    let kind = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = if finding.path().is_empty() { "/" } else { finding.path() };
    print::line(&format!("{kind} {} {place}", finding.code()));
    for language in languages.each() {
        print::line(&format!("  {}", finding.message(*language)));
    }
}

fn read(file: &Path) -> Result<String, String> {
    let text =
        if file == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) };
    text.map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

fn read_rails(file: &Path) -> Result<Rails, String> {
    serde_json::from_str(&read(file)?).map_err(|error| {
        format!("{}: {error}; give an object of rails by name, such as examples/contracts/rails.json", file.display())
    })
}
