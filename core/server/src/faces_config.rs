//! `[faces]` of the configuration: how many false identifications the operator accepts, for all and for single tills.
//!
//! Services say their own in their files. Absent: the arithmetic.

use std::collections::BTreeMap;

use serde::Deserialize;
use tebura_face::{BudgetError, FalseMatchBudget};
use tebura_hub::Hub;
use tebura_hub::budgets::{Budgets, Searcher};
use tebura_hub::ids::TillId;
use tebura_hub::ports::ReadError;

const HOUR_MS: i64 = 3_600_000;
/// Two weeks: somebody who withdraws stays at a terminal no longer than that.
const MOST_OFFLINE_HOURS: u16 = 336;

/// What an operator writes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FacesConfig {
    /// Per transaction, above 0 and below 1; the pack's own threshold when it is left out.
    false_match_rate: Option<f64>,
    /// Of single tills, by their ids.
    tills: BTreeMap<String, f64>,
    /// How long a terminal may recognise people without a network, 1 to 336; 72 when it is left out.
    offline_hours: Option<u16>,
}

/// Why faces are not searched as configured.
#[derive(Debug, thiserror::Error)]
pub enum FacesConfigError {
    /// A rate is none, the pack was not measured, or a gallery is too large for it.
    #[error("[faces] {field}: {error}")]
    Budget {
        /// Where.
        field: String,
        /// What is wrong.
        error: BudgetError,
    },
    /// Too short or too long to be without the hub.
    #[error("[faces] offline_hours is {0}; write 1 to {MOST_OFFLINE_HOURS}")]
    OfflineHours(u16),
    /// No such till.
    #[error("[faces.tills] {0}: there is no such till; write the id of one, till_…")]
    Till(String),
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl FacesConfig {
    /// Gives the rates to a hub and holds them against its pack and its galleries as they are now. Returns what to log.
    ///
    /// # Errors
    /// The first rate, till or gallery that cannot be.
    pub async fn configure(&self, hub: &Hub) -> Result<Vec<String>, FacesConfigError> {
        let rate = |field: &str, rate: f64| {
            FalseMatchBudget::new(rate).map_err(|error| FacesConfigError::Budget { field: field.to_owned(), error })
        };
        let default = self.false_match_rate.map(|given| rate("false_match_rate", given)).transpose()?;
        let mut budgets = Budgets { default, tills: BTreeMap::new() };
        let mut tills = Vec::new();
        for (id, given) in &self.tills {
            let till: TillId = id.parse().map_err(|_| FacesConfigError::Till(id.clone()))?;
            let till = hub.store().till(till).await?.ok_or_else(|| FacesConfigError::Till(id.clone()))?;
            budgets.tills.insert(till.id, rate(&format!("tills.{id}"), *given)?);
            tills.push(till);
        }
        let is_any = budgets.default.is_some() || !budgets.tills.is_empty();
        let curve = hub.pack().curve.clone();
        if is_any && curve.is_none() {
            let field = if default.is_some() { "false_match_rate" } else { "tills" }.to_owned();
            return Err(FacesConfigError::Budget { field, error: BudgetError::NoCurve });
        }
        if let Some(hours) = self.offline_hours {
            if !(1..=MOST_OFFLINE_HOURS).contains(&hours) {
                return Err(FacesConfigError::OfflineHours(hours));
            }
            hub.set_bundle_life(i64::from(hours) * HOUR_MS);
        }
        hub.set_budgets(budgets);
        for till in &tills {
            hub.check_search(Searcher::Till(till.id), till.gallery)
                .map_err(|error| FacesConfigError::Budget { field: format!("tills.{}", till.id), error })?;
        }
        Ok(match (default, curve) {
            (Some(budget), Some(curve)) => vec![format!(
                "faces: {} false identifications per transaction are accepted; this pack allows at most {} templates in a gallery",
                budget.rate(),
                curve.largest_gallery(budget)
            )],
            (None, Some(_)) => vec![
                "faces: [faces] false_match_rate is not set; galleries are searched at the pack's own threshold, whatever their size"
                    .to_owned(),
            ],
            (_, None) => vec![
                "faces: the pack was not measured; its own threshold is used and nobody can say how often it is wrong".to_owned(),
            ],
        })
    }

    /// What a pack allows at the rates of the file, a line each.
    pub fn shown(&self, curve: &tebura_face::MeasuredCurve) -> Vec<String> {
        let named = self.false_match_rate.iter().map(|rate| ("false_match_rate".to_owned(), *rate));
        let tills = self.tills.iter().map(|(till, rate)| (format!("tills.{till}"), *rate));
        let line = |(field, rate): (String, f64)| match FalseMatchBudget::new(rate) {
            Ok(budget) => format!("{field} = {rate}: at most {} templates in a gallery", curve.largest_gallery(budget)),
            Err(error) => format!("{field}: WRONG: {error}"),
        };
        named.chain(tills).map(line).collect()
    }
}
