//! What a check has to know about rails: facts, given by whoever has the rails. Nothing here asks a rail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one rail can do, as far as contracts care.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RailFacts {
    /// The longest that a hold can stand, extensions counted, in milliseconds.
    pub max_hold_ms: i64,
    /// How long before the end of a hold the rail wants its last call, in milliseconds.
    #[serde(default)]
    pub settle_margin_ms: i64,
    /// The most that one hold can reserve, in the asset's smallest units.
    #[serde(default)]
    pub max_amount: Option<i64>,
    /// Currencies by code and kinds of thing that the rail carries; empty when it does not say.
    #[serde(default)]
    pub assets: Vec<String>,
    /// A hold may be captured in part.
    #[serde(default)]
    pub partial_capture: bool,
    /// A hold may be captured more than once.
    #[serde(default)]
    pub several_captures: bool,
    /// One capture may pay several payees.
    #[serde(default)]
    pub split: bool,
    /// A part of a hold may be released while the rest stays held.
    #[serde(default)]
    pub partial_release: bool,
    /// A hold may be raised.
    #[serde(default)]
    pub raise: bool,
    /// A hold may be extended beyond its first end.
    #[serde(default)]
    pub extend: bool,
    /// A hold may be made certain before it is captured: a capture after it cannot be refused.
    #[serde(default)]
    pub pin: bool,
}

impl RailFacts {
    /// A rail that can do everything for `max_hold_ms`, such as the hub's own ledger.
    pub fn able(max_hold_ms: i64) -> Self {
        Self {
            max_hold_ms,
            settle_margin_ms: 0,
            max_amount: None,
            assets: Vec::new(),
            partial_capture: true,
            several_captures: true,
            split: true,
            partial_release: true,
            raise: true,
            extend: true,
            pin: true,
        }
    }
}

/// The rails of a hub by name.
pub type Rails = BTreeMap<String, RailFacts>;
