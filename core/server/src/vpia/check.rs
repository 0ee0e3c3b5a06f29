//! What is wrong, not merely missing, in what people stated.

use super::VpiaError;
use super::stated::Privacy;

pub(super) fn stated(privacy: &Privacy) -> Result<(), VpiaError> {
    for (at, look) in privacy.post_launch.iter().enumerate() {
        for (name, value) in [("due", &look.due), ("done", &look.done)] {
            if let Some(value) = value.as_ref().filter(|value| !is_day(value)) {
                let path = format!("privacy.post_launch[{at}].{name}");
                return Err(VpiaError::NoDay { path, value: value.clone() });
            }
        }
    }
    for (risk, stated) in &privacy.risks {
        let wrong = |numbers: &[u8], most| numbers.iter().copied().find(|number| !(1..=most).contains(number));
        if let Some(number) = wrong(&stated.viewpoints5, 5).or_else(|| wrong(&stated.viewpoints10, 10)) {
            return Err(VpiaError::NoViewpoint { risk: risk.clone(), number });
        }
    }
    match privacy.viewpoints.keys().find(|key| !super::views::ids().any(|id| id == **key)) {
        Some(key) => Err(VpiaError::NoViewpointKey { key: key.clone() }),
        None => Ok(()),
    }
}

/// `2026-04-01`; days compare like their texts.
fn is_day(text: &str) -> bool {
    text.len() == 10 && tebura_ledger::instant::parse_rfc3339(&format!("{text}T00:00:00Z")).is_some()
}
