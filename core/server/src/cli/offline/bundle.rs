//! The way of a bundle: asked for at the device, made by the operator while there is a network, checked at the device.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use reqwest::Client;
use sha2::{Digest, Sha256};
use tebura_hub::ids::PartyId;
use tebura_hub::pack_name;
use tebura_hub::ports::Clock;
use tebura_hub::services::BundleAsk;
use tebura_ledger::Timestamp;
use tebura_ledger::instant::rfc3339;

use super::log::SignerArguments;
use super::said::good;
use super::{Failure, Outcome, print};
use crate::audit::public_key;
use crate::clock::SystemClock;
use crate::hex;
use crate::messages::{Language, fill, text};
use crate::offline_bundle::key::BundleKey;
use crate::offline_bundle::{BundleRefusal, OpenBundle, Terminal, open};
use crate::start::faces::{choose_engine, read_pack};
use crate::wire::offline::{OfflineBundleBody, OfflineBundleRequestBody, SignedEntryBody};

#[derive(Args)]
pub(in crate::cli) struct RequestArguments {
    #[command(flatten)]
    signer: SignerArguments,
    /// The device's party.
    #[arg(long)]
    device: PartyId,
    /// The service.
    #[arg(long)]
    service: String,
    /// Where the key for this bundle goes; must not exist yet. Delete it to make the bundle worthless.
    #[arg(long)]
    bundle_key: PathBuf,
}

#[derive(Args)]
pub(in crate::cli) struct ProvisionArguments {
    /// The device's request.
    request: PathBuf,
    /// Where the bundle goes.
    #[arg(long)]
    out: PathBuf,
    /// The hub.
    #[arg(long, env = "TEBURA_HUB", default_value = "http://127.0.0.1:8080")]
    hub: String,
    /// The operator's key. Better in the environment than on the command line.
    #[arg(long, env = "TEBURA_OPERATOR_KEY", hide_env_values = true)]
    operator_key: String,
}

#[derive(Args)]
pub(in crate::cli) struct OpenArguments {
    /// The bundle.
    bundle: PathBuf,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// With what a bundle is opened.
#[derive(Args)]
pub(in crate::cli) struct OpeningArguments {
    /// The key that the bundle was asked for with.
    #[arg(long)]
    bundle_key: PathBuf,
    /// The hub's public key, `audit.pub` of its data folder, as it was given to this device.
    #[arg(long)]
    hub_public: PathBuf,
    /// The model pack's folder; the pack that the program carries when it is left out.
    #[arg(long, env = "TEBURA_PACK")]
    pub(super) pack: Option<PathBuf>,
}

pub(super) fn request(arguments: &RequestArguments) -> Outcome {
    let RequestArguments { signer, device, service, bundle_key } = arguments;
    let key = BundleKey::create(bundle_key)?;
    let ask = BundleAsk {
        service: service.clone(),
        device: device.to_string(),
        recipient: URL_SAFE_NO_PAD.encode(key.public()),
        at: rfc3339(SystemClock::default().now()),
    };
    let signed = signer.sign(serde_json::to_vec(&ask)?)?;
    let body = SignedEntryBody { body: String::from_utf8(signed.body)?, signature: signed.signature };
    print::line(&serde_json::to_string(&body)?);
    let path = bundle_key.display().to_string();
    print::note(&fill(Language::of_process(), "offline.requested", &[("key", &path)]));
    Ok(())
}

pub(super) async fn provision(arguments: ProvisionArguments) -> Outcome {
    let ProvisionArguments { request, out, hub, operator_key } = arguments;
    let language = Language::of_process();
    let path = request.display().to_string();
    let bytes = std::fs::read(&request).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let request: SignedEntryBody = serde_json::from_slice(&bytes)
        .map_err(|error| format!("{path} is no request of `tebura offline request`: {error}"))?;
    let ask: BundleAsk = serde_json::from_str(&request.body)
        .map_err(|error| format!("{path} is no request of `tebura offline request`: {error}"))?;
    let url = format!("{}/v1/services/{}/offline-bundles", hub.trim_end_matches('/'), ask.service);
    let answer = Client::builder()
        .build()?
        .post(url)
        .bearer_auth(operator_key)
        .header("idempotency-key", format!("bundle-{}", hex::encode(&Sha256::digest(&bytes))))
        .header("accept-language", language.tag())
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&OfflineBundleRequestBody { request })?)
        .send()
        .await?;
    let bundle = good(answer).await?;
    let header = serde_json::from_slice::<OfflineBundleBody>(&bundle)?.header;
    std::fs::File::create(&out)?.write_all(&bundle)?;
    print::line(&described(language, "offline.provisioned", &serde_json::from_str(&header)?));
    Ok(())
}

pub(super) fn show(arguments: &OpenArguments) -> Outcome {
    let pack = read_pack(arguments.opening.pack.as_deref())?;
    let pack = pack_name(&pack.describe(&choose_engine("auto".parse()?)?.engine));
    let bundle = opened(&arguments.bundle, &arguments.opening, &pack, SystemClock::default().now())?;
    print::line(&described(Language::of_process(), "offline.opened", bundle.header()));
    Ok(())
}

/// A bundle in memory, or its refusal in words.
pub(super) fn opened(
    bundle: &Path,
    opening: &OpeningArguments,
    pack: &str,
    now: Timestamp,
) -> Result<OpenBundle, Failure> {
    let bytes = std::fs::read(bundle).map_err(|error| format!("{} cannot be read: {error}", bundle.display()))?;
    let (key, hub) = (BundleKey::read(&opening.bundle_key)?, public_key(&opening.hub_public)?);
    let body: Result<OfflineBundleBody, _> = serde_json::from_slice(&bytes);
    let terminal = Terminal { key: &key, hub: &hub, pack, now };
    let opened = body.map_err(|_| BundleRefusal::Malformed).and_then(|body| open(&body, &terminal));
    opened.map_err(|refusal| refused(Language::of_process(), refusal).into())
}

/// What is wrong with a bundle, what to do, and the ways that need none.
pub(super) fn refused(language: Language, refusal: BundleRefusal) -> String {
    let code = refusal.code();
    format!("{} ({code})\n{}", text(language, &format!("offline.{code}")), text(language, "offline.other_ways"))
}

fn described(language: Language, key: &str, header: &crate::offline_bundle::BundleHeader) -> String {
    let people = header.people.to_string();
    let values = [
        ("people", people.as_str()),
        ("service", header.service.as_str()),
        ("device", header.device.as_str()),
        ("until", header.expires_at.as_str()),
    ];
    fill(language, key, &values)
}
