//! `tebura contract`: checks a hold contract and shows what people will be asked to agree to.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use tebura_contract::{Checked, Finding, Language, Rails, Severity, check};

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
    print::raw(&report(&checked, languages));
    if checked.contract.is_none() {
        let errors = checked.findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
        return Err(format!("{}: refused, {errors} to mend ({errors}か所を直してください)", file.display()).into());
    }
    if rails.is_none() {
        print::note("the rails were not looked at; give --rails FILE (決済手段は確認していません)");
    }
    Ok(())
}

/// What people are asked to agree to, and all findings; of a refused document the findings alone.
fn report(checked: &Checked, languages: Languages) -> String {
    let mut text = String::new();
    for language in languages.each() {
        if let Some(contract) = &checked.contract {
            text.push_str(&contract.consent_text(*language));
            text.push_str(&format!("\n```mermaid\n{}```\n\n", contract.diagram(*language)));
        }
    }
    checked.findings.iter().for_each(|finding| text.push_str(&found(finding, languages)));
    if let Some(contract) = &checked.contract {
        text.push_str(&format!("ok: {}\n", contract.hash()));
    }
    text
}

/// Where, which code, and the message in each language on a line of its own.
fn found(finding: &Finding, languages: Languages) -> String {
    let kind = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = if finding.path().is_empty() { "/" } else { finding.path() };
    let messages: String =
        languages.each().iter().map(|language| format!("  {}\n", finding.message(*language))).collect();
    format!("{kind} {} {place}\n{messages}", finding.code())
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

#[cfg(test)]
mod tests {
    use super::*;

    const TAXI: &str = include_str!("../../../../examples/contracts/taxi-cap/contract.json");

    #[test]
    fn an_accepted_document_is_shown_in_both_languages() {
        let text = report(&check(TAXI, None), Languages::Both);
        let (japanese, english) =
            (text.find("# タクシー上限払い").unwrap(), text.find("# taxi with a maximum fare").unwrap());
        assert!(japanese < english);
        assert_eq!(text.matches("```mermaid\nstateDiagram-v2\n").count(), 2);
        assert!(text.contains("warning contract.w4_may_fall_short /states/ride/on/1/do/fare\n"));
        assert!(text.lines().last().unwrap().starts_with("ok: sha256:"));
        assert!(!report(&check(TAXI, None), Languages::En).contains('円'));
    }

    #[test]
    fn a_refused_document_shows_every_place_to_mend() {
        let broken = TAXI.replace("\"PT3H\"", "\"3 hours\"").replace("5000", "5000.0");
        let text = report(&check(&broken, None), Languages::En);
        let places: Vec<&str> = text.lines().filter(|line| line.starts_with("error ")).collect();
        assert_eq!(
            places,
            ["error contract.c1_not_whole /legs/fare/hold", "error contract.c1_duration /states/ride/by"]
        );
        assert!(!text.contains("mermaid") && !text.contains("ok:"));
    }

    #[test]
    fn rails_are_read_or_the_reason_is_said() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contracts");
        assert!(read_rails(&examples.join("rails.json")).unwrap().contains_key("cbdc"));
        let reason = read_rails(&examples.join("taxi-cap/contract.json")).unwrap_err();
        assert!(reason.contains("give an object of rails by name"), "{reason}");
    }
}
