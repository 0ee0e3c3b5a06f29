//! The switches: a plugin off and on again, a component or a key withdrawn for good, a rail stopped for what is new. Each
//! counts from the next call on.

use tebura_hub::Hub;
use tebura_hub::rail::PluginId;
use tebura_ledger::{RailId, Timestamp};
use tebura_plugin_host::KeyId;

use super::{Decision, Plugins, PluginsError};
use crate::hex;

impl Plugins {
    /// Switches a plugin off: its rail declines new operations, and what is open becomes unknown.
    ///
    /// # Errors
    /// [`PluginsError::NotInstalled`], or the journal.
    pub fn disable(&self, plugin: &str, reason: &str, now: Timestamp) -> Result<(), PluginsError> {
        let id = self.installed(plugin)?;
        let mut state = self.state();
        // First the switch, which cannot fail: what is to stop stops even where the disk is full.
        self.rails.host.disable(&id, reason);
        let (plugin, reason) = (plugin.to_owned(), reason.to_owned());
        Ok(state.journal.append(Decision::Disabled { plugin, reason }, now)?)
    }

    /// Switches a plugin on again.
    ///
    /// # Errors
    /// As [`Plugins::disable`].
    pub fn enable(&self, plugin: &str, now: Timestamp) -> Result<(), PluginsError> {
        let id = self.installed(plugin)?;
        let mut state = self.state();
        state.journal.append(Decision::Enabled { plugin: plugin.to_owned() }, now)?;
        self.rails.host.enable(&id);
        Ok(())
    }

    /// Withdraws a key: nothing that it signed runs again, also after a restart.
    ///
    /// # Errors
    /// [`PluginsError::NoKey`], or the journal.
    pub fn revoke(&self, key: &str, reason: &str, now: Timestamp) -> Result<(), PluginsError> {
        let mut state = self.state();
        if !self.rails.host.revoke_key(&KeyId(key.to_owned()), reason) {
            return Err(PluginsError::NoKey { key: key.to_owned() });
        }
        let (key, reason) = (key.to_owned(), reason.to_owned());
        Ok(state.journal.append(Decision::Revoked { key, reason }, now)?)
    }

    /// Withdraws the component that a plugin runs now: these bytes never run again, under whatever name or key. A version
    /// that was built anew may take its place. Returns the digest.
    ///
    /// # Errors
    /// As [`Plugins::disable`].
    pub fn withdraw(&self, plugin: &str, reason: &str, now: Timestamp) -> Result<String, PluginsError> {
        let id = self.installed(plugin)?;
        let mut state = self.state();
        let not_installed = || PluginsError::NotInstalled { plugin: plugin.to_owned() };
        let digest = self.rails.host.component(&id).ok_or_else(not_installed)?;
        self.rails.host.withdraw(digest, reason);
        let (component, reason) = (hex::encode(&digest.0), reason.to_owned());
        state.journal.append(Decision::Withdrawn { component: component.clone(), reason }, now)?;
        Ok(component)
    }

    /// Takes no new holds on a rail, whoever keeps it; what is held there goes its way.
    ///
    /// # Errors
    /// [`PluginsError::NoRail`], or the journal.
    pub fn stop_rail(&self, rail: &str, reason: &str, now: Timestamp) -> Result<(), PluginsError> {
        let (hub, name) = self.rail_of_hub(rail)?;
        let mut state = self.state();
        hub.stop_rail(&name, reason);
        let (rail, reason) = (rail.to_owned(), reason.to_owned());
        Ok(state.journal.append(Decision::RailStopped { rail, reason }, now)?)
    }

    /// Takes new holds on a rail again.
    ///
    /// # Errors
    /// As [`Plugins::stop_rail`].
    pub fn resume_rail(&self, rail: &str, now: Timestamp) -> Result<(), PluginsError> {
        let (hub, name) = self.rail_of_hub(rail)?;
        let mut state = self.state();
        state.journal.append(Decision::RailResumed { rail: rail.to_owned() }, now)?;
        hub.resume_rail(&name);
        Ok(())
    }

    fn rail_of_hub(&self, rail: &str) -> Result<(&Hub, RailId), PluginsError> {
        let no_rail = || PluginsError::NoRail { rail: rail.to_owned() };
        let (hub, name) = self.hub.get().zip(RailId::new(rail).ok()).ok_or_else(no_rail)?;
        if hub.rail(&name).is_some() { Ok((hub, name)) } else { Err(no_rail()) }
    }

    pub(super) fn installed(&self, plugin: &str) -> Result<PluginId, PluginsError> {
        let id = PluginId(plugin.to_owned());
        match self.rails.host.plugin(&id) {
            Some(_) => Ok(id),
            None => Err(PluginsError::NotInstalled { plugin: plugin.to_owned() }),
        }
    }
}
