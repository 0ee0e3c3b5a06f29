//! The venue that is measured: people who are enrolled and have agreed, a pass bound to each, and a key for each gate.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tebura_face::{Conditions, FaceBox, Liveness, Pack, Quality, Sample, SampleRefusal, Template};
use tebura_hub::consent::{AUTHENTICATE, ConsentActor, ConsentEvent, ConsentState};
use tebura_hub::ids::{ConsentId, MerchantId, PersonId, ReferenceId};
use tebura_hub::people::{FaceReference, Person};
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Caller, Clock, FaceEngine, Ids, Store, Unit, Write as Row};
use tebura_hub::privacy::PrivacyWrite;
use tebura_hub::services::{AskService, InstanceConfig, ServiceInstance, Who};
use tebura_hub::set_up::NewInstrument;
use tebura_hub::sites::Scope;
use tebura_hub::{HOUSE, Hub, Ports};
use tebura_ledger::{Currency, RailId, Shard};
use tebura_plugin_host::Package;
use tebura_store::{FileKek, SqlStore, StoreConfig};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::super::BenchError;
use super::super::galleries::template;
use super::super::quiet::{NoEgress, NoFaces};
use super::GatesBench;
use crate::auth::KeySecret;
use crate::clock::{SystemClock, SystemIds};
use crate::hex;
use crate::regions::Regions;
use crate::start::rails::{self, PluginPlan};

/// The service's name.
pub(super) const SERVICE: &str = "venue";
/// What the ticket office signs with.
const OFFICE: &str = "the ticket office of the benchmark";
/// People in one unit.
const IN_BULK: usize = 250;
/// Instruments that are made at once, and passes that are bound.
const AT_ONCE: usize = 8;
/// How much of somebody else is in the look at the gate.
const NOISE: f32 = 0.2;

/// Takes an embedding for the picture that it was made of.
struct Precomputed(Pack);

#[async_trait]
impl FaceEngine for Precomputed {
    fn pack(&self) -> &Pack {
        &self.0
    }

    async fn examine(&self, image: Vec<u8>) -> Result<Sample, SampleRefusal> {
        let template = Template::from_bytes(&image).map_err(|_| SampleRefusal::NotAnImage)?;
        let face = FaceBox { x0: 220.0, y0: 120.0, x1: 420.0, y1: 360.0 };
        let quality = Quality { detector_score: 0.99, brightness: 0.5, eye_distance_px: 90.0, turn: 0.0 };
        Ok(Sample { template, liveness: Liveness::NotClaimed, face, quality, conditions: Conditions::default() })
    }
}

/// Somebody before a gate: the whole form, ready to be sent.
pub(super) struct Check {
    pub(super) form: Vec<u8>,
    /// Of the request, once.
    pub(super) word: String,
}

/// A venue that stands.
pub(super) struct Venue {
    pub(super) hub: Arc<Hub>,
    pub(super) store: Arc<SqlStore>,
    /// How long it took to bind the passes.
    pub(super) bound_in: Duration,
    people: Vec<PersonId>,
    keys: Vec<Arc<str>>,
}

impl Venue {
    /// Builds it: nothing of this counts.
    pub(super) async fn open(folder: &Path, bench: &GatesBench) -> Result<Venue, BenchError> {
        if bench.passes < bench.comers() || bench.gates == 0 {
            let least = bench.comers();
            return Err(BenchError::Venue(format!("{least} people come, nobody twice: name --passes {least} or more")));
        }
        let kek = Arc::new(FileKek::open_or_create(&folder.join("key"))?);
        let url = format!("sqlite://{}?mode=rwc", folder.join("bench.sqlite").display());
        let store = Arc::new(SqlStore::open(StoreConfig::new(url, kek)).await?);
        let faces = Precomputed(NoFaces::of(bench.dims).map_err(std::io::Error::other)?.pack().clone());
        let hub = Arc::new(Hub::new(Ports {
            store: store.clone(),
            faces: Arc::new(faces),
            egress: Arc::new(NoEgress),
            clock: Arc::new(SystemClock::default()),
            ids: Arc::new(SystemIds),
        }));
        let people = enrol(&hub, &store, bench).await?;
        hub.load_galleries(|_| ()).await?;
        let merchant = hub.create_merchant(once("venue"), "venue", true, Currency::JPY).await?.row.id;
        hub.add_service(service(&hub, &store, merchant, bench).await?);
        let mut keys = Vec::new();
        for nth in 0..bench.gates {
            let secret = SystemIds.secret();
            let (sha256, word) = (KeySecret::sha256_of(&secret), once(format!("key {nth}")));
            let row = hub.create_api_key(word, sha256, Some(merchant), None, vec![Scope::Services]).await?.row;
            keys.push(Arc::from(KeySecret::new(row.id, secret).reveal().as_str()));
        }
        let mut venue = Venue { hub, store, bound_in: Duration::ZERO, people, keys };
        venue.hand_out_wallets(bench.comers()).await?;
        let began = Instant::now();
        venue.bind().await?;
        venue.bound_in = began.elapsed();
        Ok(venue)
    }

    /// The secret of a gate's key.
    pub(super) fn key(&self, nth: usize) -> &Arc<str> {
        &self.keys[nth % self.keys.len()]
    }

    /// Everybody who comes, in order: at gate by gate.
    pub(super) fn checks(&self, bench: &GatesBench) -> Result<Vec<Check>, BenchError> {
        let check = |(nth, person): (usize, &PersonId)| {
            let input = json!({"gate": format!("g{}", nth % bench.gates), "ticket": ticket(nth)});
            let request = json!({"action": "enter", "person": person.to_string(), "by": "qr", "input": input});
            let mut form =
                format!("--e\r\ncontent-disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n").into_bytes();
            form.extend_from_slice(b"--e\r\ncontent-disposition: form-data; name=\"image\"\r\n\r\n");
            form.extend_from_slice(&look(nth, bench.dims)?.to_bytes());
            form.extend_from_slice(b"\r\n--e--\r\n");
            Ok(Check { form, word: format!("enter-{nth}") })
        };
        self.people.iter().take(bench.comers()).enumerate().map(check).collect()
    }

    /// Whoever comes has something to pay with, and is let into the shops' gallery.
    async fn hand_out_wallets(&self, comers: usize) -> Result<(), BenchError> {
        let rail = RailId::new(HOUSE).map_err(std::io::Error::other)?;
        let comers: Vec<(usize, &PersonId)> = self.people.iter().take(comers).enumerate().collect();
        for chunk in comers.chunks(AT_ONCE) {
            let wallet = |(nth, person): &(usize, &PersonId)| {
                let (person, rail, label) = (**person, rail.clone(), "points".to_owned());
                let new = NewInstrument { person, rail, token: None, label, is_default: true, currency: Currency::JPY };
                self.hub.add_instrument(once(format!("wallet {nth}")), new)
            };
            try_join_all(chunk.iter().map(wallet)).await?;
        }
        Ok(())
    }

    /// Staff bind every pass to its person, through the gate plugin.
    async fn bind(&self) -> Result<(), BenchError> {
        let everybody: Vec<(usize, &PersonId)> = self.people.iter().enumerate().collect();
        for chunk in everybody.chunks(AT_ONCE) {
            let bind = |(nth, person): &(usize, &PersonId)| {
                let ask = AskService {
                    caller: Caller::Operator,
                    service: SERVICE.to_owned(),
                    action: "bind".to_owned(),
                    input: json!({"ticket": ticket(*nth)}),
                    who: Who::Person { person: **person, by: "staff".to_owned() },
                    instrument: None,
                    attested: Vec::new(),
                    consent: None,
                    happened_at: None,
                };
                self.hub.ask_service(once(format!("bind {nth}")), ask)
            };
            for answer in try_join_all(chunk.iter().map(bind)).await.map_err(|error| refused(&error))? {
                let output = &answer.request.progress.output;
                if !output.as_deref().is_some_and(|text| text.contains("\"bound\":true")) {
                    return Err(BenchError::Venue(format!("a pass was not bound: {output:?}")));
                }
            }
        }
        Ok(())
    }
}

fn refused(error: &dyn std::fmt::Display) -> BenchError {
    BenchError::Venue(error.to_string())
}

fn once(word: impl Into<String>) -> KeyRequest {
    KeyRequest { scope: "bench".to_owned(), key: word.into(), fingerprint: [0; 32] }
}

/// What the ticket office printed for the nth.
fn ticket(nth: usize) -> String {
    let signed = format!("TK1.S{nth}.season.2020-01-01.2099-12-31");
    // HMAC takes a key of any length, so this never takes the first branch.
    let code = Hmac::<Sha256>::new_from_slice(OFFICE.as_bytes())
        .map_or_else(|_| Vec::new(), |hmac| hmac.chain_update(signed.as_bytes()).finalize().into_bytes().to_vec());
    format!("{signed}.{}", hex::encode(&code))
}

/// How the nth looks today: like her reference, and a little like somebody else.
fn look(nth: usize, dims: usize) -> Result<Template, BenchError> {
    let failed = |error: tebura_face::TemplateError| refused(&error);
    let numbers = |template: &Template| -> Vec<f32> {
        template
            .to_bytes()
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect()
    };
    let own = numbers(&template(nth as u64, dims).map_err(failed)?);
    let other = numbers(&template(u64::MAX - nth as u64, dims).map_err(failed)?);
    Template::from_raw(own.iter().zip(&other).map(|(own, other)| own + NOISE * other).collect()).map_err(failed)
}

/// Everybody, with a template and the word that she may be recognised.
async fn enrol(hub: &Hub, store: &SqlStore, bench: &GatesBench) -> Result<Vec<PersonId>, BenchError> {
    let (shard, at, purposes) = (Shard::new(0), SystemClock::default().now(), hub.purposes());
    let version = purposes.find(AUTHENTICATE).map(|purpose| purpose.version.clone()).unwrap_or_default();
    let mut people = Vec::with_capacity(bench.passes);
    while people.len() < bench.passes {
        let from = people.len();
        let mut writes = Vec::with_capacity(3 * IN_BULK);
        for nth in from..(from + IN_BULK).min(bench.passes) {
            let person = PersonId::from_uuid(SystemIds.next(shard));
            people.push(person);
            writes.push(Row::Person(Person { id: person, name: format!("{nth}"), pin_hash: None, created_at: at }));
            writes.push(Row::FaceReference(FaceReference {
                id: ReferenceId::from_uuid(SystemIds.next(shard)),
                person,
                pack: NoFaces::PACK.to_owned(),
                template: template(nth as u64, bench.dims).map_err(|error| refused(&error))?,
                created_at: at,
            }));
            writes.push(Row::Privacy(PrivacyWrite::Consent(ConsentEvent {
                id: ConsentId::from_uuid(SystemIds.next(shard)),
                person,
                purpose: AUTHENTICATE.to_owned(),
                version: version.clone(),
                notice_sha256: purposes.notice_sha256,
                language: "ja".to_owned(),
                state: ConsentState::Given,
                actor: ConsentActor::Staff,
                at,
            })));
        }
        let unit = Unit { writes, ..Unit::default() };
        store.commit(shard, at, unit).await.map_err(|error| refused(&error))?;
    }
    Ok(people)
}

/// The gate plugin with its gates.
async fn service(
    hub: &Hub,
    store: &Arc<SqlStore>,
    merchant: MerchantId,
    bench: &GatesBench,
) -> Result<ServiceInstance, BenchError> {
    let package = Package::read(&bench.plugin).map_err(|error| refused(&error))?;
    let keys = BTreeMap::from([("tickets".to_owned(), Zeroizing::new(OFFICE.to_owned()))]);
    let plan = PluginPlan { name: "gate".to_owned(), package, settings: BTreeMap::new(), keys, endpoints: Vec::new() };
    let trust = rails::trust(None, true).map_err(|error| refused(&error))?;
    let (store, runtime) = (store.clone(), tokio::runtime::Handle::current());
    let started =
        tokio::task::spawn_blocking(move || rails::start(trust, None, vec![plan], Regions::default(), store, runtime))
            .await?;
    let host = started.map_err(|error| refused(&error))?.host;
    let plugin = host.plugins().into_iter().find_map(|plugin| plugin.service().map(Arc::clone));
    let plugin = plugin.ok_or_else(|| BenchError::Venue("the plugin is not a service".to_owned()))?;
    let today = hub.create_gallery(once("today"), "today").await?.row.id;
    let name = |word: &str| json!({"ja": word, "en": word});
    let gates: BTreeMap<String, Value> = (0..bench.gates).map(|nth| (format!("g{nth}"), json!("face"))).collect();
    let pass = json!({
        "title": name("season"), "lanes": ["face"], "by_face": true, "instruments": ["points"], "charge": 0, "re_entry": true
    });
    let config = InstanceConfig {
        id: SERVICE.to_owned(),
        titles: Vec::new(),
        merchant,
        settings: json!({
            "gates": gates, "lanes": {"face": name("face")}, "instruments": {"points": [HOUSE]}, "passes": {"season": pass}
        }),
        payees: BTreeMap::from([("venue".to_owned(), merchant)]),
        currency: Currency::JPY,
        cap: 5_000,
        pin_above: 5_000,
        gallery: None,
        galleries: BTreeMap::from([("today".to_owned(), today)]),
        false_match_rate: None,
        purposes: Vec::new(),
        attested: Vec::new(),
        hours: None,
        keep_days: None,
        fallback: BTreeMap::new(),
    };
    ServiceInstance::new(config, plugin)
        .map_err(|problems| BenchError::Venue(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
}
