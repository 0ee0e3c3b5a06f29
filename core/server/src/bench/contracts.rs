//! What a contract costs: checking a document, one step of it, and telling a running one, beside a plain capture of the
//! same amount on the same store.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_contract::{CapAndCapture, Contract, Event, Label, Period, Rails, Template, check};
use tebura_hub::capture_hold::{CaptureHold, OverCapture};
use tebura_hub::contracts::{AGREE_WITHIN_MS, AccountRef, PartyBinding, Proposal};
use tebura_hub::create_hold::CreateHold;
use tebura_hub::ids::{InstrumentId, MerchantId, PartyId, PartyKeyId};
use tebura_hub::instant::rfc3339;
use tebura_hub::parties::NewPartyKey;
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Caller, Clock, Egress, FaceEngine, Ids};
use tebura_hub::set_up::NewInstrument;
use tebura_hub::statements::SignedStatement;
use tebura_hub::statements::jws::sign;
use tebura_hub::{HOUSE, Hub, Ports};
use tebura_ledger::{AtDeadline, Currency, Finality, Money, RailId, Timestamp};
use tebura_store::{FileKek, SqlStore, StoreConfig};

use super::quiet::{NoEgress, NoFaces};
use super::{BenchError, median_and_p99};
use crate::clock::{SystemClock, SystemIds};

/// Captures and tellings counted.
const ROUNDS: usize = 500;
/// Looks at a document, and steps, counted.
const LOOKS: usize = 2_000;
/// What is held, yen; a little less is captured.
const HELD: i64 = 1_200;
const CAPTURED: i64 = 1_000;

/// The largest of the examples.
const LARGEST: &str = include_str!("../../../../examples/contracts/restaurant-cancel/contract.json");
const RAILS: &str = include_str!("../../../../examples/contracts/rails.json");

/// Measures contracts and returns the table as Markdown.
///
/// # Errors
/// [`BenchError`].
pub async fn contracts(directory: &Path) -> Result<String, BenchError> {
    let mut check_us = looks()?;
    let mut step_us = steps()?;
    let folder = tempfile::tempdir_in(directory)?;
    let desk = Desk::open(folder.path()).await?;
    let (mut capture_us, mut tell_us) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS + 20 {
        let capture = desk.capture(round).await?;
        let tell = desk.tell(round).await?;
        // The first ones warm caches up.
        if round >= 20 {
            capture_us.push(capture);
            tell_us.push(tell);
        }
    }
    desk.store.close().await;
    let (capture, tell) = (median_and_p99(&mut capture_us), median_and_p99(&mut tell_us));
    let (check, step) = (median_and_p99(&mut check_us), median_and_p99(&mut step_us));
    let share = |part: u64| 100.0 * part as f64 / capture.0.max(1) as f64;
    let mut table = String::new();
    let _ = writeln!(table, "| what | µs, median / p99 | of a capture |");
    let _ = writeln!(table, "|---|--:|--:|");
    let _ = writeln!(table, "| a plain capture, durable, one client | {} / {} | 100 % |", capture.0, capture.1);
    let _ = writeln!(
        table,
        "| a signed statement that captures, written with its evidence | {} / {} | {:.0} % |",
        tell.0,
        tell.1,
        share(tell.0)
    );
    let _ = writeln!(table, "| the contract's step alone | {} / {} | {:.1} % |", step.0, step.1, share(step.0));
    let _ = writeln!(table, "| checking the largest example | {} / {} | – |", check.0, check.1);
    Ok(table)
}

fn looks() -> Result<Vec<u64>, BenchError> {
    let rails: Rails = serde_json::from_str(RAILS).map_err(std::io::Error::other)?;
    (0..LOOKS).map(|_| timed(|| check(LARGEST, Some(&rails)).contract.map(drop))).collect()
}

fn steps() -> Result<Vec<u64>, BenchError> {
    let contract = meter().map_err(std::io::Error::other)?;
    let now = Timestamp::from_millis(0);
    let begun = contract.begin(now, &BTreeMap::new()).map_err(std::io::Error::other)?;
    let held = contract.step(&begun.state, &Event::LegHeld { leg: "sum".to_owned() }, now);
    let held = held.map_err(std::io::Error::other)?.state;
    let attest = Event::Attest {
        id: "n-0123456789abcd".to_owned(),
        by: "payee".to_owned(),
        attest: "due".to_owned(),
        fields: BTreeMap::from([("amount".to_owned(), CAPTURED)]),
    };
    (0..LOOKS).map(|_| timed(|| contract.step(&held, &attest, now).ok().map(drop))).collect()
}

/// How long something takes, in microseconds; that it does what it should.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed(work: impl Fn() -> Option<()>) -> Result<u64, BenchError> {
    let start = Instant::now();
    work().ok_or_else(|| std::io::Error::other("the contract refused what it should take"))?;
    Ok(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}

fn meter() -> Result<Contract, tebura_contract::TemplateError> {
    let name = Label { ja: "タクシー".to_owned(), en: "taxi".to_owned() };
    let (currency, rail, within) = ("JPY".to_owned(), HOUSE.to_owned(), Period::from_seconds(86_400));
    Template::CapAndCapture(CapAndCapture { name, currency, rail, hold: HELD, cap: None, within }).contract()
}

/// A hub on a new SQLite file, with a payer and a shop that signs.
struct Desk {
    hub: Hub,
    store: Arc<SqlStore>,
    merchant: MerchantId,
    payer: InstrumentId,
    shop: PartyId,
    private: SigningKey,
    kid: PartyKeyId,
    document: Value,
}

impl Desk {
    async fn open(folder: &Path) -> Result<Desk, BenchError> {
        let kek = FileKek::open_or_create(&folder.join("operator.key"))?;
        let url = format!("sqlite://{}?mode=rwc", folder.join("bench.sqlite").display());
        let store = Arc::new(SqlStore::open(StoreConfig::new(url, Arc::new(kek))).await?);
        let faces: Arc<dyn FaceEngine> = Arc::new(NoFaces::new().map_err(std::io::Error::other)?);
        let (egress, clock): (Arc<dyn Egress>, Arc<dyn Clock>) = (Arc::new(NoEgress), Arc::new(SystemClock::default()));
        let hub = Hub::new(Ports { store: store.clone(), faces, egress, clock, ids: Arc::new(SystemIds) });
        let merchant = hub.create_merchant(key("merchant"), "bench", true, Currency::JPY).await?.row.id;
        let issuer = hub.open_issuer(key("issuer"), Currency::JPY).await?;
        let person = hub.register_person(key("person"), "bench", None).await?.row.id;
        let new = NewInstrument {
            person,
            rail: RailId::new(HOUSE).map_err(std::io::Error::other)?,
            token: None,
            label: "points".to_owned(),
            is_default: false,
            currency: Currency::JPY,
        };
        let payer = hub.add_instrument(key("payer"), new).await?.row;
        hub.fund(key("funds"), issuer, payer.account, Money::new(100_000_000, Currency::JPY)).await?;
        let private = SigningKey::from_bytes(&SystemIds.secret());
        let party = hub.register_party(key("party"), "bench", None).await.map_err(std::io::Error::other)?.row.id;
        let body = b"{}".to_vec();
        let proof = SignedStatement { signature: sign(&private, None, &body), body };
        let public_key = private.verifying_key().to_bytes();
        let new = NewPartyKey { party, public_key, valid_from: None, valid_until: None, replaces: None };
        let kid = hub.register_party_key(&Caller::Operator, key("key"), new, &proof).await;
        let kid = kid.map_err(std::io::Error::other)?.row.id;
        let contract = meter().map_err(std::io::Error::other)?;
        let document = serde_json::from_str(contract.canonical()).map_err(std::io::Error::other)?;
        Ok(Desk { hub, store, merchant, payer: payer.id, shop: party, private, kid, document })
    }

    /// Holds, and measures the capture.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    async fn capture(&self, round: usize) -> Result<u64, BenchError> {
        let hold = CreateHold {
            payer: self.payer,
            merchant: self.merchant,
            amount: Money::new(HELD, Currency::JPY),
            cap: None,
            expires_in_ms: 86_400_000,
            at_deadline: AtDeadline::Release,
        };
        let held = self.hub.create_hold(key(&format!("hold {round}")), hold).await.map_err(std::io::Error::other)?;
        let capture = CaptureHold {
            caller: Caller::Merchant(self.merchant),
            hold: held.hold.id(),
            amount: Some(Money::new(CAPTURED, Currency::JPY)),
            finality: Finality::Final,
            split: Vec::new(),
            over: OverCapture::Refuse,
            expected_version: None,
        };
        let start = Instant::now();
        let captured = self.hub.capture_hold(key(&format!("capture {round}")), capture).await;
        let took = start.elapsed();
        let captured = captured.map_err(std::io::Error::other)?.hold.captured().minor();
        taken(captured)?;
        Ok(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
    }

    /// Begins a contract, signs a statement, and measures how long the hub takes to hear it and to capture.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    async fn tell(&self, round: usize) -> Result<u64, BenchError> {
        let payer = PartyBinding { signs: None, accounts: vec![AccountRef::Instrument(self.payer)] };
        let payee = PartyBinding { signs: Some(self.shop), accounts: vec![AccountRef::Merchant(self.merchant)] };
        let proposal = Proposal {
            merchant: self.merchant,
            document: self.document.clone(),
            further: Vec::new(),
            parties: BTreeMap::from([("payer".to_owned(), payer), ("payee".to_owned(), payee)]),
            anchors: BTreeMap::new(),
            agree_within_ms: AGREE_WITHIN_MS,
        };
        let begun = self.hub.propose_contract(key(&format!("contract {round}")), proposal).await;
        let id = begun.map_err(std::io::Error::other)?.record.id;
        let now = self.hub.now();
        let body = json!({
            "contract": id.to_string(), "by": "payee", "attest": "due", "fields": {"amount": CAPTURED},
            "nonce": format!("nonce-{round:010}"),
            "issued_at": rfc3339(now), "expires_at": rfc3339(now.plus_ms(60_000)),
        });
        let body = body.to_string().into_bytes();
        let signed = SignedStatement { signature: sign(&self.private, Some(&self.kid.to_string()), &body), body };
        let start = Instant::now();
        let told = self.hub.tell_contract(id, &signed).await;
        let took = start.elapsed();
        let view = told.map_err(std::io::Error::other)?.view;
        let standings = view.record.state().map(|state| view.contract.standings(state)).unwrap_or_default();
        taken(standings.first().map_or(0, |leg| leg.captured))?;
        Ok(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
    }
}

/// A figure counts only when the money was taken.
fn taken(captured: i64) -> Result<(), BenchError> {
    if captured == CAPTURED { Ok(()) } else { Err(BenchError::Books { merchants: captured, captured: CAPTURED }) }
}

fn key(word: &str) -> KeyRequest {
    KeyRequest { scope: "bench".to_owned(), key: word.to_owned(), fingerprint: [0; 32] }
}
