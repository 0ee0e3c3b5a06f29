//! What is found in a document: where it is, what is wrong, and how to mend it, in English and Japanese.

use std::fmt;

pub use crate::catalogue::Code;
use crate::limits::FINDINGS_MAX;

/// A language that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Japanese.
    Ja,
    /// English.
    En,
}

/// What a finding means for the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is accepted; whoever consents is told.
    Warning,
}

/// One thing that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    code: Code,
    path: String,
    values: Vec<(&'static str, String)>,
}

impl Finding {
    /// Takes the code, the JSON pointer, and the values that the code's message names; a value whose name ends in
    /// `_ja` takes the place of its namesake in Japanese.
    pub(crate) fn new(code: Code, path: impl Into<String>, values: &[(&'static str, &dyn fmt::Display)]) -> Self {
        let values = values.iter().map(|(name, value)| (*name, value.to_string())).collect();
        Self { code, path: path.into(), values }
    }

    /// The stable code as a value.
    pub const fn kind(&self) -> Code {
        self.code
    }

    /// The stable code as text, for example `contract.c5_leg_without_disposal`.
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// The place in the document: a JSON pointer (RFC 6901); empty for the whole document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A value that the message names.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the document is refused because of it.
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is wrong and how to mend it, in one or two sentences.
    pub fn message(&self, language: Language) -> String {
        let mut text = self.code.template(language).to_owned();
        let japanese = self.values.iter().filter_map(|(name, value)| Some((name.strip_suffix("_ja")?, value)));
        let japanese = japanese.filter(|_| language == Language::Ja);
        for (name, value) in japanese.chain(self.values.iter().map(|(name, value)| (*name, value))) {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "/" } else { &self.path };
        write!(f, "{} at {place}: {}", self.code(), self.message(Language::En))
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The findings of one look at a document, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Findings {
    /// Adds a finding once; of each severity the first [`FINDINGS_MAX`] are kept.
    pub(crate) fn add(&mut self, code: Code, path: impl Into<String>, values: &[(&'static str, &dyn fmt::Display)]) {
        let kept = match code.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.len() < FINDINGS_MAX {
            let finding = Finding::new(code, path, values);
            if !kept.contains(&finding) {
                kept.push(finding);
            }
        }
    }

    pub(crate) fn refuses(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Errors first, each kind in the order found.
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.errors.into_iter().chain(self.warnings).collect()
    }
}
