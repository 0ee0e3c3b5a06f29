//! What happens when: the day as it is written, without anybody who does it.

use serde_json::{Value, json};

use crate::days::deed::{Deed, Event, Expected, Script, Who, minute};
use crate::days::tickets::ticket;
use crate::demo::kaga::{CITIZENS, Life};

const HOME: &str = "17206";

fn of(life: Life) -> impl Iterator<Item = usize> {
    CITIZENS.iter().enumerate().filter(move |(_, own)| own.life == life).map(|(nth, _)| nth)
}

impl Script {
    fn ask(
        &mut self,
        at: u32,
        who: Who,
        way: &'static str,
        to: (&'static str, &'static str),
        input: Value,
        up_to: i64,
    ) -> &mut Event {
        let (service, action) = to;
        let attested = attested(who, service);
        self.add(at, who, way, Deed::Ask { service, action, input, attested, up_to })
    }

    fn ride(
        &mut self,
        nth: usize,
        (from, board): (&'static str, u32),
        (to, alight): (&'static str, u32),
        way: &'static str,
    ) {
        let who = Who::Citizen(nth);
        self.ask(board, who, way, ("bus", "board"), json!({"stop": from}), 1_000);
        if !to.is_empty() {
            self.ask(alight, who, way, ("bus", "alight"), json!({"stop": to}), 0);
        }
    }
}

/// What a terminal's staff or a card says of a person.
fn attested(who: Who, service: &str) -> Vec<(&'static str, String)> {
    let Who::Citizen(nth) = who else { return Vec::new() };
    let own = &CITIZENS[nth];
    let lives = if own.life == Life::Visitor { "13104" } else { HOME };
    let residence = ("residence", lives.to_owned());
    match service {
        "bus" => {
            let mut claims = vec![("birth_date", own.born.to_owned()), residence];
            if own.life == Life::Student {
                claims.push(("student", "2099-03-31".to_owned()));
            }
            claims
        }
        "park" | "furusato" => vec![residence],
        "shelter" => vec![("name", own.name.to_owned()), ("birth_date", own.born.to_owned())],
        _ => Vec::new(),
    }
}

/// The whole day, by the clock.
pub(in crate::days) fn script() -> Vec<Event> {
    let mut day = Script::default();
    morning(&mut day);
    clinic(&mut day);
    park(&mut day);
    noon(&mut day);
    afternoon(&mut day);
    drill(&mut day);
    evening(&mut day);
    concert(&mut day);
    day.events()
}

/// The way to work and to school, by every way of recognition.
fn morning(day: &mut Script) {
    let ways = ["face", "face", "card", "face", "qr"];
    day.ask(minute(6, 45), Who::Citizen(0), "face", ("bus", "buy-pass"), json!({"pass": "month"}), 6_000);
    for (nth, who) in of(Life::Worker).enumerate() {
        let board = minute(6, 50) + u32::try_from(nth / 2).unwrap_or_default() * 2;
        // The last one forgets to alight.
        let to = if nth == 9 { "" } else { "S03_1" };
        day.ride(who, ("S01_1", board), (to, board + 14), ways[nth % ways.len()]);
    }
    for (nth, who) in of(Life::Pupil).enumerate() {
        day.ride(who, ("S02_1", minute(7, 30)), ("S03_1", minute(7, 38)), ways[nth % ways.len()]);
    }
    for who in of(Life::Student) {
        day.ride(who, ("S01_1", minute(7, 45)), ("S05_1", minute(8, 13)), "face");
    }
    for (nth, who) in of(Life::Senior).enumerate() {
        let board = minute(9, 0) + u32::try_from(nth).unwrap_or_default();
        day.ride(who, ("S01_1", board), ("S02_1", board + 7), if nth % 2 == 0 { "card" } else { "face" });
    }
    // Who boarded nowhere cannot alight, and a stop that is not of this line is none.
    day.ask(minute(9, 30), Who::Citizen(24), "face", ("bus", "alight"), json!({"stop": "S02_1"}), 0);
    day.ask(minute(9, 31), Who::Citizen(24), "card", ("bus", "board"), json!({"stop": "X99_1"}), 1_000);
}

/// The number of a patient's chart.
fn chart(nth: usize) -> String {
    format!("000{}", 1_001 + nth)
}

/// Seniors see the doctor: received by face or card, and gone before the bill is made.
fn clinic(day: &mut Script) {
    for (nth, who) in of(Life::Senior).enumerate() {
        let (who, later) = (Who::Citizen(who), u32::try_from(nth).unwrap_or_default());
        let insurance = json!({
            "insurer": INSURER, "symbol": "12", "number": insured(nth), "branch": "", "birthdate": born(nth)
        });
        let register = json!({"patient_number": chart(nth), "insurance": insurance});
        day.ask(minute(9, 10) + later, who, "staff", ("clinic", "register"), register, 0);
        let way = if nth % 3 == 1 { "card" } else { "face" };
        let visit = format!("visit to the doctor {nth}");
        let receive = json!({"department": "internal"});
        day.ask(minute(9, 40) + later, who, way, ("clinic", "receive"), receive, 9_000).label.clone_from(&visit);
        let bill = |patient: usize| Deed::Bill {
            of: visit.clone(),
            patient: chart(patient),
            yen: 1_240 + 60 * i64::from(later),
        };
        let computer = Who::Hand("レセコン");
        match nth {
            // Left before the doctor came.
            5 => {
                day.add(minute(11, 0), computer, "signed", Deed::Tell { of: visit.clone(), message: "no-treatment" });
            }
            2 => {
                day.add(minute(10, 50), computer, "signed", bill(3));
                day.add(minute(10, 52), computer, "signed", bill(2));
            }
            _ => {
                day.add(minute(10, 45) + later, computer, "signed", bill(nth));
            }
        }
    }
}

/// Whose insurance the eligibility terminal knows.
pub(super) const INSURER: &str = "00170123";

/// The insured number of the nth senior.
pub(super) fn insured(nth: usize) -> String {
    format!("{}", 400 + nth)
}

/// The day of birth of the nth senior.
pub(super) fn born(nth: usize) -> &'static str {
    of(Life::Senior).nth(nth).map_or("1900-01-01", |who| CITIZENS[who].born)
}

fn park(day: &mut Script) {
    let group = |adults: u32, children: u32| json!({"adults": adults, "children": children});
    for (nth, who) in of(Life::Parent).enumerate() {
        let at = minute(10, 0) + u32::try_from(nth).unwrap_or_default() * 3;
        let way = if nth % 3 == 2 { "card" } else { "face" };
        day.ask(at, Who::Citizen(who), way, ("park", "enter"), group(1, 2), 2_000).label = format!("visit {nth}");
    }
    let visitor = of(Life::Visitor).next().unwrap_or_default();
    day.ask(minute(10, 4), Who::Citizen(visitor), "face", ("park", "enter"), group(1, 1), 2_000).label =
        "visit 9".to_owned();
    day.ask(minute(10, 30), Who::Citizen(10), "face", ("park", "enter"), group(0, 1), 0);
    day.ask(minute(10, 40), Who::Hand("かばんの忘れ物の方"), "card", ("park", "enter"), group(1, 0), 0);
    for nth in [0, 1, 2, 3, 9] {
        let of = format!("visit {nth}");
        day.add(minute(12, 45) + nth, Who::Hand("係員"), "staff", Deed::Tell { of, message: "leave" });
    }
}

fn pay(yen: i64) -> Deed {
    Deed::Pay { till: "till", yen, pin: None }
}

/// Lunch; the provider loses answers in between.
fn noon(day: &mut Script) {
    for (nth, who) in of(Life::Worker).enumerate() {
        let at = minute(12, 0) + u32::try_from(nth / 3).unwrap_or_default();
        let yen = 680 + 40 * i64::try_from(nth).unwrap_or_default();
        day.add(at, Who::Citizen(who), "face", pay(yen)).label = format!("lunch {nth}");
    }
    day.add(minute(12, 5), Who::Stranger, "face", pay(700));
    day.add(minute(12, 6), Who::Screen(0), "face", pay(700));
    let poor = of(Life::Visitor).last().unwrap_or_default();
    day.add(minute(12, 7), Who::Citizen(poor), "face", pay(1_200));
    for (on, how, calls) in
        [("preauthorization", "lose_reply", 2), ("capture", "fail_after", 2), ("inquiry", "fail_before", 2)]
    {
        day.add(minute(12, 15), Who::Hand("ウォレット事業者"), "staff", Deed::Outage { on, how, calls });
    }
    for who in of(Life::Visitor).take(4) {
        day.add(minute(12, 16), Who::Citizen(who), "face", pay(1_500));
    }
}

/// Hometown tax, an appliance, and the hub's own crash in the busiest minute.
fn afternoon(day: &mut Script) {
    let visitors: Vec<usize> = of(Life::Visitor).collect();
    let cup = || json!({"yen": 10_000, "gift": "kutani-cup", "one_stop": true, "other_municipalities": 1});
    for (nth, who) in visitors.iter().take(4).enumerate() {
        let at = minute(13, 30) + u32::try_from(nth).unwrap_or_default() * 2;
        let way = if nth == 1 { "card" } else { "face" };
        day.ask(at, Who::Citizen(*who), way, ("furusato", "donate"), cup(), 10_000).label = format!("gift {nth}");
        if nth < 3 {
            let receipt = json!({"receipt": format!("$gift {nth}.receipt")});
            let action = if nth == 2 { "cancel" } else { "hand-over" };
            let who = if nth == 2 { Who::Citizen(*who) } else { Who::Hand("係員") };
            day.ask(at + 1, who, if nth == 2 { "face" } else { "staff" }, ("furusato", action), receipt, 0);
        }
    }
    let receipt = json!({"receipt": "$gift 0.receipt", "kana": "おおた はるか"});
    day.ask(minute(13, 45), Who::Citizen(visitors[0]), "card", ("furusato", "one-stop-form"), receipt, 0);
    day.ask(minute(13, 46), Who::Citizen(4), "face", ("furusato", "donate"), cup(), 10_000);
    day.ask(minute(13, 47), Who::Citizen(4), "face", ("furusato", "donate"), json!({"yen": 2_000}), 2_000);
    let mandate = json!({
        "device": "洗濯機", "device_key": "$device", "budget_yen": 3_000, "per_order_yen": 1_000, "items": ["detergent", "filter"], "days": 29
    });
    day.ask(minute(14, 0), Who::Citizen(6), "face", ("orders", "mandate"), mandate, 3_000).label = "mandate".to_owned();
    for (nth, (sequence, item, count)) in
        [(1, "detergent", 2), (1, "detergent", 2), (2, "filter", 2), (3, "filter", 1)].into_iter().enumerate()
    {
        let at = minute(14, 1) + u32::try_from(nth).unwrap_or_default();
        day.add(at, Who::Hand("洗濯機"), "device", Deed::Order { of: "mandate".to_owned(), sequence, item, count });
    }
    day.add(minute(14, 10), Who::Citizen(6), "staff", Deed::Tell { of: "mandate".to_owned(), message: "stop" });
    let busy = minute(14, 30);
    day.add(busy, Who::Hand("ハブ"), "", Deed::Crash);
    for who in of(Life::Parent) {
        day.ask(busy, Who::Citizen(who), "face", ("bus", "board"), json!({"stop": "S04_1"}), 1_000);
        day.ask(minute(14, 45), Who::Citizen(who), "face", ("bus", "alight"), json!({"stop": "S01_1"}), 0);
    }
    for who in &visitors[..3] {
        day.add(busy, Who::Citizen(*who), "face", pay(2_300));
        day.ask(
            busy,
            Who::Citizen(*who),
            "card",
            ("furusato", "donate"),
            json!({"yen": 3_000, "gift": "onsen-egg"}),
            3_000,
        );
    }
}

/// Everybody goes to a shelter, some of them twice and some written in by hand.
fn drill(day: &mut Script) {
    let at = minute(15, 30);
    for nth in 0..CITIZENS.len() {
        let way = if nth % 6 == 5 { "card" } else { "face" };
        let shelter = if nth % 2 == 0 { "east" } else { "west" };
        let minute = at + u32::try_from(nth / 6).unwrap_or_default();
        day.ask(minute, Who::Citizen(nth), way, ("shelter", "register"), json!({"shelter": shelter}), 0).label =
            format!("evacuee {nth}");
    }
    for (nth, (name, born)) in
        [("外山 旅人", "1980-01-01"), ("加賀 一郎", "1984-05-02"), ("宮田 幼", "2024-05-05")].into_iter().enumerate()
    {
        let input = json!({"shelter": "east", "name": name, "birth_date": born, "disclose": true, "needs": ["infant"]});
        let minute = at + 10 + u32::try_from(nth).unwrap_or_default();
        day.ask(minute, Who::Hand(name), "hand", ("shelter", "register"), input, 0).label = format!("by hand {nth}");
    }
    // One of them is somebody whom a face made known before.
    let merge = json!({"keep": "$evacuee 0.entry", "drop": "$by hand 1.entry"});
    day.ask(at + 15, Who::Hand("係員"), "staff", ("shelter", "merge"), merge, 0);
    for nth in [2, 4] {
        day.ask(at + 16, Who::Citizen(nth), "face", ("shelter", "register"), json!({"shelter": "west"}), 0);
    }
    day.ask(at + 17, Who::Stranger, "face", ("shelter", "register"), json!({"shelter": "east"}), 0);
    day.ask(at + 20, Who::Hand("本部"), "staff", ("shelter", "headcount"), json!({}), 0).label = "headcount".to_owned();
    let asked = json!({"name": "外山 旅人", "birth_date": "1980-01-01"});
    day.ask(at + 21, Who::Hand("照会者"), "staff", ("shelter", "enquire"), asked, 0);
    for nth in 0..CITIZENS.len() {
        let minute = at + 60 + u32::try_from(nth / 6).unwrap_or_default();
        day.ask(
            minute,
            Who::Citizen(nth),
            if nth % 6 == 0 { "card" } else { "face" },
            ("shelter", "leave"),
            json!({}),
            0,
        );
    }
}

/// The way home, and what the shop gives back.
fn evening(day: &mut Script) {
    for (nth, who) in of(Life::Worker).enumerate() {
        let board = minute(17, 30) + u32::try_from(nth / 2).unwrap_or_default() * 3;
        day.ride(who, ("S03_1", board), ("S01_1", board + 14), "face");
    }
    for who in of(Life::Student) {
        day.ride(who, ("S05_1", minute(18, 0)), ("S01_1", minute(18, 28)), "face");
    }
    for nth in [1, 2] {
        day.add(minute(18, 40), Who::Hand("朝市 みどり屋"), "staff", Deed::Refund { of: format!("lunch {nth}") });
    }
}

/// A concert in the civic hall: a ticket that is bound to its owner, and the owner's face at the door.
fn concert(day: &mut Script) {
    let guests: Vec<usize> = of(Life::Visitor).take(4).chain([4, 6]).collect();
    for (nth, who) in guests.iter().enumerate() {
        let input = json!({"ticket": ticket(&format!("C{nth}"), "concert")});
        day.ask(minute(18, 50), Who::Citizen(*who), "staff", ("hall", "bind"), input, 0).expected = Expected::Done;
    }
    let enter = |gate: &str, number: &str, pass: &str| json!({"gate": gate, "ticket": ticket(number, pass)});
    // A friend shows the last guest's ticket.
    let lent =
        day.ask(minute(18, 55), Who::Citizen(0), "qr+face", ("hall", "enter"), enter("door-1", "C5", "concert"), 0);
    (lent.of, lent.expected) = (guests.last().copied(), Expected::Refused("face_ticket_mismatch"));
    let listener = Who::Hand("当日券の方");
    day.ask(minute(18, 56), listener, "qr", ("hall", "enter"), enter("door-1", "D1", "hall"), 0).expected =
        Expected::Refused("other_lane");
    day.ask(minute(18, 56), listener, "qr", ("hall", "enter"), enter("door-3", "D1", "hall"), 0).expected =
        Expected::Done;
    for (nth, who) in guests.iter().enumerate() {
        let (at, gate) = (minute(18, 57) + u32::try_from(nth / 3).unwrap_or_default(), ["door-1", "door-2"][nth % 2]);
        let number = format!("C{nth}");
        day.ask(at, Who::Citizen(*who), "qr+face", ("hall", "enter"), enter(gate, &number, "concert"), 1_800)
            .expected = Expected::Done;
    }
}
