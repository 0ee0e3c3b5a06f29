//! `[[services]]` of the configuration: each is held against its plugin's schema and against the hub's records before
//! anything starts, and everything that is wrong is said at once, with its line and with what to write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use tebura_face::{BudgetError, FalseMatchBudget};
use tebura_hub::Hub;
use tebura_hub::ids::{GalleryId, MerchantId};
use tebura_hub::ports::ReadError;
use tebura_hub::rail::PluginId;
use tebura_hub::services::{InstanceConfig, InstanceProblem, Label, ServiceInstance};
use tebura_ledger::Currency;
use tebura_plugin_host::TomlLines;

use crate::messages::{Language, fill};
use crate::plugins::Plugins;

/// One service, as an operator writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// Its name in paths.
    id: String,
    /// The id of an installed plugin.
    plugin: String,
    /// Whose keys may ask: `mrc_…`.
    merchant: String,
    /// By language.
    #[serde(default)]
    title: BTreeMap<String, String>,
    /// Under the plugin's schema.
    #[serde(default)]
    settings: toml::Table,
    /// The plugin's payees: `mrc_…`.
    #[serde(default)]
    payees: BTreeMap<String, String>,
    /// The one currency that it moves.
    #[serde(default = "yen")]
    currency: String,
    /// What one request may hold at most, minor units.
    #[serde(default)]
    cap: i64,
    /// Above this a face alone agrees with the PIN; the whole cap needs none when it is left out.
    pin_above: Option<i64>,
    /// Among whom a face is searched: `gal_…`.
    gallery: Option<String>,
    /// The plugin's galleries: `gal_…`.
    #[serde(default)]
    galleries: BTreeMap<String, String>,
    /// False identifications per transaction that are accepted here; what `[faces]` says when it is left out.
    false_match_rate: Option<f64>,
    /// Claims that callers may attest.
    #[serde(default)]
    attested: Vec<String>,
}

fn yen() -> String {
    "JPY".to_owned()
}

/// Why services were not configured.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// Everything that is wrong, a line each, in the language of the process.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// One thing that is wrong: where, and what with which values.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    /// JSON Pointer within the service.
    pointer: String,
    /// `config.service.<key>` of the catalogue.
    key: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Wrong {
    fn new(pointer: impl Into<String>, key: &'static str) -> Wrong {
        Wrong { pointer: pointer.into(), key, values: Vec::new() }
    }

    fn with(mut self, mark: &'static str, value: impl ToString) -> Wrong {
        self.values.push((mark, value.to_string()));
        self
    }

    fn said(&self, language: Language) -> String {
        let values: Vec<(&str, &str)> = self.values.iter().map(|(mark, value)| (*mark, value.as_str())).collect();
        fill(language, &format!("config.service.{}", self.key), &values)
    }
}

/// The services of a file, with its text for the lines.
#[derive(Clone, Debug, Default)]
pub struct Services {
    pub(crate) path: PathBuf,
    pub(crate) source: String,
    pub(crate) list: Vec<ServiceConfig>,
}

impl Services {
    /// Checks every service and gives them to the hub; none of them when one is wrong.
    ///
    /// # Errors
    /// [`ServicesError::Wrong`] with everything that is wrong.
    pub async fn configure(&self, hub: &Hub, plugins: &Plugins) -> Result<Vec<String>, ServicesError> {
        let (mut checked, mut lines) = (Vec::new(), Vec::new());
        let language = Language::of_process();
        let lookup = TomlLines::of(&self.source);
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, config) in self.list.iter().enumerate() {
            let mut wrong = match config.check(hub, plugins).await? {
                Ok(service) => {
                    checked.push(service);
                    Vec::new()
                }
                Err(wrong) => wrong,
            };
            if names.insert(&config.id, index).is_some() {
                wrong.push(Wrong::new("/id", "twice").with("id", &config.id));
            }
            lines.extend(wrong.iter().map(|wrong| said(&self.path, &lookup, index, wrong, language)));
        }
        if !lines.is_empty() {
            return Err(ServicesError::Wrong(lines));
        }
        let shown = |service: &ServiceInstance| {
            let plugin = service.plugin().descriptor();
            format!("service {}: {} {}", service.id(), plugin.plugin.0, plugin.version)
        };
        let started = checked.iter().map(shown).collect();
        checked.into_iter().for_each(|service| hub.add_service(service));
        Ok(started)
    }
}

/// `tebura.toml line 12: services[0].settings.price is missing; write …`.
fn said(path: &Path, lines: &TomlLines, index: usize, wrong: &Wrong, language: Language) -> String {
    let line = lines.line(&format!("/services/{index}{}", wrong.pointer)).unwrap_or(1).to_string();
    let place: String = wrong.pointer.split('/').skip(1).map(|part| format!(".{part}")).collect();
    let field = format!("services[{index}]{place}");
    let file = path.display().to_string();
    let values = [("file", file.as_str()), ("line", &line), ("field", &field), ("what", &wrong.said(language))];
    fill(language, "config.service.at", &values)
}

impl ServiceConfig {
    async fn check(&self, hub: &Hub, plugins: &Plugins) -> Result<Result<ServiceInstance, Vec<Wrong>>, ReadError> {
        let mut wrong = Vec::new();
        let merchant = self.merchant(hub, "/merchant", &self.merchant, &mut wrong).await?;
        let mut payees = BTreeMap::new();
        for (handle, id) in &self.payees {
            let payee = self.merchant(hub, &format!("/payees/{handle}"), id, &mut wrong).await?;
            payees.extend(payee.map(|payee| (handle.clone(), payee)));
        }
        let mut galleries = BTreeMap::new();
        for (handle, id) in &self.galleries {
            let gallery = self.gallery(hub, &format!("/galleries/{handle}"), id, &mut wrong).await?;
            galleries.extend(gallery.map(|gallery| (handle.clone(), gallery)));
        }
        let gallery = match &self.gallery {
            Some(id) => self.gallery(hub, "/gallery", id, &mut wrong).await?,
            None => None,
        };
        let currency = Currency::new(&self.currency).ok();
        if currency.is_none() {
            wrong.push(Wrong::new("/currency", "currency").with("found", &self.currency));
        }
        let plugin = plugins.service(&PluginId(self.plugin.clone()));
        if plugin.is_none() {
            let known = plugins.services().join(", ");
            wrong.push(Wrong::new("/plugin", "plugin").with("found", &self.plugin).with("known", known));
        }
        let false_match_rate = self.rate(hub, gallery, &mut wrong);
        let settings = serde_json::to_value(&self.settings).unwrap_or_default();
        let (Some(merchant), Some(currency), Some(plugin)) = (merchant, currency, plugin) else {
            return Ok(Err(wrong));
        };
        let titles = self.title.iter().map(|(language, text)| Label { language: language.clone(), text: text.clone() });
        let config = InstanceConfig {
            id: self.id.clone(),
            titles: titles.collect(),
            merchant,
            settings,
            payees,
            currency,
            cap: self.cap,
            pin_above: self.pin_above.unwrap_or(self.cap),
            gallery,
            galleries,
            false_match_rate,
            attested: self.attested.clone(),
        };
        Ok(match ServiceInstance::new(config, plugin) {
            Ok(service) if wrong.is_empty() => Ok(service),
            Ok(_) => Err(wrong),
            Err(problems) => {
                // What is named already is not missing too.
                let named = |own: &Wrong| wrong.iter().any(|before| before.pointer == own.pointer);
                let more: Vec<Wrong> = problems.iter().map(of_instance).filter(|own| !named(own)).collect();
                Err(wrong.into_iter().chain(more).collect())
            }
        })
    }

    /// The rate of this service. A gallery that is too large for it now keeps the service from starting.
    fn rate(&self, hub: &Hub, gallery: Option<GalleryId>, wrong: &mut Vec<Wrong>) -> Option<FalseMatchBudget> {
        let own = match self.false_match_rate.map(FalseMatchBudget::new).transpose() {
            Ok(own) => own,
            Err(_) => {
                let found = self.false_match_rate.unwrap_or_default();
                wrong.push(Wrong::new("/false_match_rate", "rate").with("found", found));
                return None;
            }
        };
        let rule = gallery.map(|gallery| hub.search_rule(own.or(hub.budgets().default), gallery));
        match rule {
            None | Some(Ok(_) | Err(BudgetError::EmptyGallery)) => {}
            Some(Err(BudgetError::GalleryTooLarge { templates, largest, .. })) => {
                let too_large = Wrong::new("/gallery", "gallery_too_large");
                wrong.push(too_large.with("templates", templates).with("largest", largest));
            }
            Some(Err(error)) => wrong.push(Wrong::new("/false_match_rate", "pack").with("why", error)),
        }
        own
    }

    async fn merchant(
        &self,
        hub: &Hub,
        pointer: &str,
        id: &str,
        wrong: &mut Vec<Wrong>,
    ) -> Result<Option<MerchantId>, ReadError> {
        let known = match MerchantId::from_str(id) {
            Ok(merchant) => hub.merchant(merchant).await?.map(|merchant| merchant.id),
            Err(_) => None,
        };
        if known.is_none() {
            wrong.push(Wrong::new(pointer, "merchant").with("found", id));
        }
        Ok(known)
    }

    async fn gallery(
        &self,
        hub: &Hub,
        pointer: &str,
        id: &str,
        wrong: &mut Vec<Wrong>,
    ) -> Result<Option<GalleryId>, ReadError> {
        let known = match GalleryId::from_str(id) {
            Ok(gallery) => hub.store().gallery(gallery).await?.map(|gallery| gallery.id),
            Err(_) => None,
        };
        if known.is_none() {
            wrong.push(Wrong::new(pointer, "gallery").with("found", id));
        }
        Ok(known)
    }
}

fn of_instance(problem: &InstanceProblem) -> Wrong {
    let at = problem.pointer();
    match problem {
        InstanceProblem::Id { id } => Wrong::new(at, "id").with("found", id),
        InstanceProblem::Schema { what, error } => Wrong::new(at, "schema").with("of", what).with("why", error),
        InstanceProblem::Settings(found) => {
            let key = match found.what.as_str() {
                "is missing" => "setting_missing",
                "is not known here" => "setting_unknown",
                _ => "setting_refused",
            };
            Wrong::new(at, key).with("wanted", &found.wanted)
        }
        InstanceProblem::PayeeMissing { handle } => Wrong::new(at, "payee_missing").with("handle", handle),
        InstanceProblem::PayeeUnknown { handle, known } => {
            Wrong::new(at, "payee_unknown").with("handle", handle).with("known", known)
        }
        InstanceProblem::GalleryMissing { handle } => Wrong::new(at, "gallery_missing").with("handle", handle),
        InstanceProblem::GalleryUnknown { handle, known } => {
            Wrong::new(at, "gallery_unknown").with("handle", handle).with("known", known)
        }
        InstanceProblem::CapMissing { cap } => Wrong::new(at, "cap").with("found", cap),
        InstanceProblem::PinLimit { pin_above, cap } => {
            Wrong::new(at, "pin_above").with("found", pin_above).with("cap", cap)
        }
        InstanceProblem::AttestedUnknown { name, known } => {
            Wrong::new(at, "attested").with("name", name).with("known", known)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::text;

    #[test]
    fn a_line_names_file_field_and_what_to_write_in_both_languages() {
        let source = "[[services]]\nid = \"north\"\n[services.settings]\nprice = 3\n";
        let lines = TomlLines::of(source);
        let wrong = Wrong::new("/settings/price/child", "setting_refused").with("wanted", "for a child, in yen");
        let told = |language| said(Path::new("tebura.toml"), &lines, 0, &wrong, language);
        let english = told(Language::English);
        assert!(english.starts_with("tebura.toml line 4: services[0].settings.price.child "), "{english}");
        assert!(english.contains("for a child, in yen") && told(Language::Japanese).contains("4 行目"));
        for key in ["id", "schema", "cap", "payee_missing", "attested", "twice", "plugin", "merchant", "gallery"] {
            let key = format!("config.service.{key}");
            assert_ne!(text(Language::Japanese, &key), text(Language::English, &key), "{key}");
        }
    }
}
