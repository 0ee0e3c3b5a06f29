//! `tebura plugin install`, `list`, `disable`, `enable`, `revoke`: what the operator asks of the hub that runs.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use reqwest::{Client, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tebura_plugin_host::{Package, powers};

use super::super::said::good;
use super::super::{Failure, Outcome, print};
use super::key::PUBLISHER;
use super::{manifest_of, words};
use crate::demo::DemoFile;
use crate::messages::{Language, fill, text};
use crate::plugins::{EndpointGrant, Grants, OpenWork};
use crate::wire::plugins::{InstallBody, ListedBody, OfferBody, ReasonBody};

/// Which hub, and as whom. The demo city's data folder says both.
#[derive(Args)]
pub(in crate::cli) struct HubArguments {
    /// The hub's address; the one in the data folder's demo.toml when it is left out.
    #[arg(long, env = "TEBURA_HUB")]
    hub: Option<String>,
    /// The operator's key. It is a secret: better in the environment than on the command line.
    #[arg(long, env = "TEBURA_OPERATOR_KEY", hide_env_values = true)]
    operator_key: Option<String>,
    /// The data folder of a demo city.
    #[arg(long, env = "TEBURA_DATA", default_value = "tebura-data")]
    data: PathBuf,
}

#[derive(Args)]
pub(in crate::cli) struct InstallArguments {
    /// The package's folder.
    folder: PathBuf,
    /// The address of an endpoint of the manifest, `gateway=https://api.example.jp`. Once for each.
    #[arg(long = "endpoint", value_name = "NAME=ORIGIN")]
    endpoints: Vec<String>,
    /// Where an endpoint may lie besides public addresses: `gateway=10.20.0.0/16`. An address of this machine is taken so.
    #[arg(long = "reach", value_name = "NAME=RANGE")]
    reach: Vec<String>,
    /// The file in credentials/ of the hub's data folder that holds an endpoint's credential: `gateway=machi-pay`.
    #[arg(long = "credential", value_name = "NAME=FILE")]
    credentials: Vec<String>,
    /// The header that carries an endpoint's credential; authorization when it is left out: `gateway=x-api-key`.
    #[arg(long = "credential-header", value_name = "NAME=HEADER")]
    credential_headers: Vec<String>,
    /// The file in credentials/ with certificates that may vouch for an endpoint: `gateway=bank-ca.pem`.
    #[arg(long = "roots", value_name = "NAME=FILE")]
    roots: Vec<String>,
    /// The file in credentials/ with the certificate and key that the hub shows an endpoint: `gateway=hub.pem`.
    #[arg(long = "identity", value_name = "NAME=FILE")]
    identities: Vec<String>,
    /// The file in credentials/ of the hub's data folder that holds a key of the manifest: `webhook=machi-pay-webhook`.
    #[arg(long = "key", value_name = "NAME=FILE")]
    keys: Vec<String>,
    /// A setting that the plugin reads: `merchant_code=m1`.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Take an older version than the one that is approved.
    #[arg(long)]
    step_back: bool,
    /// Approve without being asked: for scripts, after a person has read what the plugin asks for.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    hub: HubArguments,
}

#[derive(Args)]
pub(in crate::cli) struct SwitchArguments {
    /// The plugin's id, or the rail's name: for a rail plugin they are the same.
    name: String,
    /// Why, for the journal.
    #[arg(long, default_value = "the operator's command")]
    reason: String,
    /// Do it without being asked.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    hub: HubArguments,
}

#[derive(Args)]
pub(in crate::cli) struct RevokeArguments {
    /// The key's name, as `tebura plugin inspect` prints it.
    key: String,
    /// Why, for the journal.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    hub: HubArguments,
}

pub(super) async fn install(arguments: InstallArguments) -> Outcome {
    let (manifest_bytes, manifest) = manifest_of(&arguments.folder)?;
    let package = Package::read(&arguments.folder)?;
    let read = |name: &str| std::fs::read_to_string(arguments.folder.join(name)).ok();
    let mut body = InstallBody {
        manifest: String::from_utf8(manifest_bytes)?,
        component: STANDARD.encode(&package.component),
        signatures: package.signatures.map(String::from_utf8).transpose()?,
        publisher: read(PUBLISHER),
        grants: grants(&arguments)?,
        step_back: arguments.step_back,
        approval: None,
    };
    let far = Far::new(&arguments.hub)?;
    let offer: OfferBody = far.send(Method::POST, "/operator/plugins/offer", Some(&body)).await?;
    let replaced = offer.replaces.as_ref().map(|version| format!(" (now {version})")).unwrap_or_default();
    print::line(&format!("{} {}{replaced}", offer.plugin, offer.version));
    let new = if offer.replaces.is_some() { offer.more.as_slice() } else { &[] };
    print::raw(&words::sentences(&powers(&manifest), new));
    for (name, endpoint) in &body.grants.endpoints {
        let credential =
            if endpoint.credential.is_some() { "plugin.with_credential" } else { "plugin.without_credential" };
        for language in BOTH {
            let values =
                [("endpoint", name.as_str()), ("origin", &endpoint.origin), ("credential", text(language, credential))];
            print::line(&fill(language, "plugin.bound", &values));
        }
    }
    for key in manifest.keys.keys() {
        let (word, file) = match body.grants.keys.get(key) {
            Some(file) => ("plugin.key_bound", file.as_str()),
            None => ("plugin.key_unbound", ""),
        };
        for language in BOTH {
            print::line(&fill(language, word, &[("key", key), ("file", file)]));
        }
    }
    if let Some((key, fingerprint)) = &offer.new_key {
        for language in BOTH {
            print::line(&fill(language, "plugin.new_key", &[("key", key), ("fingerprint", fingerprint)]));
        }
    }
    // A new version that asks for nothing more, from a known key, was approved with the one before.
    let asks_nothing = offer.replaces.is_some() && offer.more.is_empty() && offer.new_key.is_none();
    let quiet = asks_nothing && !arguments.step_back;
    if !quiet && !arguments.yes && !agreed("plugin.approve")? {
        return Err(text(Language::of_process(), "plugin.not_approved").into());
    }
    body.approval = Some(offer.approval);
    let done: OfferBody = far.send(Method::POST, "/operator/plugins", Some(&body)).await?;
    for language in BOTH {
        print::line(&fill(language, "plugin.enabled", &[("plugin", &done.plugin), ("version", &done.version)]));
    }
    Ok(())
}

pub(super) async fn list(arguments: HubArguments) -> Outcome {
    let listed: Vec<ListedBody> = Far::new(&arguments)?.send(Method::GET, "/operator/plugins", None::<&()>).await?;
    for plugin in listed {
        let state = match (&plugin.disabled, plugin.configured) {
            (Some(reason), _) => format!("off: {reason}"),
            (None, true) => "on, by configuration".to_owned(),
            (None, false) => "on".to_owned(),
        };
        print::line(&format!(
            "{:<28} {:<8} {}  {state}",
            plugin.plugin,
            plugin.version,
            plugin.digest.get(..12).unwrap_or("")
        ));
    }
    Ok(())
}

pub(super) async fn switch(arguments: SwitchArguments, on: bool) -> Outcome {
    let path = |verb: &str| format!("/operator/plugins/{}/{verb}", arguments.name);
    if on {
        Far::new(&arguments.hub)?.tell(Method::POST, &path("enable"), None::<&()>).await?;
        print::line(&format!("{} is on", arguments.name));
        return Ok(());
    }
    let far = asked(&arguments, "plugin.open_work", "plugin.switch_off").await?;
    let reason = ReasonBody { reason: arguments.reason };
    let _: OpenWork = far.send(Method::POST, &path("disable"), Some(&reason)).await?;
    print::line(&format!("{} is off", arguments.name));
    Ok(())
}

/// Takes no new holds on a rail, or takes them again.
pub(in crate::cli) async fn switch_rail(arguments: SwitchArguments, on: bool) -> Outcome {
    let path = |verb: &str| format!("/operator/rails/{}/{verb}", arguments.name);
    if on {
        Far::new(&arguments.hub)?.tell(Method::POST, &path("resume"), None::<&()>).await?;
        print::line(&format!("{} takes new holds", arguments.name));
        return Ok(());
    }
    let far = asked(&arguments, "plugin.open_on_rail", "plugin.stop_rail").await?;
    let reason = ReasonBody { reason: arguments.reason };
    far.tell(Method::POST, &path("stop"), Some(&reason)).await?;
    print::line(&format!("{} takes no new holds; what is held goes its way", arguments.name));
    Ok(())
}

pub(super) async fn withdraw(arguments: SwitchArguments) -> Outcome {
    let far = asked(&arguments, "plugin.open_work", "plugin.withdraw").await?;
    let reason = ReasonBody { reason: arguments.reason };
    let path = format!("/operator/plugins/{}/withdraw", arguments.name);
    let digest: String = far.send(Method::POST, &path, Some(&reason)).await?;
    print::line(&format!("the component {digest} of {} is withdrawn and never runs again", arguments.name));
    Ok(())
}

/// Shows what is open, and lets the operator think again.
async fn asked(arguments: &SwitchArguments, open_work: &'static str, question: &'static str) -> Result<Far, Failure> {
    let far = Far::new(&arguments.hub)?;
    let path = format!("/operator/rails/{}/open", arguments.name);
    let open: OpenWork = far.send(Method::GET, &path, None::<&()>).await?;
    let more = if open.more { "+" } else { "" };
    let counts = [open.operations, open.in_doubt, open.holds].map(|count| format!("{count}{more}"));
    let values = [("operations", counts[0].as_str()), ("in_doubt", &counts[1]), ("holds", &counts[2])];
    for language in BOTH {
        print::line(&fill(language, open_work, &values));
    }
    if !arguments.yes && !agreed(question)? {
        return Err(text(Language::of_process(), "plugin.still_on").into());
    }
    Ok(far)
}

pub(super) async fn revoke(arguments: RevokeArguments) -> Outcome {
    let far = Far::new(&arguments.hub)?;
    let reason = ReasonBody { reason: arguments.reason };
    far.tell(Method::POST, &format!("/operator/plugin-keys/{}/revoke", arguments.key), Some(&reason)).await?;
    print::line(&format!("{} is revoked: nothing that it signed runs again", arguments.key));
    Ok(())
}

const BOTH: [Language; 2] = [Language::Japanese, Language::English];

/// Asks in both languages; only a whole word is a yes.
pub(in crate::cli) fn agreed(question: &'static str) -> Result<bool, std::io::Error> {
    for language in BOTH {
        print::line(text(language, question));
    }
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if !std::io::stdin().is_terminal() {
        print::line(&format!("> {}", answer.trim()));
    }
    Ok(matches!(answer.trim(), "yes" | "はい"))
}

fn grants(arguments: &InstallArguments) -> Result<Grants, Failure> {
    let pair = |text: &str| {
        let wrong = || format!("{text:?} is not NAME=VALUE; write for example gateway=https://api.example.jp");
        text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(wrong)
    };
    let mut grants = Grants::default();
    for endpoint in &arguments.endpoints {
        let (name, origin) = pair(endpoint)?;
        let reach = if is_this_machine(&origin) { vec!["loopback".to_owned()] } else { Vec::new() };
        let grant = EndpointGrant { origin, reach, ..EndpointGrant::default() };
        grants.endpoints.insert(name, grant);
    }
    let mut endpoint = |text: &String, set: &dyn Fn(&mut EndpointGrant, String)| -> Result<(), Failure> {
        let (name, value) = pair(text)?;
        let grant = grants.endpoints.get_mut(&name);
        set(grant.ok_or_else(|| format!("endpoint {name:?} has no address; add --endpoint {name}=https://…"))?, value);
        Ok(())
    };
    for text in &arguments.reach {
        endpoint(text, &|grant, range| grant.reach.push(range))?;
    }
    for text in &arguments.credentials {
        endpoint(text, &|grant, file| grant.credential = Some(file))?;
    }
    for text in &arguments.credential_headers {
        endpoint(text, &|grant, header| grant.credential_header = Some(header))?;
    }
    for text in &arguments.roots {
        endpoint(text, &|grant, file| grant.roots = Some(file))?;
    }
    for text in &arguments.identities {
        endpoint(text, &|grant, file| grant.identity = Some(file))?;
    }
    for key in &arguments.keys {
        let (name, file) = pair(key)?;
        grants.keys.insert(name, file);
    }
    for setting in &arguments.settings {
        let (name, value) = pair(setting)?;
        grants.settings.insert(name, value);
    }
    Ok(grants)
}

fn is_this_machine(origin: &str) -> bool {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|own| host.starts_with(own))
}

/// The hub at the other end.
pub(in crate::cli) struct Far {
    client: Client,
    hub: String,
    key: String,
}

impl Far {
    pub(in crate::cli) fn new(arguments: &HubArguments) -> Result<Far, Failure> {
        let (hub, key) = match (&arguments.hub, &arguments.operator_key) {
            (Some(hub), Some(key)) => (hub.clone(), key.clone()),
            (Some(_), None) => return Err("the operator's key is missing; put it into TEBURA_OPERATOR_KEY".into()),
            (None, key) => {
                let demo = DemoFile::read(&arguments.data)?;
                (demo.hub, key.clone().unwrap_or(demo.operator_key))
            }
        };
        let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // Without TLS no certificates are needed, and none are looked for.
        let client = if hub.starts_with("http://") { builder.tls_certs_only([]) } else { builder }.build()?;
        if hub.starts_with("http://") && !is_this_machine(&hub) {
            return Err(
                format!("{hub} is not encrypted: the operator's key would be readable on its way; use https").into()
            );
        }
        Ok(Far { client, hub: hub.trim_end_matches('/').to_owned(), key })
    }

    pub(in crate::cli) async fn send<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<T, Failure> {
        Ok(serde_json::from_slice(&self.bytes(method, path, body).await?)?)
    }

    async fn tell<B: Serialize>(&self, method: Method, path: &str, body: Option<&B>) -> Outcome {
        self.bytes(method, path, body).await.map(|_| ())
    }

    async fn bytes<B: Serialize>(&self, method: Method, path: &str, body: Option<&B>) -> Result<Vec<u8>, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.hub)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(serde_json::to_vec(body)?);
        }
        let unreachable = |_| format!("no hub answers at {}; start one, or name it with --hub", self.hub);
        let response = request.send().await.map_err(unreachable)?;
        good(response).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_seen() {
        for own in ["http://127.0.0.1:80", "http://localhost:9000", "http://[::1]:1"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["https://api.example.jp", "http://10.0.0.7", "https://example.jp/?127.0.0.1"] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
