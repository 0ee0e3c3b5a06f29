//! Holds files of services against the fixed schema, their plugins' schemas and the hub's records. Everything that is wrong is
//! found at once; what is right becomes an instance.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use tebura_face::{BudgetError, FalseMatchBudget};
use tebura_hub::Hub;
use tebura_hub::ids::{GalleryId, MerchantId};
use tebura_hub::ports::{Caller, Clock, ReadError, Service};
use tebura_hub::rail::PluginId;
use tebura_hub::services::{
    Hours, HoursConfig, InstanceConfig, Label, OpenConfig, Schema, SchemaError, ServiceInstance, SettingsUnchecked,
    is_service_id,
};
use tebura_ledger::{Currency, Uuid};
use tebura_plugin_host::{TomlLines, toml_as_json};

use super::wrong::{Told, Wrong};
use crate::clock::SystemClock;

/// The part of a file that is the same for every plugin.
pub(super) const SCHEMA: &str = include_str!("service.schema.json");

/// Where a fraction may stand.
pub(super) const FRACTIONS: [&str; 1] = ["/false_match_rate"];

static FIXED: LazyLock<Result<Schema, SchemaError>> = LazyLock::new(|| Schema::compile(SCHEMA));

/// The texts of services' files, by name.
pub type Files = BTreeMap<String, String>;

/// Where plugins of the service world are found.
pub trait Installed: Send + Sync {
    /// By id.
    fn find(&self, plugin: &PluginId) -> Option<Arc<dyn Service>>;
    /// The ids of all.
    fn known(&self) -> Vec<String>;
}

/// What files are held against besides their plugins.
#[derive(Clone, Copy)]
pub enum Against<'h> {
    /// Nothing: ids of merchants and galleries are looked at and not looked up.
    Nothing,
    /// A hub's records as they are now: somebody wants to apply the files.
    Draft(&'h Hub),
    /// A hub's records, for files that were applied: what has grown or was emptied since does not keep a service away.
    Applied(&'h Hub),
    /// As they were applied, of services that were taken away since: no plugin is asked about their settings any more.
    TakenAway(&'h Hub),
}

impl<'h> Against<'h> {
    fn hub(self) -> Option<&'h Hub> {
        match self {
            Against::Nothing => None,
            Against::Draft(hub) | Against::Applied(hub) | Against::TakenAway(hub) => Some(hub),
        }
    }

    fn draft(self) -> Option<&'h Hub> {
        match self {
            Against::Nothing | Against::Applied(_) | Against::TakenAway(_) => None,
            Against::Draft(hub) => Some(hub),
        }
    }
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// Those that are right.
    pub services: Vec<ServiceInstance>,
    /// Everything that is wrong, file by file and line by line.
    pub wrong: Vec<Told>,
}

/// Checks files.
///
/// # Errors
/// When the store does not answer.
pub async fn check(files: &Files, installed: &dyn Installed, against: Against<'_>) -> Result<Checked, ReadError> {
    let mut checked = Checked::default();
    for (name, text) in files {
        let (value, lines) = match toml_as_json(text, &FRACTIONS) {
            Ok(read) => read,
            Err(error) => {
                let wrong = Wrong::new(error.pointer.clone(), "syntax").with("why", &error.what);
                checked.wrong.push(wrong.told(name, &TomlLines::default(), error.line));
                continue;
            }
        };
        let mut file = File { name, value: &value, against, wrong: Vec::new() };
        let service = file.service(installed).await?;
        let mut told: Vec<Told> = file.wrong.iter().map(|wrong| wrong.told(name, &lines, None)).collect();
        told.sort_by_key(|told| told.line);
        checked.wrong.extend(told);
        checked.services.extend(service);
    }
    Ok(checked)
}

struct File<'f> {
    name: &'f str,
    value: &'f Value,
    against: Against<'f>,
    wrong: Vec<Wrong>,
}

impl File<'_> {
    async fn service(&mut self, installed: &dyn Installed) -> Result<Option<ServiceInstance>, ReadError> {
        if !is_service_id(self.name) {
            self.wrong.push(Wrong::new("", "id").with("found", self.name));
        }
        if let Ok(fixed) = &*FIXED {
            let found = fixed.problems(self.value);
            self.wrong.extend(found.iter().map(|problem| Wrong::of_schema("", problem)));
        }
        let merchant = self.merchant("/merchant").await?;
        let payees = self.bound("payees").await?;
        let mut galleries = BTreeMap::new();
        for handle in self.handles("galleries") {
            let gallery = self.gallery(&format!("/galleries/{}", escaped(&handle))).await?;
            galleries.extend(gallery.map(|gallery| (handle, gallery)));
        }
        let gallery = self.gallery("/gallery").await?;
        let currency = self.currency();
        let plugin = self.plugin(installed);
        let hours = self.hours();
        let false_match_rate = self.rate(gallery);
        let purposes = self.purposes();
        let Some(plugin) = plugin else { return Ok(None) };
        // What is missing was said; the rest is looked at all the same.
        let merchant = merchant.unwrap_or(MerchantId::from_uuid(Uuid::nil()));
        let currency = currency.unwrap_or(Currency::JPY);
        if !plugin.descriptor().payees.is_empty() {
            self.accounts(&payees).await?;
        }
        let number = |name: &str| self.value[name].as_i64();
        let cap = number("cap").unwrap_or(0);
        let titles = strings(&self.value["title"]).map(|(language, text)| Label { language, text });
        let fallback = self.value["fallback"].as_object().into_iter().flatten();
        let config = InstanceConfig {
            id: self.name.to_owned(),
            titles: titles.collect(),
            merchant,
            settings: self.value.get("settings").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            payees,
            currency,
            cap,
            pin_above: number("pin_above").unwrap_or(cap),
            gallery,
            galleries,
            false_match_rate,
            purposes,
            attested: list(&self.value["attested"]),
            hours,
            keep_days: number("keep_days").and_then(|days| u32::try_from(days).ok()),
            fallback: fallback.map(|(action, answer)| (action.clone(), answer.clone())).collect(),
        };
        match ServiceInstance::new(config, plugin) {
            Ok(service) => {
                self.own_faults(&service).await;
                Ok(self.wrong.is_empty().then_some(service))
            }
            Err(problems) => {
                problems.iter().map(Wrong::of_instance).for_each(|wrong| self.add(wrong));
                Ok(None)
            }
        }
    }

    /// What the plugin itself finds wrong with the settings. A plugin that cannot look keeps a draft from being applied, unless
    /// it is switched off; what was applied runs all the same.
    async fn own_faults(&mut self, service: &ServiceInstance) {
        let now = match self.against {
            Against::Nothing => SystemClock::default().now(),
            Against::Draft(hub) => hub.now(),
            // Once is enough: a version that cannot run whole is looked at again and again.
            Against::Applied(hub) if !is_running(hub, service) => hub.now(),
            Against::Applied(_) | Against::TakenAway(_) => return,
        };
        match (service.own_faults(now).await, self.against) {
            (Ok(faults), _) => faults.iter().map(Wrong::of_fault).for_each(|wrong| self.add(wrong)),
            (Err(SettingsUnchecked::Failed { reason }), Against::Nothing | Against::Draft(_)) => {
                self.add(Wrong::new("/plugin", "settings_unchecked").with("why", reason));
            }
            (Err(SettingsUnchecked::Failed { reason } | SettingsUnchecked::Away { reason }), _) => {
                tracing::warn!(service = self.name, "the plugin could not look at the settings: {reason}");
            }
        }
    }

    /// What is named already is not wrong in a second way.
    fn add(&mut self, wrong: Wrong) {
        if !self.wrong.iter().any(|before| before.pointer == wrong.pointer) {
            self.wrong.push(wrong);
        }
    }

    fn plugin(&mut self, installed: &dyn Installed) -> Option<Arc<dyn Service>> {
        let id = self.value["plugin"].as_str()?;
        let plugin = installed.find(&PluginId(id.to_owned()));
        if plugin.is_none() {
            let known = installed.known().join(", ");
            self.add(Wrong::new("/plugin", "plugin").with("found", id).with("known", known));
        }
        plugin
    }

    fn currency(&mut self) -> Option<Currency> {
        let code = self.value.get("currency").map_or(Some("JPY"), Value::as_str)?;
        let currency = Currency::new(code).ok();
        if currency.is_none() {
            self.add(Wrong::new("/currency", "currency").with("found", code));
        }
        currency
    }

    /// The rate of this service. A gallery that is too large for it keeps a draft from being applied.
    fn rate(&mut self, gallery: Option<GalleryId>) -> Option<FalseMatchBudget> {
        let own = match self.value["false_match_rate"].as_f64().map(FalseMatchBudget::new).transpose() {
            Ok(own) => own,
            Err(_) => {
                let found = &self.value["false_match_rate"];
                self.add(Wrong::new("/false_match_rate", "rate").with("found", found));
                return None;
            }
        };
        let Some((hub, gallery)) = self.against.draft().zip(gallery) else { return own };
        match hub.search_rule(own.or(hub.budgets().default), gallery) {
            Ok(_) | Err(BudgetError::EmptyGallery) => {}
            Err(BudgetError::GalleryTooLarge { templates, largest, .. }) => {
                let too_large = Wrong::new("/gallery", "gallery_too_large");
                self.add(too_large.with("templates", templates).with("largest", largest));
            }
            Err(error) => self.add(Wrong::new("/false_match_rate", "pack").with("why", error)),
        }
        own
    }

    /// What a person is asked for before this service looks for her face.
    fn purposes(&mut self) -> Vec<String> {
        let purposes = list(&self.value["purposes"]);
        if let Some(hub) = self.against.draft() {
            let declared = hub.purposes();
            for (nth, undeclared) in purposes.iter().enumerate().filter(|(_, id)| declared.find(id).is_none()) {
                let at = format!("/purposes/{nth}");
                self.add(Wrong::new(at, "purpose").with("found", undeclared));
            }
        }
        purposes
    }

    /// `None` where there are none, and where they are wrong, which is said.
    fn hours(&mut self) -> Option<Hours> {
        let hours = self.value["hours"].as_object()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let open = hours.get("open").and_then(Value::as_array).into_iter().flatten();
        let open =
            open.map(|open| OpenConfig { days: list(&open["days"]), from: text(&open["from"]), to: text(&open["to"]) });
        let zone = hours.get("zone").and_then(Value::as_str).unwrap_or("Asia/Tokyo").to_owned();
        let of = |name| hours.get(name).map(list).unwrap_or_default();
        match Hours::new(HoursConfig { zone, open: open.collect(), closed: of("closed"), always: of("always") }) {
            Ok(hours) => Some(hours),
            Err(problems) => {
                // What the schema said of a place, or of something in it, is said.
                let said = |at: &str| self.wrong.iter().any(|before| before.pointer.starts_with(at));
                let new: Vec<Wrong> =
                    problems.iter().map(Wrong::of_hours).filter(|wrong| !said(&wrong.pointer)).collect();
                new.into_iter().for_each(|wrong| self.add(wrong));
                None
            }
        }
    }

    fn handles(&self, table: &str) -> Vec<String> {
        self.value[table].as_object().into_iter().flatten().map(|(handle, _)| handle.clone()).collect()
    }

    async fn bound(&mut self, table: &str) -> Result<BTreeMap<String, MerchantId>, ReadError> {
        let mut bound = BTreeMap::new();
        for handle in self.handles(table) {
            let merchant = self.merchant(&format!("/{table}/{}", escaped(&handle))).await?;
            bound.extend(merchant.map(|merchant| (handle, merchant)));
        }
        Ok(bound)
    }

    async fn merchant(&mut self, pointer: &str) -> Result<Option<MerchantId>, ReadError> {
        let Some(id) = self.value.pointer(pointer).and_then(Value::as_str) else { return Ok(None) };
        let known = match (MerchantId::from_str(id), self.against.hub()) {
            (Ok(merchant), Some(hub)) => hub.merchant(merchant).await?.map(|merchant| merchant.id),
            (Ok(merchant), None) => Some(merchant),
            (Err(_), _) => None,
        };
        if known.is_none() {
            self.add(Wrong::new(pointer, "merchant").with("found", id));
        }
        Ok(known)
    }

    /// Who is paid has to have an account somewhere.
    async fn accounts(&mut self, payees: &BTreeMap<String, MerchantId>) -> Result<(), ReadError> {
        let Some(hub) = self.against.draft() else { return Ok(()) };
        for (handle, merchant) in payees {
            if hub.store().payees(*merchant).await?.is_empty() {
                let at = format!("/payees/{}", escaped(handle));
                self.add(Wrong::new(at, "payee_account").with("found", merchant));
            }
        }
        Ok(())
    }

    async fn gallery(&mut self, pointer: &str) -> Result<Option<GalleryId>, ReadError> {
        let Some(id) = self.value.pointer(pointer).and_then(Value::as_str) else { return Ok(None) };
        let known = match (GalleryId::from_str(id), self.against.hub()) {
            (Ok(gallery), Some(hub)) => hub.store().gallery(gallery).await?.map(|gallery| gallery.id),
            (Ok(gallery), None) => Some(gallery),
            (Err(_), _) => None,
        };
        if known.is_none() {
            self.add(Wrong::new(pointer, "gallery").with("found", id));
        }
        Ok(known)
    }
}

/// Whether this very component runs under these very settings.
fn is_running(hub: &Hub, service: &ServiceInstance) -> bool {
    let component = |own: &ServiceInstance| own.plugin().descriptor().digest;
    hub.services(&Caller::Operator).iter().any(|own| {
        own.id() == service.id()
            && own.config.settings == service.config.settings
            && component(own) == component(service)
    })
}

/// A name as a part of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn strings(table: &Value) -> impl Iterator<Item = (String, String)> {
    let pairs = table.as_object().into_iter().flatten();
    pairs.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())))
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
