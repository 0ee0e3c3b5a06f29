//! One thing that is wrong with a service's file: where, and what to write, in both languages.

use serde::{Deserialize, Serialize};
use tebura_hub::services::{HoursProblem, InstanceProblem, SchemaProblem, SettingsFault};
use tebura_plugin_host::TomlLines;

use crate::messages::{Language, fill};

/// As it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The service.
    pub service: String,
    /// From 1.
    pub line: usize,
    /// `settings.price.child`; empty: the file as a whole.
    pub field: String,
    /// In Japanese, file and line included.
    pub ja: String,
    /// In English.
    pub en: String,
}

impl Told {
    /// In one language.
    pub fn said(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.ja,
            Language::English => &self.en,
        }
    }
}

/// Before it is put into words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// JSON Pointer within the file.
    pub(super) pointer: String,
    /// `config.service.<key>` of the catalogue.
    key: &'static str,
    /// Marks with their values, English and Japanese.
    values: Vec<(&'static str, [String; 2])>,
}

impl Wrong {
    pub(super) fn new(pointer: impl Into<String>, key: &'static str) -> Wrong {
        Wrong { pointer: pointer.into(), key, values: Vec::new() }
    }

    pub(super) fn with(self, mark: &'static str, value: impl ToString) -> Wrong {
        let value = value.to_string();
        self.with_both(mark, [value.clone(), value])
    }

    fn with_both(mut self, mark: &'static str, values: [String; 2]) -> Wrong {
        self.values.push((mark, values));
        self
    }

    /// What a schema finds.
    pub(super) fn of_schema(at: &str, found: &SchemaProblem) -> Wrong {
        let key = match found.what.as_str() {
            "is missing" => "setting_missing",
            "is not known here" => "setting_unknown",
            _ => "setting_refused",
        };
        let wanted = [found.wanted.clone(), found.wanted_ja.clone()];
        Wrong::new(format!("{at}{}", found.pointer), key).with_both("wanted", wanted)
    }

    /// What the plugin itself finds wrong with its settings, in its own words.
    pub(super) fn of_fault(fault: &SettingsFault) -> Wrong {
        let words = [fault.en.clone(), fault.ja.clone()];
        Wrong::new(format!("/settings{}", fault.pointer), "setting_fault")
            .with_both("why", words)
            .with("code", &fault.code)
    }

    /// What is wrong with hours.
    pub(super) fn of_hours(problem: &HoursProblem) -> Wrong {
        let at = format!("/hours{}", problem.pointer());
        match problem {
            HoursProblem::Zone { found } => Wrong::new(at, "zone").with("found", found),
            HoursProblem::Never => Wrong::new(at, "never"),
            HoursProblem::Day { found, .. } => Wrong::new(at, "day").with("found", found),
            HoursProblem::Time { found, .. } => Wrong::new(at, "time").with("found", found),
            HoursProblem::Backwards { from, to, .. } => Wrong::new(at, "backwards").with("from", from).with("to", to),
            HoursProblem::Overlap { day, .. } => Wrong::new(at, "overlap").with("day", day),
            HoursProblem::Closed { found, .. } => Wrong::new(at, "closed").with("found", found),
        }
    }

    /// What an instance does not take.
    pub(super) fn of_instance(problem: &InstanceProblem) -> Wrong {
        let at = problem.pointer();
        match problem {
            InstanceProblem::Id { id } => Wrong::new("", "id").with("found", id),
            InstanceProblem::Schema { what, error } => Wrong::new(at, "schema").with("of", what).with("why", error),
            InstanceProblem::Settings(found) => Wrong::of_schema("/settings", found),
            InstanceProblem::PayeeMissing { handle } => Wrong::new(at, "payee_missing").with("handle", handle),
            InstanceProblem::PayeeUnknown { handle, known } => {
                Wrong::new(at, "payee_unknown").with("handle", handle).with("known", known)
            }
            InstanceProblem::GalleryMissing { handle } => Wrong::new(at, "gallery_missing").with("handle", handle),
            InstanceProblem::GalleryUnknown { handle, known } => {
                Wrong::new(at, "gallery_unknown").with("handle", handle).with("known", known)
            }
            InstanceProblem::CapMissing { cap } => Wrong::new(at, "cap").with("found", cap),
            InstanceProblem::PinLimit { pin_above, cap } => {
                Wrong::new(at, "pin_above").with("found", pin_above).with("cap", cap)
            }
            InstanceProblem::AttestedUnknown { name, known } => {
                Wrong::new(at, "attested").with("name", name).with("known", known)
            }
            InstanceProblem::ActionUnknown { name, known, .. } => {
                Wrong::new(at, "action").with("name", name).with("known", known)
            }
            InstanceProblem::Fallback { action, problem } => Wrong::of_schema(&format!("/fallback/{action}"), problem),
            InstanceProblem::KeepDays { days } => Wrong::new(at, "keep_days").with("found", days),
        }
    }

    /// `services/north-park.toml line 12: settings.price is missing; write …`.
    pub(super) fn told(&self, service: &str, lines: &TomlLines, line: Option<usize>) -> Told {
        let line = line.or_else(|| lines.line(&self.pointer)).unwrap_or(1);
        let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
        let field: Vec<String> = self.pointer.split('/').skip(1).map(unescaped).collect();
        let field = field.join(".");
        let said = |language: Language| {
            let own = usize::from(language == Language::Japanese);
            let values: Vec<(&str, &str)> =
                self.values.iter().map(|(mark, values)| (*mark, values[own].as_str())).collect();
            let what = fill(language, &format!("config.service.{}", self.key), &values);
            let number = line.to_string();
            let values = [("service", service), ("line", &number), ("field", &field), ("what", &what)];
            fill(language, "config.service.at", &values)
        };
        let (ja, en) = (said(Language::Japanese), said(Language::English));
        Told { service: service.to_owned(), line, field, ja, en }
    }
}
