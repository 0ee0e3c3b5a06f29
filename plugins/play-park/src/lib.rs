//! An indoor play park of a municipality: residents enter free by a claim about their residence, others pay the posted
//! price, a group enters by one adult's face or card and is counted on the screen, and the park knows how many are in, and
//! how many children in each area.
//!
//! A visit is one request: it holds and captures the price, lets the person into today's gallery, waits until somebody says
//! that the group leaves, or until it is over by itself, and gives the places back. Absent: who the children are. Children
//! of a resident are free as far as the hub knows of them ([`LINKED_CHILDREN`]); where it knows nothing of children, the
//! claim about residence is the household's and covers the group's children. Children's stages are the group's word.

mod group;

use group::{Area, Group, NoPlace, Places, Title, children_in, count, key};
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
/// How long a group may look at its number.
const CONFIRM_MS: u64 = 5 * 60_000;

#[derive(Deserialize)]
struct Settings {
    municipality: String,
    price: Price,
    capacity: u64,
    visit_minutes: u64,
    /// Whether a group is shown its number, and says yes to it, before it enters.
    #[serde(default)]
    confirm_groups: bool,
    #[serde(default)]
    areas: Vec<Area>,
}

#[derive(Deserialize)]
struct Price {
    child: u64,
    adult: u64,
}

#[derive(Deserialize)]
struct Confirm {
    agreed: bool,
}

/// What a visit has to remember: the price does not change while somebody pays.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Visit {
    people: u64,
    free: u64,
    paid: u64,
    residence: Option<String>,
    #[serde(default)]
    places: Places,
    /// When it is over by itself.
    #[serde(default)]
    until: Millis,
}

#[derive(Default, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<Title>,
    #[serde(skip_serializing_if = "Places::is_empty")]
    areas: Places,
    #[serde(skip_serializing_if = "Option::is_none")]
    adults: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<u64>,
    /// How many children the hub knows to be linked to the adult.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked: Option<u64>,
    /// What is going to be asked for, in yen.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<u64>,
}

#[derive(Serialize)]
struct Count {
    people: u64,
    capacity: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    areas: Vec<AreaCount>,
}

#[derive(Serialize)]
struct AreaCount {
    id: String,
    title: Title,
    children: u64,
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
            .message("confirm", include_str!("../schemas/confirm-message.json"))
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
            "count" => {
                let areas = settings.areas.into_iter().map(|Area { id, title, capacity, .. }| {
                    let children = children_in(&id);
                    AreaCount { id, title, children, capacity }
                });
                done(&Count { people: people_in(), capacity: settings.capacity, areas: areas.collect() })
            }
            "enter" => match request.input::<Group>() {
                Ok(group) => enter(request, &settings, &group, settings.confirm_groups && group.people() > 1),
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
        match at.name() {
            "counted" => done(&refused("not_confirmed")),
            _ => let_out(request, at, "closed"),
        }
    }

    fn on_message(&self, request: &Request, at: &Tag, message: &Message) -> Next {
        match (at.name(), message.name.as_str()) {
            ("counted", "confirm") => confirmed(request, at, message),
            // Who leaves before they came in did not come in.
            ("counted", _) => done(&refused("not_confirmed")),
            (_, "confirm") => still_in(at),
            _ => let_out(request, at, "left"),
        }
    }
}

/// The group said whether it is as many as the screen says.
fn confirmed(request: &Request, at: &Tag, message: &Message) -> Next {
    match (message.input::<Confirm>(), at.value::<Group>(), request.settings::<Settings>()) {
        (Ok(Confirm { agreed: false }), _, _) => done(&refused("not_confirmed")),
        // The park may have filled meanwhile: all is looked at again.
        (Ok(Confirm { agreed: true }), Ok(group), Ok(settings)) => enter(request, &settings, &group, false),
        (Err(why), _, _) | (_, Err(why), _) | (_, _, Err(why)) => fail(why.code, why.message),
    }
}

fn enter(request: &Request, settings: &Settings, group: &Group, confirm: bool) -> Next {
    let people = group.people();
    let places = match group.places(&settings.areas) {
        Ok(places) => places,
        Err(NoPlace { reason, area }) => return done(&Shown { area, ..refused(reason) }),
    };
    if people_in() + people > settings.capacity {
        return done(&refused("full"));
    }
    let residence = request.claim(RESIDENCE).filter(|claim| claim.value == settings.municipality);
    let linked = request.claim(LINKED_CHILDREN).map(|linked| linked.value.parse().unwrap_or(0));
    let free_children = match (residence, linked) {
        (None, _) => 0,
        (Some(_), None) => group.children,
        (Some(_), Some(linked)) => group.children.min(linked),
    };
    // The recognised adult is the resident; other adults of the group are not known.
    let free_adults = group.adults.min(u64::from(residence.is_some()));
    let paying = (group.adults - free_adults, group.children - free_children);
    let price = paying.0 * settings.price.adult + paying.1 * settings.price.child;
    if confirm {
        let shown = Shown {
            adults: Some(group.adults),
            children: Some(group.children),
            linked,
            price: Some(price),
            areas: places,
            ..refused("confirm")
        };
        return wait_until(request.now + CONFIRM_MS).showing(&shown).then_with("counted", group);
    }
    let visit = Visit {
        people,
        free: free_adults + free_children,
        paid: 0,
        residence: residence.map(|claim| claim.source.clone()),
        places,
        until: 0,
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
    let visit = Visit { until, ..visit };
    let told = serde_json::json!({ "people": visit.people, "free": visit.free, "paid": visit.paid });
    let waiting = wait_until(until).showing(&shown(&visit, true, None)).then_with("in", &visit);
    let counted = waiting.put(PEOPLE_IN, (people_in() + visit.people).to_string()).tell("park.entered", &told);
    let more =
        |next: Next, (area, children): (&String, &u64)| next.put(key(area), (children_in(area) + children).to_string());
    let counted = visit.places.iter().fold(counted, more);
    if request.subject.is_some() { counted.admit("today") } else { counted }
}

/// A group that is in says yes once more.
fn still_in(at: &Tag) -> Next {
    match at.value::<Visit>() {
        Ok(visit) => wait_until(visit.until).showing(&shown(&visit, true, None)).then_with("in", &visit),
        Err(why) => fail(why.code, why.message),
    }
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
    let less = |next: Next, (area, children): (&String, &u64)| {
        next.put(key(area), children_in(area).saturating_sub(*children).to_string())
    };
    let out = visit.places.iter().fold(out, less);
    if request.subject.is_some() { out.dismiss("today") } else { out }
}

fn people_in() -> u64 {
    count(PEOPLE_IN)
}

fn shown(visit: &Visit, admitted: bool, reason: Option<&'static str>) -> Shown {
    let Visit { people, free, paid, residence, places, .. } = visit.clone();
    Shown { admitted, reason, people, free, paid, residence, areas: places, ..Shown::default() }
}

fn refused(reason: &'static str) -> Shown {
    Shown { reason: Some(reason), ..Shown::default() }
}

tebura_plugin::export_service!(PlayPark);
