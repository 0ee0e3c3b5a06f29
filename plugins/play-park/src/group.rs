//! Who comes in together, and where they may play: stages, areas and the adults that these need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tebura_plugin::service::kv;

/// A text in each language.
pub(crate) type Title = BTreeMap<String, String>;

/// How old children are, as a park asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// One or two years old.
    Toddler,
    /// From three years to school.
    Preschool,
    /// At elementary school.
    Pupil,
}

/// A part of the park.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Area {
    pub(crate) id: String,
    pub(crate) title: Title,
    /// Whom it is for.
    pub(crate) stages: Vec<Stage>,
    /// How many children may be in it.
    pub(crate) capacity: u64,
    /// How many children an adult may look after there; 0: they may be without one.
    pub(crate) children_per_adult: u64,
}

/// What somebody at the door says of the group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) adults: u64,
    pub(crate) children: u64,
    #[serde(default)]
    pub(crate) toddlers: u64,
    #[serde(default)]
    pub(crate) preschoolers: u64,
    #[serde(default)]
    pub(crate) pupils: u64,
}

/// Children by area.
pub(crate) type Places = BTreeMap<String, u64>;

/// Why a group may not come in, and which area is the reason.
#[derive(Debug)]
pub(crate) struct NoPlace {
    pub(crate) reason: &'static str,
    pub(crate) area: Option<Title>,
}

fn no(reason: &'static str, area: Option<&Area>) -> NoPlace {
    NoPlace { reason, area: area.map(|area| area.title.clone()) }
}

impl Group {
    pub(crate) fn people(&self) -> u64 {
        self.adults + self.children
    }

    /// Where the children go. A park without areas asks for one adult and for nothing else.
    pub(crate) fn places(&self, areas: &[Area]) -> Result<Places, NoPlace> {
        if self.people() == 0 {
            return Err(no("nobody", None));
        }
        if areas.is_empty() {
            return if self.adults == 0 { Err(no("child_alone", None)) } else { Ok(Places::new()) };
        }
        let stages =
            [(Stage::Toddler, self.toddlers), (Stage::Preschool, self.preschoolers), (Stage::Pupil, self.pupils)];
        if stages.iter().map(|(_, children)| children).sum::<u64>() != self.children {
            return Err(no("stages_needed", None));
        }
        let mut places = Places::new();
        for (stage, children) in stages.into_iter().filter(|(_, children)| *children > 0) {
            let area = areas.iter().find(|area| area.stages.contains(&stage)).ok_or(no("no_area", None))?;
            *places.entry(area.id.clone()).or_default() += children;
        }
        // Nobody looks after children in two areas at a time.
        let mut adults = self.adults;
        for (area, children) in taken(areas, &places) {
            if let Some(needed) = children.checked_add(area.children_per_adult.saturating_sub(1))
                && area.children_per_adult > 0
            {
                let alone = if self.adults == 0 { "child_alone" } else { "companions_needed" };
                adults = adults.checked_sub(needed / area.children_per_adult).ok_or(no(alone, Some(area)))?;
            }
            if children_in(&area.id) + children > area.capacity {
                return Err(no("area_full", Some(area)));
            }
        }
        Ok(places)
    }
}

fn taken<'a>(areas: &'a [Area], places: &'a Places) -> impl Iterator<Item = (&'a Area, u64)> {
    areas.iter().filter_map(|area| Some((area, *places.get(&area.id)?)))
}

/// The key under which the children of an area are counted.
pub(crate) fn key(area: &str) -> String {
    format!("area/{area}")
}

/// How many children are in an area.
pub(crate) fn children_in(area: &str) -> u64 {
    count(&key(area))
}

/// A number of the instance's keys; 0 where there is none.
pub(crate) fn count(key: &str) -> u64 {
    kv::get(key).and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()).unwrap_or(0)
}
