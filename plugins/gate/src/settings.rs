//! What an operator configures: gates, lanes, passes, and which pass goes with which instrument.

use std::collections::BTreeMap;

use serde::Deserialize;
use tebura_plugin::service::Request;

/// A name by language.
pub(crate) type Title = BTreeMap<String, String>;

/// Of an instance: one venue with all its gates.
#[derive(Deserialize)]
pub(crate) struct Settings {
    /// The lane of each gate.
    pub(crate) gates: BTreeMap<String, String>,
    /// Names of lanes.
    pub(crate) lanes: BTreeMap<String, Title>,
    /// Kinds of pass.
    pub(crate) passes: BTreeMap<String, Pass>,
    /// The rails behind each kind of instrument.
    pub(crate) instruments: BTreeMap<String, Vec<String>>,
}

/// A kind of pass.
#[derive(Deserialize)]
pub(crate) struct Pass {
    /// For people.
    pub(crate) title: Title,
    /// The lanes that it opens.
    pub(crate) lanes: Vec<String>,
    /// Bound to a person.
    pub(crate) by_face: bool,
    /// What may be paid with inside.
    pub(crate) instruments: Vec<String>,
    /// For a day, yen.
    pub(crate) charge: u64,
    /// On the same day.
    pub(crate) re_entry: bool,
}

impl Settings {
    /// The kind of what the person would pay with.
    pub(crate) fn chosen<'s>(&'s self, request: &Request) -> Option<&'s str> {
        let rail = request.attribute("rail")?;
        let of = |rails: &Vec<String>| rails.iter().any(|own| own == rail);
        self.instruments.iter().find(|(_, rails)| of(rails)).map(|(kind, _)| kind.as_str())
    }

    /// Where to go with a pass: the name of its first lane.
    pub(crate) fn lane_of(&self, pass: &Pass) -> Option<Title> {
        pass.lanes.first().and_then(|lane| self.lanes.get(lane)).cloned()
    }
}

impl Pass {
    /// Whether its holder may pay with what is chosen; the reason why not.
    ///
    /// Errors: `instrument_none`, `instrument_not_allowed`.
    pub(crate) fn allows(&self, settings: &Settings, request: &Request) -> Result<(), &'static str> {
        if request.attribute("rail").is_none() {
            return Err("instrument_none");
        }
        let chosen = settings.chosen(request);
        let allowed = chosen.is_some_and(|kind| self.instruments.iter().any(|own| own == kind));
        if allowed { Ok(()) } else { Err("instrument_not_allowed") }
    }
}
