//! What a service's plugin finds wrong with an instance's settings, beyond their schema: asked in the sandbox when the settings
//! are set, under the limits of any step.
//!
//! The question is an event without a state, which no request has: a component that does not know it cannot read the state,
//! says so, and finds nothing. Of the answer nothing happens but that people read it. Absent: where in a file a place is.

use serde::Deserialize;
use tebura_ledger::Timestamp;

use super::instance::ServiceInstance;
use super::step::{ServiceCall, ServiceEvent, ServiceNext};
use crate::rail::RailError;

/// The message's name, and the word of the call in logs.
const SETTINGS: &str = "settings";
/// Faults told at a time.
const MAX_FAULTS: usize = 20;
/// Characters of a text.
const MAX_CHARS: usize = 600;
/// Bytes of an answer.
const MAX_ANSWER: usize = 128 * 1024;

/// One thing that is wrong with settings, as the plugin says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// JSON Pointer within the settings.
    pub pointer: String,
    /// The plugin's word.
    pub code: String,
    /// In Japanese: one line, read after the name of the field.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// Why a plugin found nothing and nothing wrong either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsUnchecked {
    /// It may not run now; it is asked when it may.
    #[error("{reason}")]
    Away { reason: String },
    /// The sandbox is busy, or the plugin failed while it looked.
    #[error("{reason}")]
    Failed { reason: String },
}

#[derive(Deserialize)]
struct Answer {
    faults: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    pointer: String,
    code: String,
    ja: String,
    en: String,
}

impl ServiceInstance {
    /// What the plugin finds wrong with the settings, in its own order, at most 20.
    ///
    /// # Errors
    /// [`SettingsUnchecked`].
    pub async fn own_faults(&self, now: Timestamp) -> Result<Vec<SettingsFault>, SettingsUnchecked> {
        let call = ServiceCall {
            id: SETTINGS.to_owned(),
            service: self.id().to_owned(),
            now,
            action: SETTINGS.to_owned(),
            settings: self.settings.clone(),
            subject: None,
            recognised_by: Vec::new(),
            claims: Vec::new(),
            input: "{}".to_owned(),
            attributes: Vec::new(),
        };
        let event = ServiceEvent::Message { name: SETTINGS.to_owned(), input: "{}".to_owned() };
        match self.plugin().resume(&call, &[], &event).await {
            Ok(step) => match step.next {
                ServiceNext::Done { output } => read(&output),
                ServiceNext::Fail(_) => Ok(Vec::new()),
                ServiceNext::Call(_) | ServiceNext::Ledger(_) | ServiceNext::Wait { .. } => Err(unreadable()),
            },
            // It does not know the question.
            Err(RailError::Fault(_)) => Ok(Vec::new()),
            Err(error @ (RailError::Revoked { .. } | RailError::Stopped { .. })) => {
                Err(SettingsUnchecked::Away { reason: error.to_string() })
            }
            Err(error @ (RailError::Trapped { .. } | RailError::Busy { .. })) => {
                Err(SettingsUnchecked::Failed { reason: error.to_string() })
            }
        }
    }
}

fn unreadable() -> SettingsUnchecked {
    let reason = "its answer is not a list of faults with pointer, code, ja and en".to_owned();
    SettingsUnchecked::Failed { reason }
}

fn read(output: &str) -> Result<Vec<SettingsFault>, SettingsUnchecked> {
    let answer = (output.len() <= MAX_ANSWER).then(|| serde_json::from_str::<Answer>(output).ok()).flatten();
    let faults = answer.ok_or_else(unreadable)?.faults.into_iter().take(MAX_FAULTS);
    Ok(faults.map(SettingsFault::from).collect())
}

impl From<Told> for SettingsFault {
    fn from(told: Told) -> Self {
        let is_place = told.pointer.is_empty() || told.pointer.starts_with('/');
        let pointer = if is_place { one_line(&told.pointer) } else { String::new() };
        SettingsFault { pointer, code: one_line(&told.code), ja: one_line(&told.ja), en: one_line(&told.en) }
    }
}

/// What goes to a terminal and a log, without what would move about in them.
fn one_line(text: &str) -> String {
    text.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
