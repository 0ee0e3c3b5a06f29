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
    /// Whether new holds are taken. Otherwise the operator stopped the rail, and what is held goes its way.
    pub takes_holds: bool,
    /// `hold`, `raise`, `extend`, `capture`, `release`, `refund`, `inquire`.
    pub commands: Vec<String>,
    /// Currencies that it takes.
    pub currencies: Vec<String>,
    /// Largest amount of one operation, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_operation: Option<i64>,
    /// Longest hold, milliseconds. The hub's own deadline comes a minute earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hold_ms: Option<i64>,
    /// More than one capture of a hold.
    pub several_captures: bool,
    /// Add to a hold.
    pub raise: bool,
    /// Move a hold's deadline.
    pub extend: bool,
    /// Return captured money.
    pub refund: bool,
    /// Give back a part of a hold and keep the rest.
    pub partial_release: bool,
    /// Pay several payees out of one capture.
    pub split: bool,
    /// Take a capture back so that it is free in its hold again.
    pub reverse: bool,
    /// A hold on which something is open never lapses by itself.
    pub pin: bool,
    /// How long after a capture the payee has the money, milliseconds; 0: at once.
    pub settlement_delay_ms: i64,
    /// `contestable`: the payer may dispute a settled capture; `final`: only a refund undoes it.
    #[schema(example = "contestable")]
    pub finality: String,
}

impl RailBody {
    /// What a rail can do, and whether it is stopped.
    pub fn new(rail: &RailDescriptor, stopped: bool) -> RailBody {
        RailBody {
            takes_holds: !stopped,
            id: rail.rail.to_string(),
            version: rail.version.clone(),
            digest: rail.digest.map(|digest| format!("{digest:?}")),
            commands: rail.commands.clone(),
            currencies: rail.currencies.clone(),
            max_per_operation: rail.max_per_operation,
            max_hold_ms: rail.max_hold_ms,
            several_captures: rail.several_captures,
            raise: rail.takes("raise"),
            extend: rail.takes("extend"),
            refund: rail.takes("refund"),
            partial_release: rail.abilities.partial_release,
            split: rail.abilities.split,
            reverse: rail.abilities.reverse,
            pin: rail.abilities.pin,
            settlement_delay_ms: rail.abilities.settlement_delay_ms,
            finality: rail.abilities.finality.name().to_owned(),
        }
    }
}

/// Every rail of this hub.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RailListBody {
    /// By name.
    pub items: Vec<RailBody>,
}
