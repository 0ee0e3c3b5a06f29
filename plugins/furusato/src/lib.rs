//! Hometown tax (ふるさと納税) at a counter: a donation to a municipality, its receipt, and a return gift that is handed over at once.
//!
//! A donation is no sale: it is held, captured and recorded by itself, with or without a gift. Residents donate and get no gift; a
//! gift costs at most 30 % of its donation and 50 % with everything. The form of the one-stop exception is prepared without the
//! Individual Number, which the donor enters in the city's own application and nowhere else. Absent: that application, tax
//! certificates as XML, gifts that are sent home.

mod rules;

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

use rules::{Gift, faults, one_stop_goes, one_stop_until, too_dear};

/// The municipality where somebody lives, five digits.
pub const RESIDENCE: &str = "residence";
/// Covers a rail that is slow.
const HOLD_MS: u64 = 10 * 60_000;
const HOUR_MS: u64 = 3_600_000;

#[derive(Deserialize)]
struct Settings {
    municipality: String,
    mayor: String,
    least_yen: u64,
    application: String,
    #[serde(default = "a_day")]
    cancel_hours: u64,
    gifts: Vec<Gift>,
}

fn a_day() -> u64 {
    24
}

#[derive(Deserialize)]
struct Donate {
    yen: u64,
    gift: Option<String>,
    #[serde(default)]
    one_stop: bool,
    #[serde(default)]
    files_return: bool,
    #[serde(default)]
    other_municipalities: u64,
}

#[derive(Deserialize)]
struct OfReceipt {
    receipt: String,
    kana: Option<String>,
    phone: Option<String>,
}

/// A donation as it is kept under its receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Donation {
    receipt: String,
    subject: String,
    yen: u64,
    at: Millis,
    gift: Option<String>,
    handed_over: bool,
    cancelled: bool,
    one_stop: bool,
    /// The capture's receipt, for a refund.
    capture: String,
}

/// A donation while it is paid.
#[derive(Clone, Serialize, Deserialize)]
struct Paying {
    gift: Option<String>,
    one_stop: bool,
}

#[derive(Debug, Default, Serialize)]
struct Shown {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    donated_on: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gift: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_stop_until: Option<Day>,
}

#[derive(Serialize)]
struct Form {
    addressee: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kana: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    donated_on: Day,
    yen: u64,
    files_no_return: bool,
    five_or_fewer: bool,
}

/// The counter of a municipality.
#[derive(Debug, Default)]
pub struct Furusato;

const WAYS: [&str; 4] = ["face", "card", "qr", "staff"];

impl Service for Furusato {
    fn describe(&self) -> Description {
        let action = |name: &str, ja: &str, en: &str, input: &str| {
            let action = Action::new(name).title("ja", ja).title("en", en).input(input);
            action.output(include_str!("../schemas/donation-output.json"))
        };
        let donate = action("donate", "寄附", "Donate", include_str!("../schemas/donate-input.json"));
        let hand_over = action(
            "hand-over",
            "返礼品の受け渡し",
            "Hand the gift over",
            include_str!("../schemas/receipt-input.json"),
        );
        let cancel =
            action("cancel", "寄附の取消", "Take a donation back", include_str!("../schemas/receipt-input.json"));
        let form = Action::new("one-stop-form")
            .title("ja", "ワンストップ特例の申請書")
            .title("en", "One-stop form")
            .input(include_str!("../schemas/form-input.json"))
            .output(include_str!("../schemas/form-output.json"))
            .wishes(["name", "birth_date", "sex", "address"])
            .recognised_by(WAYS);
        Description::new(include_str!("../schemas/settings.json"))
            .action(donate.wishes([RESIDENCE]).recognised_by(WAYS))
            .action(hand_over)
            .action(cancel.recognised_by(WAYS))
            .action(form)
    }

    fn check_settings(&self, request: &Request) -> Vec<SettingsFault> {
        request.settings().map_or_else(SettingsFault::unreadable, |own: Settings| faults(own.least_yen, &own.gifts))
    }

    fn handle(&self, request: &Request) -> Next {
        let unreadable = |why: Fault| fail(why.code, why.message);
        let settings = match request.settings::<Settings>() {
            Ok(settings) => settings,
            Err(why) => return unreadable(why),
        };
        // Settings of a hub that did not ask: the law counts all the same.
        if let Some(why) = too_dear(&settings.gifts).first() {
            return fail(why.code.as_str(), format!("{} {}", why.pointer, why.en));
        }
        let of = |act: &dyn Fn(OfReceipt) -> Next| request.input().map_or_else(unreadable, act);
        match request.action.as_str() {
            "donate" => request.input().map_or_else(unreadable, |input| donate(request, &settings, &input)),
            "hand-over" => of(&|input| hand_over(&settings, &input)),
            "cancel" => of(&|input| cancel(request, &settings, &input)),
            "one-stop-form" => of(&|input| form(request, &settings, input)),
            other => fail("furusato.action_unknown", format!("there is no action {other:?}")),
        }
    }

    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        let unreadable = |why: Fault| fail(why.code, why.message);
        match at.name() {
            "held" => at.value::<Paying>().map_or_else(unreadable, |paying| {
                capture(&receipt.id, receipt.amount.clone()).then_with("paid", &paying)
            }),
            "paid" => at.value::<Paying>().map_or_else(unreadable, |paying| received(request, paying, receipt)),
            "refunded" => at.value::<Donation>().map_or_else(unreadable, |donation| {
                let shown = Shown {
                    accepted: true,
                    receipt: Some(donation.receipt),
                    yen: Some(receipt.amount.minor()),
                    ..Shown::default()
                };
                done(&shown).tell("furusato.cancelled", &serde_json::json!({ "yen": receipt.amount.minor() }))
            }),
            other => fail("furusato.money_unexpected", format!("no money is awaited at {other:?}")),
        }
    }

    fn on_not_moved(&self, _: &Request, at: &Tag, why: &Fault) -> Next {
        let not_paid = || done(&Shown { code: Some(why.code.clone()), ..refused("not_paid") });
        match (at.name(), at.value::<Paying>(), at.value::<Donation>()) {
            ("held", Ok(paying), _) => back_on_shelf(not_paid(), paying.gift.as_deref()),
            // Held and not taken: it goes back, and so does the gift.
            ("paid", Ok(paying), _) => {
                back_on_shelf(fail(why.code.as_str(), why.message.as_str()), paying.gift.as_deref())
            }
            // Not given back: the donation stands, and its gift with it.
            ("refunded", _, Ok(donation)) => {
                let stands = Donation { cancelled: false, ..donation };
                let used = stands.gift.as_deref().map(used);
                let next = kept(not_paid(), &stands);
                match (&stands.gift, used) {
                    (Some(gift), Some(used)) => next.put(stock_key(gift), (used + 1).to_string()),
                    _ => next,
                }
            }
            _ => fail(why.code.as_str(), why.message.as_str()),
        }
    }
}

fn refused(reason: &'static str) -> Shown {
    Shown { reason: Some(reason), ..Shown::default() }
}

fn donate(request: &Request, settings: &Settings, input: &Donate) -> Next {
    let refuse = |reason| done(&refused(reason));
    if input.yen < settings.least_yen {
        return refuse("below_least");
    }
    let mut taken = None;
    if let Some(id) = &input.gift {
        let Some(gift) = settings.gifts.iter().find(|own| own.id == *id) else { return refuse("no_such_gift") };
        match request.claim(RESIDENCE) {
            None => return refuse("residence_needed"),
            Some(claim) if claim.value == settings.municipality => return refuse("resident_gets_no_gift"),
            Some(_) => {}
        }
        if input.yen < gift.donation_yen {
            return refuse("below_gift");
        }
        let used = used(id);
        if used >= gift.stock {
            return refuse("sold_out");
        }
        taken = Some((id, used + 1));
    }
    if input.one_stop && input.files_return {
        return refuse("files_return");
    }
    if input.one_stop && !one_stop_goes(input.other_municipalities) {
        return refuse("over_five");
    }
    let paying = Paying { gift: input.gift.clone(), one_stop: input.one_stop };
    let memo = "ふるさと納税の寄附";
    let next = hold("municipality", yen(input.yen), memo, request.now + HOLD_MS).then_with("held", &paying);
    // Set aside while the donor pays, so that nobody pays for what another got.
    match taken {
        Some((gift, used)) => next.put(stock_key(gift), used.to_string()),
        None => next,
    }
}

/// The money arrived: the donation gets its number.
fn received(request: &Request, paying: Paying, money: &Receipt) -> Next {
    let Some(subject) = request.subject.clone() else { return fail("furusato.nobody", "a donation is somebody's") };
    let today = Day::of(request.now);
    let last_key = format!("last:{}", today.year());
    let number = text(&last_key).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) + 1;
    let donation = Donation {
        receipt: format!("F{}-{number:06}", today.year()),
        subject,
        yen: money.amount.minor(),
        at: request.now,
        gift: paying.gift,
        handed_over: false,
        cancelled: false,
        one_stop: paying.one_stop,
        capture: money.id.clone(),
    };
    let shown = Shown {
        accepted: true,
        receipt: Some(donation.receipt.clone()),
        yen: Some(donation.yen),
        donated_on: Some(today),
        gift: donation.gift.clone(),
        one_stop_until: donation.one_stop.then(|| one_stop_until(today)),
        ..Shown::default()
    };
    let told = serde_json::json!({ "yen": donation.yen, "gift": donation.gift, "one_stop": donation.one_stop });
    kept(done(&shown), &donation).put(last_key, number.to_string()).tell("furusato.donated", &told)
}

fn hand_over(settings: &Settings, input: &OfReceipt) -> Next {
    let refuse = |reason| done(&refused(reason));
    let Some(donation) = read(&input.receipt) else { return refuse("receipt_unknown") };
    let Some(gift) = &donation.gift else { return refuse("no_gift") };
    if donation.cancelled {
        return refuse("cancelled");
    }
    if donation.handed_over {
        return refuse("handed_over");
    }
    let title = settings.gifts.iter().find(|own| own.id == *gift).map_or(gift, |own| &own.title);
    let shown =
        Shown { accepted: true, receipt: Some(input.receipt.clone()), gift: Some(title.clone()), ..Shown::default() };
    let told = serde_json::json!({ "gift": gift });
    kept(done(&shown), &Donation { handed_over: true, ..donation.clone() }).tell("furusato.handed_over", &told)
}

/// A donation that was a mistake, by whoever made it.
fn cancel(request: &Request, settings: &Settings, input: &OfReceipt) -> Next {
    let refuse = |reason| done(&refused(reason));
    let Some(donation) = read(&input.receipt) else { return refuse("receipt_unknown") };
    if request.subject.as_ref() != Some(&donation.subject) {
        return refuse("other_donor");
    }
    if donation.cancelled {
        return refuse("cancelled");
    }
    if donation.handed_over {
        return refuse("handed_over");
    }
    if request.now > donation.at + settings.cancel_hours * HOUR_MS {
        return refuse("too_late");
    }
    let cancelled = Donation { cancelled: true, ..donation };
    let next = refund(&cancelled.capture, yen(cancelled.yen)).then_with("refunded", &cancelled);
    kept(back_on_shelf(next, cancelled.gift.as_deref()), &cancelled)
}

fn form(request: &Request, settings: &Settings, input: OfReceipt) -> Next {
    let refuse = |reason: &str| done(&serde_json::json!({ "accepted": false, "reason": reason }));
    let Some(donation) = read(&input.receipt) else { return refuse("receipt_unknown") };
    if request.subject.as_ref() != Some(&donation.subject) {
        return refuse("other_donor");
    }
    if donation.cancelled {
        return refuse("cancelled");
    }
    if !donation.one_stop {
        return refuse("not_one_stop");
    }
    let donated_on = Day::of(donation.at);
    let until = one_stop_until(donated_on);
    if Day::of(request.now) > until {
        return refuse("too_late");
    }
    let claim = |name| request.claim(name).map(|claim| claim.value.clone());
    let form = Form {
        addressee: settings.mayor.clone(),
        name: claim("name"),
        kana: input.kana,
        address: claim("address"),
        phone: input.phone,
        sex: claim("sex"),
        birth_date: claim("birth_date"),
        donated_on,
        yen: donation.yen,
        files_no_return: true,
        five_or_fewer: true,
    };
    let fields = [
        ("name", form.name.is_none()),
        ("kana", form.kana.is_none()),
        ("address", form.address.is_none()),
        ("phone", form.phone.is_none()),
        ("sex", form.sex.is_none()),
        ("birth_date", form.birth_date.is_none()),
        ("individual_number", true),
    ];
    let missing: Vec<&str> = fields.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
    done(&serde_json::json!({
        "accepted": true, "form": form, "missing": missing, "until": until, "application": settings.application,
    }))
}

fn stock_key(gift: &str) -> String {
    format!("given:{gift}")
}

fn text(key: &str) -> Option<String> {
    String::from_utf8(kv::get(key)?).ok()
}

/// How many of a gift were given or are set aside.
fn used(gift: &str) -> u64 {
    text(&stock_key(gift)).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn back_on_shelf(next: Next, gift: Option<&str>) -> Next {
    match gift {
        Some(gift) => next.put(stock_key(gift), used(gift).saturating_sub(1).to_string()),
        None => next,
    }
}

fn read(receipt: &str) -> Option<Donation> {
    serde_json::from_slice(&kv::get(&format!("receipt:{receipt}"))?).ok()
}

fn kept(next: Next, donation: &Donation) -> Next {
    match serde_json::to_vec(donation) {
        Ok(bytes) => next.put(format!("receipt:{}", donation.receipt), bytes),
        Err(_) => fail("furusato.donation_unwritable", "a donation cannot be written"),
    }
}

tebura_plugin::export_service!(Furusato);
