//! An indoor play park of a municipality: residents enter free by a claim about their residence, others pay the posted
//! price, a group enters by one adult's face or card, and the park knows how many are in.
//!
//! A visit is one request: it holds and captures the price, lets the person into today's gallery, waits until somebody says
//! that the group leaves, or until it is over by itself, and gives the places back. Absent: who the children are. Children
//! of a resident are free as far as the hub knows of them ([`LINKED_CHILDREN`]); where it knows nothing of children, the
//! claim about residence is the household's and covers the group's children.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

/// The municipality where somebody lives, five digits.
pub const RESIDENCE: &str = "residence";
/// How many children are linked to somebody.
pub const LINKED_CHILDREN: &str = "linked-children";
/// The key under which the people who are in are counted.
const PEOPLE_IN: &str = "people-in";
/// The price is captured as soon as it is held: a few minutes cover a rail that is slow.
const HOLD_MS: u64 = 10 * 60_000;

#[derive(Deserialize)]
struct Settings {
    municipality: String,
    price: Price,
    capacity: u64,
    visit_minutes: u64,
}

#[derive(Deserialize)]
struct Price {
    child: u64,
    adult: u64,
}

#[derive(Deserialize)]
struct Enter {
    adults: u64,
    children: u64,
}

/// What a visit has to remember: the price does not change while somebody pays.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Visit {
    people: u64,
    free: u64,
    paid: u64,
    residence: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    admitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    people: u64,
    free: u64,
    paid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    residence: Option<String>,
}

#[derive(Serialize)]
struct Count {
    people: u64,
    capacity: u64,
}

/// The play park.
#[derive(Debug, Default)]
pub struct PlayPark;

impl Service for PlayPark {
    fn describe(&self) -> Description {
        let enter = Action::new("enter")
            .title("ja", "入場")
            .title("en", "Enter")
            .input(include_str!("../schemas/enter-input.json"))
            .output(include_str!("../schemas/visit-output.json"))
            .wishes([RESIDENCE, LINKED_CHILDREN])
            .recognised_by(["face", "card", "qr", "staff"])
            .message("leave", include_str!("../schemas/leave-message.json"));
        let count = Action::new("count")
            .title("ja", "在館人数")
            .title("en", "Who is in")
            .output(include_str!("../schemas/count-output.json"));
        Description::new(include_str!("../schemas/settings.json")).action(enter).action(count)
    }

    fn handle(&self, request: &Request) -> Next {
        let settings = match request.settings::<Settings>() {
            Ok(settings) => settings,
            Err(why) => return fail(why.code, why.message),
        };
        match request.action.as_str() {
            "count" => done(&Count { people: people_in(), capacity: settings.capacity }),
            "enter" => match request.input::<Enter>() {
                Ok(group) => enter(request, &settings, &group),
                Err(why) => fail(why.code, why.message),
            },
            other => fail("park.action_unknown", format!("there is no action {other:?}")),
        }
    }

    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        let visit = match at.value::<Visit>() {
            Ok(visit) => visit,
            Err(why) => return fail(why.code, why.message),
        };
        match at.name() {
            "held" => capture(&receipt.id, receipt.amount.clone()).then_with("paid", &visit),
            "paid" => match request.settings::<Settings>() {
                Ok(settings) => let_in(request, &settings, Visit { paid: receipt.amount.minor(), ..visit }),
                Err(why) => fail(why.code, why.message),
            },
            other => fail("park.money_unexpected", format!("no money is awaited at {other:?}")),
        }
    }

    fn on_not_moved(&self, _: &Request, at: &Tag, why: &Fault) -> Next {
        if at.name() == "held" {
            return done(&Shown { code: Some(why.code.clone()), ..refused("not_paid") });
        }
        // Held and not taken: it goes back.
        fail(why.code.as_str(), why.message.as_str())
    }

    fn on_timer(&self, request: &Request, at: &Tag) -> Next {
        let_out(request, at, "closed")
    }

    fn on_message(&self, request: &Request, at: &Tag, _: &Message) -> Next {
        let_out(request, at, "left")
    }
}

fn enter(request: &Request, settings: &Settings, group: &Enter) -> Next {
    let people = group.adults + group.children;
    if people == 0 {
        return done(&refused("nobody"));
    }
    if group.adults == 0 {
        return done(&refused("child_alone"));
    }
    if people_in() + people > settings.capacity {
        return done(&refused("full"));
    }
    let residence = request.claim(RESIDENCE).filter(|claim| claim.value == settings.municipality);
    let free_children = match (residence, request.claim(LINKED_CHILDREN)) {
        (None, _) => 0,
        (Some(_), None) => group.children,
        (Some(_), Some(linked)) => linked.value.parse().unwrap_or(0).min(group.children),
    };
    // The recognised adult is the resident; other adults of the group are not known.
    let free_adults = u64::from(residence.is_some());
    let paying = (group.adults - free_adults, group.children - free_children);
    let price = paying.0 * settings.price.adult + paying.1 * settings.price.child;
    let visit = Visit {
        people,
        free: free_adults + free_children,
        paid: 0,
        residence: residence.map(|claim| claim.source.clone()),
    };
    if price == 0 {
        return let_in(request, settings, visit);
    }
    let memo = format!("入場料 大人{}人・子ども{}人", paying.0, paying.1);
    hold("facility", yen(price), memo, request.now + HOLD_MS).then_with("held", &visit)
}

/// The group goes in. Somebody may have taken the last places meanwhile; who has paid goes in all the same.
fn let_in(request: &Request, settings: &Settings, visit: Visit) -> Next {
    let until = request.now + settings.visit_minutes * 60_000;
    let told = serde_json::json!({ "people": visit.people, "free": visit.free, "paid": visit.paid });
    let waiting = wait_until(until).showing(&shown(&visit, true, None)).then_with("in", &visit);
    let counted = waiting.put(PEOPLE_IN, (people_in() + visit.people).to_string()).tell("park.entered", &told);
    if request.subject.is_some() { counted.admit("today") } else { counted }
}

fn let_out(request: &Request, at: &Tag, reason: &'static str) -> Next {
    let visit = match at.value::<Visit>() {
        Ok(visit) if at.name() == "in" => visit,
        Ok(_) => return fail("park.not_in", "nobody is in by this request"),
        Err(why) => return fail(why.code, why.message),
    };
    let told = serde_json::json!({ "people": visit.people, "reason": reason });
    let out = done(&shown(&visit, true, Some(reason)))
        .put(PEOPLE_IN, people_in().saturating_sub(visit.people).to_string())
        .tell("park.left", &told);
    if request.subject.is_some() { out.dismiss("today") } else { out }
}

fn people_in() -> u64 {
    kv::get(PEOPLE_IN).and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()).unwrap_or(0)
}

fn shown(visit: &Visit, admitted: bool, reason: Option<&'static str>) -> Shown {
    let Visit { people, free, paid, residence } = visit.clone();
    Shown { admitted, reason, code: None, people, free, paid, residence }
}

fn refused(reason: &'static str) -> Shown {
    Shown { admitted: false, reason: Some(reason), code: None, people: 0, free: 0, paid: 0, residence: None }
}

tebura_plugin::export_service!(PlayPark);
