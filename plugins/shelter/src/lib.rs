//! The shelters of a district and their one register: by face, card, or written in by hand; who is where; one person once.
//!
//! The least is who, when and where. Whoever was registered elsewhere in the district moves; whoever is written in by hand and
//! reads like an entry that is there is pointed out, for people to merge. Who is protected is counted, and told of to nobody: an
//! enquiry is answered as if she were not there, and no output has a word for it. Absent: the log that a device keeps without a
//! network; the hub takes it in.

mod count;
mod entry;
mod output;

use serde::Deserialize;
use tebura_plugin::service::*;

use count::{Headcount, Place, counts};
use entry::{COUNTS, Details, Entry, LAST, Stay, number, put};
use output::{Answer, Enquired, Page, RegisterLine};

/// A plugin reads at most sixteen keys in one call.
const PAGE: u64 = 12;

#[derive(Deserialize)]
struct Settings {
    shelters: Vec<Place>,
}

#[derive(Deserialize)]
struct Register {
    shelter: String,
    #[serde(default)]
    stay: Stay,
    #[serde(default = "one")]
    people: u64,
    #[serde(flatten)]
    details: Details,
    #[serde(default)]
    disclose: bool,
    #[serde(default)]
    protect: bool,
    #[serde(default)]
    consent: Option<String>,
}

#[derive(Deserialize)]
struct Update {
    entry: u64,
    #[serde(flatten)]
    details: Details,
    disclose: Option<bool>,
    protect: Option<bool>,
}

#[derive(Deserialize)]
struct Leave {
    entry: Option<u64>,
    destination: Option<String>,
}

#[derive(Deserialize)]
struct Merge {
    keep: u64,
    drop: u64,
}

#[derive(Deserialize)]
struct From {
    #[serde(default = "one")]
    from: u64,
    shelter: Option<String>,
}

#[derive(Deserialize)]
struct Enquire {
    name: String,
    birth_date: String,
}

fn one() -> u64 {
    1
}

/// The shelters of a district.
#[derive(Debug, Default)]
pub struct Shelter;

const CLAIMS: [&str; 4] = ["name", "birth_date", "sex", "address"];

impl Service for Shelter {
    fn describe(&self) -> Description {
        let entry = |name: &str, ja: &str, en: &str, input: &str| {
            let action = Action::new(name).title("ja", ja).title("en", en).input(input);
            action.output(include_str!("../schemas/entry-output.json"))
        };
        let register =
            entry("register", "受付", "Register", include_str!("../schemas/register-input.json")).wishes(CLAIMS);
        let update = entry("update", "追記", "Add to an entry", include_str!("../schemas/update-input.json"));
        let leave = entry("leave", "退所", "Leave", include_str!("../schemas/leave-input.json"));
        let merge = entry("merge", "重複の統合", "Merge", include_str!("../schemas/merge-input.json"));
        let headcount = Action::new("headcount").title("ja", "避難者数").title("en", "Headcount");
        let page = |name: &str, ja: &str, en: &str| {
            let action =
                Action::new(name).title("ja", ja).title("en", en).input(include_str!("../schemas/page-input.json"));
            action.output(include_str!("../schemas/page-output.json"))
        };
        let enquire = Action::new("enquire")
            .title("ja", "安否照会")
            .title("en", "Enquire")
            .input(include_str!("../schemas/enquire-input.json"))
            .output(include_str!("../schemas/enquire-output.json"));
        Description::new(include_str!("../schemas/settings.json"))
            .action(register)
            .action(update)
            .action(leave)
            .action(merge)
            .action(headcount.output(include_str!("../schemas/headcount-output.json")))
            .action(page("export", "受付簿の出力", "Export the register"))
            .action(page("public", "公表名簿の出力", "Export what may be published"))
            .action(enquire)
    }

    fn handle(&self, request: &Request) -> Next {
        let unreadable = |why: Fault| fail(why.code, why.message);
        let settings = match request.settings::<Settings>() {
            Ok(settings) => settings,
            Err(why) => return unreadable(why),
        };
        match request.action.as_str() {
            "register" => request.input().map_or_else(unreadable, |input| register(request, &settings, input)),
            "update" => request.input().map_or_else(unreadable, update),
            "leave" => request.input().map_or_else(unreadable, |input| leave(request, input)),
            "merge" => request.input().map_or_else(unreadable, merge),
            "headcount" => done(&Headcount::of(&settings.shelters, &counts())),
            "export" => request.input().map_or_else(unreadable, |input| export(&input, |_| true)),
            "public" => {
                let published = |entry: &Entry| entry.disclose && !entry.protect && entry.is_here();
                request.input().map_or_else(unreadable, |input| export(&input, published))
            }
            "enquire" => request.input().map_or_else(unreadable, enquire),
            other => fail("shelter.action_unknown", format!("there is no action {other:?}")),
        }
    }
}

fn register(request: &Request, settings: &Settings, input: Register) -> Next {
    let Some(place) = settings.shelters.iter().find(|own| own.id == input.shelter) else {
        return done(&Answer::refused("shelter_unknown"));
    };
    let claim = |name| request.claim(name).map(|claim| claim.value.clone());
    let known = Details {
        name: claim("name"),
        birth_date: claim("birth_date"),
        sex: claim("sex"),
        address: claim("address"),
        ..Details::default()
    };
    // What a person has proven counts more than what is typed.
    let details = known.over(input.details);
    if request.subject.is_none() && details.name.is_none() {
        return done(&Answer::refused("name_needed"));
    }
    let mut counts = counts();
    let before = request.subject.as_ref().and_then(|subject| number(&person(subject))).and_then(Entry::read);
    let before = before.map(|entry| entry.merged_into.and_then(Entry::read).unwrap_or(entry)).filter(Entry::is_here);
    if let Some(entry) = &before
        && entry.shelter == input.shelter
    {
        let (number, shelter) = (Some(entry.number), Some(entry.shelter.clone()));
        return done(&Answer { accepted: true, entry: number, shelter, already: Some(true), ..Answer::default() });
    }
    let last = number(LAST).unwrap_or(0) + 1;
    let similar = details.who().and_then(|who| number(&who)).and_then(Entry::read).filter(Entry::is_here);
    let mut entry = Entry {
        number: last,
        shelter: input.shelter,
        stay: input.stay,
        people: input.people,
        arrived: request.happened_at(),
        by: request.recognised_by.clone(),
        subject: request.subject.clone(),
        details,
        disclose: input.disclose,
        protect: input.protect,
        life_safety: input.consent.as_deref() == Some("life-safety"),
        left: None,
        destination: None,
        merged_into: None,
    };
    if let Some(old) = &before {
        // Protection goes along, and so does what is known.
        entry.protect |= old.protect;
        entry.details = entry.details.over(old.details.clone());
        counts.take(old);
    }
    counts.add(&entry);
    let full = (counts.people(&place.id) > place.capacity).then_some(true);
    let perhaps = similar.filter(|similar| before.as_ref().is_none_or(|before| before.number != similar.number));
    let answer = Answer {
        accepted: true,
        entry: Some(entry.number),
        shelter: Some(entry.shelter.clone()),
        moved_from: before.as_ref().map(|old| old.shelter.clone()),
        perhaps: perhaps.map(|entry| entry.number),
        full,
        ..Answer::default()
    };
    let topic = if before.is_some() { "shelter.moved" } else { "shelter.arrived" };
    let mut next = done(&answer).tell(topic, &serde_json::json!({ "shelter": entry.shelter, "people": entry.people }));
    next = put(put(entry.written(next), LAST, &last), COUNTS, &counts);
    if let Some(old) = before {
        let destination = Some(place.name.clone());
        next = Entry { left: Some(request.now), destination, ..old }.written(next);
    }
    if let Some(who) = entry.details.who() {
        next = put(next, who, &entry.number);
    }
    match &request.subject {
        Some(subject) => put(next, person(subject), &entry.number).admit("sheltered"),
        None => next,
    }
}

/// Where the newest entry of a person is found.
fn person(subject: &str) -> String {
    format!("person:{subject}")
}

fn update(input: Update) -> Next {
    let Some(mut entry) = Entry::read(input.entry) else { return done(&Answer::refused("entry_unknown")) };
    entry.details = input.details.over(entry.details);
    entry.disclose = input.disclose.unwrap_or(entry.disclose);
    entry.protect = input.protect.unwrap_or(entry.protect);
    let (number, shelter) = (Some(entry.number), Some(entry.shelter.clone()));
    let next = entry.written(done(&Answer { accepted: true, entry: number, shelter, ..Answer::default() }));
    match entry.details.who() {
        Some(who) => put(next, who, &entry.number),
        None => next,
    }
}

fn leave(request: &Request, input: Leave) -> Next {
    let of_person = || number(&person(request.subject.as_ref()?));
    let entry = input.entry.or_else(of_person).and_then(Entry::read).filter(Entry::is_here);
    let Some(entry) = entry else { return done(&Answer::refused("entry_unknown")) };
    let mut counts = counts();
    counts.take(&entry);
    let answer =
        Answer { accepted: true, entry: Some(entry.number), shelter: Some(entry.shelter.clone()), ..Answer::default() };
    let told = serde_json::json!({ "shelter": entry.shelter, "people": entry.people });
    let next = Entry { left: Some(request.happened_at()), destination: input.destination, ..entry.clone() }
        .written(done(&answer));
    let next = put(next, COUNTS, &counts).tell("shelter.left", &told);
    // Somebody else may tell of the leaving: only the person's own request takes her out of the gallery.
    if request.subject.is_some() && request.subject == entry.subject { next.dismiss("sheltered") } else { next }
}

/// Two entries are one person's: the one that is kept takes over what only the other knows, and counts once.
fn merge(input: Merge) -> Next {
    if input.keep == input.drop {
        return done(&Answer::refused("same_entry"));
    }
    let here = |number| Entry::read(number).filter(Entry::is_here);
    let (Some(mut keep), Some(mut drop)) = (here(input.keep), here(input.drop)) else {
        return done(&Answer::refused("entry_unknown"));
    };
    // Two faces are two people, whatever their names.
    if keep.subject.is_some() && drop.subject.is_some() && keep.subject != drop.subject {
        return done(&Answer::refused("two_people"));
    }
    let mut counts = counts();
    counts.take(&drop);
    keep.details = keep.details.over(drop.details.clone());
    keep.arrived = keep.arrived.min(drop.arrived);
    keep.subject = keep.subject.or(drop.subject.clone());
    // Whoever is protected in one is protected; nobody is told more than both agreed to.
    keep.protect |= drop.protect;
    keep.disclose &= drop.disclose;
    keep.life_safety |= drop.life_safety;
    drop.merged_into = Some(keep.number);
    let answer =
        Answer { accepted: true, entry: Some(keep.number), shelter: Some(keep.shelter.clone()), ..Answer::default() };
    let mut next = drop.written(keep.written(done(&answer)));
    if let Some(subject) = &keep.subject {
        next = put(next, person(subject), &keep.number);
    }
    if let Some(who) = keep.details.who() {
        next = put(next, who, &keep.number);
    }
    put(next, COUNTS, &counts).tell("shelter.merged", &serde_json::json!({ "shelter": keep.shelter }))
}

fn export(input: &From, shown: impl Fn(&Entry) -> bool) -> Next {
    let last = number(LAST).unwrap_or(0);
    let until = last.min(input.from.saturating_add(PAGE - 1));
    let entries = (input.from..=until).filter_map(Entry::read);
    let of_shelter = |entry: &Entry| input.shelter.as_ref().is_none_or(|own| *own == entry.shelter);
    let entries = entries.filter(|entry| of_shelter(entry) && shown(entry)).map(RegisterLine::of).collect();
    done(&Page { entries, next: (until < last).then(|| until + 1) })
}

fn enquire(input: Enquire) -> Next {
    let asked = Details { name: Some(input.name), birth_date: Some(input.birth_date), ..Details::default() };
    let entry = asked.who().and_then(|who| number(&who)).and_then(Entry::read);
    // Who is protected, who did not agree and who is not there are one answer.
    let told = entry.filter(|entry| entry.is_here() && entry.disclose && !entry.protect);
    done(&Enquired { found: told.is_some(), shelter: told.map(|entry| entry.shelter) })
}

tebura_plugin::export_service!(Shelter);
