//! Builds the city through the hub's own verbs. Every step has a fixed key, so a second start finds what the first made.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tebura_hub::consent::{ConsentActor, ConsentError, ConsentState, NewConsent, OWN_PURPOSES};
use tebura_hub::enroll_face::EnrollFaceError;
use tebura_hub::ids::{GalleryId, MerchantId, PersonId, TillId};
use tebura_hub::people::{CaptureSession, Instrument, masked};
use tebura_hub::perform::KeyRequest;
use tebura_hub::pin::{Pin, PinFormatError};
use tebura_hub::ports::ReadError;
use tebura_hub::set_up::{NewInstrument, NewTill, SetUpError};
use tebura_hub::sites::{Payee, Scope};
use tebura_hub::{HOUSE, Hub};
use tebura_ledger::{AccountId, Currency, Money, RailId, RailIdError};
use tebura_providers::wallet::{BooksError, Sandbox};

use super::faces;
use super::ledger::{DemoLedger, Entry};
use crate::auth::KeySecret;

/// The wallet plugin's rail.
const WALLET: &str = "jp.tebura.wallet";
/// The provider's name of the shop.
const SHOP_TOKEN: &str = "demo-shop";
/// Above this a PIN is asked: a lunch pays by face alone, a coat does not.
const PIN_ABOVE: i64 = 5_000;
/// Largest payment at the demo till.
const MAX_AMOUNT: i64 = 30_000;

/// Somebody of the city.
pub(super) struct PersonPlan {
    /// In Japanese, as written.
    pub(super) name: &'static str,
    /// The word in file names and keys.
    pub(super) word: &'static str,
    pub(super) seed: u64,
    /// Money to begin with, yen.
    pub(super) money: i64,
    /// Whether it is in the wallet; else city points.
    pub(super) wallet: bool,
    pub(super) pin: Option<&'static str>,
    /// Whether the face is enrolled.
    pub(super) by_face: bool,
}

/// Hanako has a wallet and a PIN, Taro has city points, Sakura has an almost empty wallet.
const PEOPLE: [PersonPlan; 3] = [
    PersonPlan {
        name: "山田 花子",
        word: "hanako",
        seed: faces::HANAKO,
        money: 20_000,
        wallet: true,
        pin: Some("2718"),
        by_face: true,
    },
    PersonPlan {
        name: "佐藤 太郎",
        word: "taro",
        seed: faces::TARO,
        money: 8_000,
        wallet: false,
        pin: None,
        by_face: true,
    },
    PersonPlan {
        name: "鈴木 さくら",
        word: "sakura",
        seed: faces::SAKURA,
        money: 300,
        wallet: true,
        pin: None,
        by_face: true,
    },
];

/// Why the city was not built.
#[derive(Debug, thiserror::Error)]
pub enum CityError {
    /// A verb of the hub refused.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// A demo face was refused: pack and drawer do not fit.
    #[error("the face of a demo person was refused ({0}); run `tebura pack check` on the pack")]
    Enrol(#[from] EnrollFaceError),
    /// A demo person could not agree.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The provider's books.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// A name in this file is wrong.
    #[error(transparent)]
    Rail(#[from] RailIdError),
    /// A PIN in this file is wrong.
    #[error(transparent)]
    Pin(#[from] PinFormatError),
}

/// The city as it stands.
pub(super) struct City {
    /// The till's key.
    pub(super) till_key: KeySecret,
    /// The shop's key.
    pub(super) shop_key: KeySecret,
    /// The operator's key.
    pub(super) operator_key: KeySecret,
    /// Where each balance is.
    pub(super) ledger: DemoLedger,
    /// The shop.
    pub(super) merchant: MerchantId,
    /// In which its till searches.
    pub(super) gallery: GalleryId,
    /// By the word of their picture.
    pub(super) people: BTreeMap<String, PersonId>,
}

/// 32 bytes that follow from the operator's key and a purpose.
pub(super) fn derived(operator_key: &[u8], purpose: &str) -> [u8; 32] {
    // HMAC takes a key of any length, so this never takes the first branch.
    Hmac::<Sha256>::new_from_slice(operator_key)
        .map_or([0; 32], |hmac| hmac.chain_update(purpose.as_bytes()).finalize().into_bytes().into())
}

fn step(name: impl Into<String>) -> KeyRequest {
    KeyRequest { scope: "demo city".to_owned(), key: name.into(), fingerprint: [0; 32] }
}

impl City {
    /// Builds the city, with more people than the usual three, or finds it built.
    ///
    /// # Errors
    /// The first step that is refused.
    pub(super) async fn build(
        hub: &Hub,
        operator_key: &[u8],
        sandbox: Sandbox,
        more: &[PersonPlan],
    ) -> Result<City, CityError> {
        let (house, wallet) = (RailId::new(HOUSE)?, RailId::new(WALLET)?);
        let yen = Currency::JPY;
        let shop = hub.create_merchant(step("shop"), "朝市 みどり屋", true, yen).await?.row;
        let token = Some(SHOP_TOKEN.to_owned());
        let payee = hub.add_payee(step("shop wallet"), shop.id, wallet.clone(), token, yen).await?.row;
        sandbox.open_merchant(SHOP_TOKEN).await?;
        let gallery = hub.create_gallery(step("gallery"), "きょうの街").await?.row.id;
        let issuer = hub.open_issuer(step("points"), yen).await?;
        let (mut entries, mut people) = (Vec::new(), BTreeMap::new());
        for plan in PEOPLE.iter().chain(more) {
            let rail = if plan.wallet { &wallet } else { &house };
            let (instrument, token) = settle(hub, plan, gallery, rail).await?;
            fill_purse(hub, plan, &instrument, issuer, &sandbox, &token).await?;
            people.insert(plan.word.to_owned(), instrument.person);
            let token = plan.wallet.then_some(token);
            let (name, rail) = (masked(plan.name), rail.to_string());
            entries.push(Entry { name, rail, account: instrument.account, token, is_shop: false });
        }
        let payees = hub.store().payees(shop.id).await?;
        let house_account = payees.iter().find(|payee| payee.rail == house).map(|payee| payee.account);
        entries.extend(shop_entries(&shop.name, &payee, house_account));
        let till = NewTill {
            merchant: shop.id,
            name: "レジ 1".to_owned(),
            gallery,
            pin_above: PIN_ABOVE,
            max_amount: MAX_AMOUNT,
        };
        let till = hub.create_till(step("till"), till).await?.row.id;
        let key = |word: &'static str, merchant: Option<MerchantId>, till: Option<TillId>, scopes: Vec<Scope>| {
            key(hub, operator_key, word, merchant, till, scopes)
        };
        Ok(City {
            till_key: key("till", Some(shop.id), Some(till), vec![Scope::Pay, Scope::Services]).await?,
            shop_key: key("shop", Some(shop.id), None, vec![Scope::Read, Scope::Holds]).await?,
            operator_key: key("operator", None, None, vec![Scope::Admin, Scope::Read]).await?,
            ledger: DemoLedger { entries, sandbox: Some(sandbox) },
            merchant: shop.id,
            gallery,
            people,
        })
    }
}

fn shop_entries(name: &str, wallet: &Payee, house: Option<AccountId>) -> Vec<Entry> {
    let entry = |rail: &str, account, token| {
        let (name, rail) = (name.to_owned(), rail.to_owned());
        Entry { name, rail, account, token, is_shop: true }
    };
    let mut entries = vec![entry(WALLET, wallet.account, Some(SHOP_TOKEN.to_owned()))];
    entries.extend(house.map(|account| entry(HOUSE, account, None)));
    entries
}

/// Registers a person with an instrument and a face.
async fn settle(
    hub: &Hub,
    plan: &PersonPlan,
    gallery: GalleryId,
    rail: &RailId,
) -> Result<(Instrument, String), CityError> {
    let pin = plan.pin.map(Pin::new).transpose()?;
    let person = hub.register_person(step(format!("person {}", plan.word)), plan.name, pin).await?.row.id;
    let token = format!("demo-{}", plan.word);
    let new = NewInstrument {
        person,
        rail: rail.clone(),
        token: plan.wallet.then(|| token.clone()),
        label: if plan.wallet { "ウォレット" } else { "市のポイント" }.to_owned(),
        is_default: true,
        currency: Currency::JPY,
    };
    let instrument = hub.add_instrument(step(format!("instrument {}", plan.word)), new).await?.row;
    if plan.by_face {
        enrol(hub, plan, person).await?;
    }
    hub.set_gallery_member(gallery, person, true).await?;
    Ok((instrument, token))
}

/// Agrees for somebody who does not exist, and enrols the drawn face as any face is: by a capture session, frame by
/// frame. Sessions end, so each try has its own.
async fn enrol(hub: &Hub, plan: &PersonPlan, person: PersonId) -> Result<(), CityError> {
    for purpose in OWN_PURPOSES {
        let (purpose, language) = (purpose.to_owned(), "ja".to_owned());
        let key = step(format!("consent {} {purpose}", plan.word));
        let state = ConsentState::Given;
        hub.record_consent(key, NewConsent { person, purpose, state, actor: ConsentActor::Staff, language }).await?;
    }
    let pack = format!("{}@{}", hub.pack().name, hub.pack().version);
    let mut attempt = 0_u32;
    loop {
        let key = format!("face {} {pack} {attempt}", plan.word);
        let session = hub.open_capture_session(step(&*key), person, false).await?;
        if session.used_at.is_some() {
            return Ok(());
        }
        attempt += 1;
        // Begun at an earlier start, and broken off.
        if session.looks > 0 {
            continue;
        }
        tracing::info!(%person, "enrolling a demo face");
        match look_around(hub, &key, &session, plan.seed).await {
            Err(EnrollFaceError::SessionOver) => {}
            done => return Ok(done?),
        }
    }
}

/// Does what the session asks; where the terminal says that it was not that, tries again as long as there are tries.
async fn look_around(hub: &Hub, key: &str, session: &CaptureSession, seed: u64) -> Result<(), EnrollFaceError> {
    for prompt in session.prompts {
        let mut taken = Ok(());
        for (nth, picture) in faces::tries(seed, prompt).enumerate() {
            let frame = step(format!("{key} {} {nth}", prompt.word()));
            taken = hub.take_frame(frame, session.id, picture).await.map(drop);
            if !matches!(taken, Err(EnrollFaceError::Frame(_))) {
                break;
            }
        }
        taken?;
    }
    Ok(())
}

async fn fill_purse(
    hub: &Hub,
    plan: &PersonPlan,
    instrument: &Instrument,
    issuer: AccountId,
    sandbox: &Sandbox,
    token: &str,
) -> Result<(), CityError> {
    if !plan.wallet {
        let key = step(format!("money {}", plan.word));
        hub.fund(key, issuer, instrument.account, Money::new(plan.money, Currency::JPY)).await?;
    } else if sandbox.balance(token).await?.is_none_or(|balance| balance.balance == 0) {
        sandbox.open_wallet(token).await?;
        sandbox.top_up(token, plan.money).await?;
    }
    Ok(())
}

/// A key whose secret follows from the operator's key: the same at each start, and in no file but one.
async fn key(
    hub: &Hub,
    operator_key: &[u8],
    word: &str,
    merchant: Option<MerchantId>,
    till: Option<TillId>,
    scopes: Vec<Scope>,
) -> Result<KeySecret, CityError> {
    let secret = derived(operator_key, &format!("demo key {word}"));
    let sha256 = KeySecret::sha256_of(&secret);
    let made = hub.create_api_key(step(format!("key {word}")), sha256, merchant, till, scopes).await?;
    Ok(KeySecret::new(made.row.id, secret))
}
