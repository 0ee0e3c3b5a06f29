//! How near a face has to be in a gallery, and how that follows from what the operator accepts.

use serde::{Deserialize, Serialize};
use tebura_hub::budgets::{SearchRule, SearchShown};
use utoipa::ToSchema;

/// How a gallery is searched now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchBody {
    /// The gallery.
    pub gallery: String,
    /// Templates that a face is compared with there now.
    pub templates: u64,
    /// False identifications per transaction that the operator accepts; left out: the pack's own threshold is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.01)]
    pub false_match_rate: Option<f64>,
    /// The least similarity of a match; left out when nobody is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.639)]
    pub threshold: Option<f32>,
    /// The least lead over the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.03)]
    pub margin: Option<f32>,
    /// Most templates that the rate allows with this pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 142)]
    pub largest_gallery: Option<u64>,
    /// Why nobody is looked for: `budget.gallery_too_large`, `budget.gallery_empty`, `budget.pack_not_measured`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The arithmetic, a step a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<ArithmeticBody>,
}

/// Steps from a rate to a threshold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ArithmeticBody {
    /// In Japanese.
    pub ja: Vec<String>,
    /// In English.
    pub en: Vec<String>,
}

impl From<&SearchShown> for SearchBody {
    fn from(shown: &SearchShown) -> SearchBody {
        let derived = match &shown.rule {
            Ok(SearchRule::Derived { derived, .. }) => Some(derived),
            Ok(SearchRule::Pack(_)) | Err(_) => None,
        };
        let policy = shown.rule.as_ref().ok().map(SearchRule::policy);
        SearchBody {
            gallery: shown.gallery.to_string(),
            templates: shown.templates,
            false_match_rate: shown.rate.map(tebura_face::FalseMatchBudget::rate),
            threshold: policy.map(|policy| policy.threshold().value()),
            margin: policy.map(tebura_face::MatchPolicy::margin),
            largest_gallery: shown.largest(),
            refused: shown.rule.as_ref().err().map(|error| error.code().to_owned()),
            arithmetic: derived.map(|derived| ArithmeticBody { ja: derived.in_japanese(), en: derived.in_english() }),
        }
    }
}
