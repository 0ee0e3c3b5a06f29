//! `[rail]` and `[money]` of `plugin.toml`: what a rail can do and may be asked to move.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tebura_hub::notices::InboundGrant;
use tebura_hub::rail::RailFinality;
use tebura_ledger::{Currency, RailId};

use super::Checker;

/// What a rail can do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RailPart {
    /// The rail's name in holds: the plugin's id.
    pub rail: RailId,
    /// `hold`, `raise`, `extend`, `capture`, `release`, `refund`, `inquire`.
    pub commands: Vec<String>,
    /// A hold can be captured in parts.
    pub several_captures: bool,
    /// Longest hold.
    pub max_hold: Option<Duration>,
    /// A part of a hold can be given back and the rest kept.
    pub partial_release: bool,
    /// The far end ends no hold by itself on which something is open.
    pub pin: bool,
    /// How long after a capture the payee has the money.
    pub settlement_delay: Duration,
    /// Whether the payer can still contest a settled capture.
    pub finality: RailFinality,
    pub currencies: Vec<Currency>,
    /// Largest amount of one operation, minor units.
    pub max_per_operation: i64,
    /// What its far end may call; `None`: nothing.
    pub inbound: Option<InboundGrant>,
    /// What it offers only where a setting of the operator's says so: a command, `several_captures`, `partial_release` or
    /// `pin`, with the setting's name.
    pub when_on: BTreeMap<String, String>,
}

/// The value of a setting that switches something on.
const ON: &str = "on";

impl RailPart {
    /// What it offers under these settings of the operator's.
    pub(crate) fn under(mut self, settings: &BTreeMap<String, String>) -> Self {
        for (ability, setting) in &self.when_on {
            if settings.get(setting).is_some_and(|value| value == ON) {
                continue;
            }
            match ability.as_str() {
                "several_captures" => self.several_captures = false,
                "partial_release" => self.partial_release = false,
                "pin" => self.pin = false,
                command => self.commands.retain(|own| own != command),
            }
        }
        self
    }
}

/// `[rail]` after the schema has passed it.
#[derive(Deserialize)]
pub(super) struct WireRail {
    commands: Vec<String>,
    #[serde(default)]
    several_captures: bool,
    max_hold: Option<String>,
    #[serde(default)]
    partial_release: bool,
    #[serde(default)]
    pin: bool,
    settlement_delay: Option<String>,
    finality: Option<String>,
    #[serde(default)]
    when_on: BTreeMap<String, String>,
}

/// `[money]` after the schema has passed it.
#[derive(Deserialize)]
pub(super) struct WireMoney {
    currencies: Vec<String>,
    max_per_operation: i64,
}

/// `[notices]` after the schema has passed it.
#[derive(Deserialize)]
pub(super) struct WireNotices {
    routes: Vec<String>,
    headers: Vec<String>,
}

impl Checker<'_> {
    /// `None` where a problem was noted that leaves nothing to say of the rail.
    pub(super) fn rail(
        &mut self,
        id: &str,
        wire: WireRail,
        money: &WireMoney,
        notices: Option<WireNotices>,
        settings: &[String],
    ) -> Option<RailPart> {
        let currencies = self.currencies(money);
        let max_hold = wire.max_hold.as_deref().map(|text| self.duration("/rail/max_hold", text));
        let settlement_delay = wire.settlement_delay.as_deref();
        let settlement_delay = settlement_delay.map(|text| self.duration("/rail/settlement_delay", text));
        // The schema lets no other word through.
        let finality = wire.finality.as_deref().and_then(RailFinality::from_name).unwrap_or_default();
        let inbound = notices.map(|notices| self.inbound(notices));
        let rail = RailId::new(id)
            .map_err(|error| self.problem("/plugin/id", "is not a rail's name", error.to_string()))
            .ok()?;
        for (ability, setting) in &wire.when_on {
            if !settings.contains(setting) {
                let fix = format!("add {setting:?} to plugin.settings, or name one that is there");
                self.problem(&format!("/rail/when_on/{ability}"), "is not a setting of this plugin", fix);
            }
        }
        Some(RailPart {
            rail,
            commands: wire.commands,
            several_captures: wire.several_captures,
            max_hold,
            partial_release: wire.partial_release,
            pin: wire.pin,
            settlement_delay: settlement_delay.unwrap_or_default(),
            finality,
            currencies,
            max_per_operation: money.max_per_operation,
            inbound,
            when_on: wire.when_on,
        })
    }

    fn inbound(&mut self, wire: WireNotices) -> InboundGrant {
        for (index, header) in wire.headers.iter().enumerate() {
            if crate::contract::is_reserved_header(header) {
                let fix = "name the headers that carry the far end's signature".to_owned();
                self.problem(&format!("/notices/headers/{index}"), "is not shown to plugins", fix);
            }
        }
        let headers = wire.headers.iter().map(|header| header.to_ascii_lowercase()).collect();
        InboundGrant { routes: wire.routes, headers }
    }

    fn currencies(&mut self, money: &WireMoney) -> Vec<Currency> {
        let mut found = Vec::new();
        for (index, code) in money.currencies.iter().enumerate() {
            match Currency::new(code) {
                Ok(currency) => found.push(currency),
                Err(error) => {
                    self.problem(&format!("/money/currencies/{index}"), "is not a currency", error.to_string());
                }
            }
        }
        found
    }
}
