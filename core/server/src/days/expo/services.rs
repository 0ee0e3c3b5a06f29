//! Before the gates open: the venue with its gates and passes, the stalls with their tills, and what each visitor pays with.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use crate::days::far::Far;
use crate::days::purses::{CARD, CBDC, Purses};
use crate::days::site::{self, Facility, Standing, apply, install, must, payee, text};
use crate::days::tickets::OFFICE;
use crate::days::{Day, DayError};
use crate::demo::Cast;

/// Gates of the venue: the last ones are ordinary lanes.
pub(super) const GATES: usize = 51;
const ORDINARY: usize = 12;
/// The stalls: the till's word, the name, and whether it takes cards and CBDC. The acquirer has one merchant.
pub(super) const STALLS: [(&str, &str, bool, bool); 3] = [
    ("souvenirs", "会場 みやげ店", true, true),
    ("food", "会場 世界の食堂", false, true),
    ("kiosk", "会場 売店", false, false),
];
/// Who pays with something else than the wallet, by their words.
const CARDS: [&str; 3] = ["mai", "tsuyoshi", "tsukasa"];
const COINS: [&str; 2] = ["asuka", "sho"];

/// The name of a gate.
pub(super) fn gate(nth: usize) -> String {
    format!("gate-{nth:02}")
}

/// Prepares everything.
pub(super) async fn set_up(far: &Far, day: &Day, purses: &mut Purses) -> Result<Standing, DayError> {
    let file = far.file().await;
    let operator = file.operator_key.clone();
    for (plugin, grants) in purses.grants() {
        install(far, &operator, &day.plugins, plugin, grants).await?;
    }
    install(far, &operator, &day.plugins, "gate", json!({"keys": {"tickets": OFFICE}})).await?;
    let today = site::gallery(far, &operator, "きょうの来場者").await?;
    let venue = site::facility(far, &operator, ("venue", "会場 入場"), &["services", "read"]).await?;
    let files = BTreeMap::from([("venue".to_owned(), settings(&venue.merchant, &today))]);
    apply(far, &operator, &files, "会場の一日").await?;
    let mut facilities = vec![venue];
    for (word, name, cards, coins) in STALLS {
        facilities.push(stall(far, &operator, (word, name), (cards, coins), &today, purses).await?);
    }
    let people = file.people.clone();
    for own in Cast::Expo.people() {
        let person = people.get(own.word).map_or("", String::as_str);
        let (rail, token) = match own.word {
            word if CARDS.contains(&word) => (CARD, "pm_card_visa".to_owned()),
            word if COINS.contains(&word) => (CBDC, purses.open_person(word)),
            _ => continue,
        };
        let instrument = json!({"rail": rail, "token": token, "label": rail, "is_default": true, "currency": "JPY"});
        let (path, once) = (format!("/v1/people/{person}/instruments"), format!("instrument {}", own.word));
        must(far, Method::POST, &path, (&operator, &once), instrument).await?;
    }
    Ok(Standing { facilities, people, file, today })
}

/// A stall whose till looks among those who are in.
async fn stall(
    far: &Far,
    operator: &str,
    (word, name): (&str, &str),
    (cards, coins): (bool, bool),
    today: &str,
    purses: &Purses,
) -> Result<Facility, DayError> {
    let stall = site::facility(far, operator, (word, name), &["holds", "read"]).await?;
    let merchant = stall.merchant.clone();
    if cards {
        payee(far, operator, &merchant, CARD, word).await?;
    }
    let cbdc = coins.then(|| purses.open_shop(word));
    if let Some(account) = &cbdc {
        payee(far, operator, &merchant, CBDC, account).await?;
    }
    let till = json!({
        "merchant": merchant, "gallery": today, "name": "レジ 1", "pin_above": 5_000, "max_amount": 30_000
    });
    let till = must(far, Method::POST, "/v1/tills", (operator, &format!("till {word}")), till).await?;
    let key = json!({"merchant": merchant, "till": till["id"], "scopes": ["pay"]});
    let key = must(far, Method::POST, "/v1/keys", (operator, &format!("till key {word}")), key).await?;
    Ok(Facility { till_key: text(&key["secret"]), cbdc, takes_cards: cards, ..stall })
}

/// The file of the venue, as a clerk would write it.
fn settings(merchant: &str, today: &str) -> String {
    let lane = |nth: usize| if nth <= GATES - ORDINARY { "face" } else { "ordinary" };
    let gates: Vec<String> = (1..=GATES).map(|nth| format!("{} = \"{}\"", gate(nth), lane(nth))).collect();
    let pass = |id: &str,
                (ja, en): (&str, &str),
                lanes: &str,
                by_face: bool,
                instruments: &str,
                charge: u32,
                again: bool| {
        format!(
            "\n[settings.passes.{id}]\ntitle = {{ ja = \"{ja}\", en = \"{en}\" }}\nlanes = [{lanes}]\nby_face = {by_face}\n\
             instruments = [{instruments}]\ncharge = {charge}\nre_entry = {again}\n"
        )
    };
    format!(
        "plugin = \"jp.tebura.gate\"\nmerchant = \"{merchant}\"\ntitle = {{ ja = \"会場\", en = \"Venue\" }}\ncap = 5000\n\
         payees.venue = \"{merchant}\"\ngalleries.today = \"{today}\"\n\n[settings]\ngates = {{ {} }}\n\
         lanes.face = {{ ja = \"顔認証レーン\", en = \"Face lane\" }}\nlanes.ordinary = {{ ja = \"一般レーン\", en = \"Ordinary lane\" }}\n\
         instruments = {{ wallet = [\"jp.tebura.wallet\"], card = [\"{CARD}\"], cbdc = [\"{CBDC}\"] }}\n{}{}{}",
        gates.join(", "),
        pass(
            "season",
            ("通期パス", "Season pass"),
            "\"face\", \"ordinary\"",
            true,
            "\"card\", \"wallet\", \"cbdc\"",
            0,
            true
        ),
        pass("evening", ("夜間券", "Evening ticket"), "\"face\", \"ordinary\"", true, "\"wallet\"", 3_700, false),
        pass("one-day", ("一日券", "One-day ticket"), "\"ordinary\"", false, "\"wallet\"", 0, false),
    )
}
