//! Rails and what each can do.

use serde::{Deserialize, Serialize};
use tebura_hub::rail::RailDescriptor;
use utoipa::ToSchema;

/// A rail and its capabilities: known before any hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailBody {
    /// The name that holds carry.
    #[schema(example = "house")]
    pub id: String,
    /// Of the plugin; the hub's own for the house rail.
    pub version: String,
    /// SHA-256 of the component that decides; none for the house rail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// `hold`, `capture`, `release`, `refund`, `inquire`.
    pub commands: Vec<String>,
    /// Currencies that it takes.
    pub currencies: Vec<String>,
    /// Largest amount of one operation, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_operation: Option<i64>,
    /// Longest hold, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hold_ms: Option<i64>,
    /// More than one capture of a hold.
    pub several_captures: bool,
}

impl From<&RailDescriptor> for RailBody {
    fn from(rail: &RailDescriptor) -> RailBody {
        RailBody {
            id: rail.rail.to_string(),
            version: rail.version.clone(),
            digest: rail.digest.map(|digest| format!("{digest:?}")),
            commands: rail.commands.clone(),
            currencies: rail.currencies.clone(),
            max_per_operation: rail.max_per_operation,
            max_hold_ms: rail.max_hold_ms,
            several_captures: rail.several_captures,
        }
    }
}

/// Every rail of this hub.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailListBody {
    /// By name.
    pub items: Vec<RailBody>,
}
