//! Where personal data may lie and go. With `[privacy] keep_in_region = true` what is stated of places is held against the
//! region before anything runs: one outside, and one that nobody states, is refused.
//!
//! Absent: proof of a statement. Where a database or a company really is, a program does not see.

use std::collections::BTreeMap;

use tebura_hub::rail::PluginId;

use crate::vpia::Privacy;

/// The rule, and what is stated of plugins' far ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// `None`: nothing is refused.
    only: Option<String>,
    /// By `plugin/endpoint`: a country.
    recipients: BTreeMap<String, Option<String>>,
}

/// Why something does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// A rule without a region.
    #[error("privacy.keep_in_region is true and privacy.region is missing; write region = \"JP\" under [privacy]")]
    NoRegion,
    /// Nobody says where.
    #[error(
        "{path} is not stated, and privacy.keep_in_region lets data lie and go only where it is known to be {region}; write the country"
    )]
    Unstated {
        /// Where it is written.
        path: String,
        /// What would be right.
        region: String,
    },
    /// Somewhere else.
    #[error(
        "{path} is {found}, outside {region}, which privacy.keep_in_region does not allow; choose one inside, or take the rule away and tell people"
    )]
    Outside {
        /// Where it is written.
        path: String,
        /// What is written.
        found: String,
        /// What would be right.
        region: String,
    },
}

impl Regions {
    /// The rule of a configuration, which its own data and processors keep to.
    ///
    /// # Errors
    /// The first place that does not.
    pub fn of(privacy: &Privacy) -> Result<Regions, RegionError> {
        if !privacy.keep_in_region {
            return Ok(Regions::default());
        }
        let only = privacy.region.clone().ok_or(RegionError::NoRegion)?;
        let recipients = privacy.recipients.iter().map(|(key, one)| (key.clone(), one.country.clone())).collect();
        let regions = Regions { only: Some(only), recipients };
        for (key, data) in &privacy.data {
            // What says nothing of its own lies where everything does.
            if data.region.is_some() {
                regions.inside(format!("privacy.data.{key}.region"), data.region.as_ref())?;
            }
        }
        for (nth, processor) in privacy.processors.iter().enumerate() {
            regions.inside(format!("privacy.processors[{nth}].region"), processor.region.as_ref())?;
        }
        Ok(regions)
    }

    /// Whether a plugin may be bound to an endpoint.
    ///
    /// # Errors
    /// Nobody states where its far end is, or it is outside.
    pub fn admit(&self, plugin: &PluginId, endpoint: &str) -> Result<(), RegionError> {
        let key = format!("{}/{endpoint}", plugin.0);
        let stated = self.recipients.get(&key).and_then(Option::as_ref);
        self.inside(format!("privacy.recipients.\"{key}\".country"), stated)
    }

    fn inside(&self, path: String, stated: Option<&String>) -> Result<(), RegionError> {
        let Some(region) = self.only.clone() else { return Ok(()) };
        match stated {
            Some(found) if *found == region => Ok(()),
            Some(found) => Err(RegionError::Outside { path, found: found.clone(), region }),
            None => Err(RegionError::Unstated { path, region }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(text: &str) -> Result<Regions, RegionError> {
        Regions::of(&toml::from_str(text).unwrap())
    }

    #[test]
    fn expo_18_what_lies_or_goes_outside_the_region_does_not_start() {
        let rule = "keep_in_region = true\nregion = \"JP\"\n";
        assert_eq!(regions("keep_in_region = true"), Err(RegionError::NoRegion));
        let wrong = |text: &str| regions(&format!("{rule}{text}")).unwrap_err().to_string();
        let abroad = wrong("[data.face_template]\nregion = \"US\"");
        assert!(abroad.starts_with("privacy.data.face_template.region is US, outside JP"), "{abroad}");
        let unstated = wrong("[[processors]]\nname = \"somebody\"");
        assert!(unstated.starts_with("privacy.processors[0].region is not stated"), "{unstated}");

        let stated = "[recipients.\"a/one\"]\ncountry = \"JP\"\n[recipients.\"a/two\"]\ncountry = \"US\"\n";
        let kept = regions(&format!("{rule}{stated}")).unwrap();
        let admit = |endpoint| kept.admit(&PluginId("a".to_owned()), endpoint);
        assert_eq!(admit("one"), Ok(()));
        assert!(matches!(admit("two"), Err(RegionError::Outside { .. })));
        assert!(matches!(admit("three"), Err(RegionError::Unstated { .. })));
        let free = regions(stated).unwrap();
        assert_eq!(free.admit(&PluginId("a".to_owned()), "two"), Ok(()), "where nothing is enforced the report tells");
    }
}
