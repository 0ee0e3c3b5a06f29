//! Checks what a guest makes of a request from outside.

use tebura_hub::notices::{Chargeback, News, Subject};

use super::{Breach, at_most, check_reference, clean_fault, wanted};
use crate::limits;

/// Checks one of the news.
///
/// # Errors
/// [`Breach`]: the first rule that is broken.
pub(crate) fn check_news(news: &News) -> Result<(), Breach> {
    match news {
        News::Progress(subject) => check_subject(subject),
        News::DisputeOpened(dispute) | News::DisputeWon(dispute) | News::DisputeLost(dispute) => check_dispute(dispute),
    }
}

fn check_subject(subject: &Subject) -> Result<(), Breach> {
    match subject {
        Subject::Operation(text) | Subject::Reference(text) => check_reference(text),
    }
}

fn check_dispute(dispute: &Chargeback) -> Result<(), Breach> {
    let Chargeback { id, about, amount, reason, details } = dispute;
    check_reference(id)?;
    check_subject(about)?;
    wanted(amount.is_positive(), "a contested amount", "above zero")?;
    wanted(clean_fault(reason, "").code == *reason, "a reason", "dotted lower-case words")?;
    at_most("a list", "details", details.len(), limits::DETAILS)?;
    details.iter().try_for_each(|(name, value)| {
        at_most("a detail's name", "characters", name.chars().count(), limits::CODE_CHARS)?;
        at_most("a detail", "characters", value.chars().count(), limits::MESSAGE_CHARS)
    })
}
