//! Single steps: who wins, what is refused and why, what repeats, and what every amount is.

use std::collections::BTreeMap;

use serde_json::json;
use tebura_contract::{BeginRefusal, Contract, Effect, Event, Group, Outcome, Split, State, StepRefusal, Timestamp};

use crate::documents::{contract, value};
use crate::mutate::{changed, set};

const T0: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// One instance that is told what happens.
struct Script {
    contract: Contract,
    state: State,
    now: i64,
}

impl Script {
    fn begin(contract: Contract, anchors: &[(&str, i64)]) -> (Self, Vec<Group>) {
        let anchors = anchors.iter().map(|(name, ms)| ((*name).to_owned(), at(*ms))).collect();
        let step = contract.begin(at(0), &anchors).expect("it begins");
        (Self { contract, state: step.state, now: 0 }, step.groups)
    }

    /// Begins, and every leg is held at once.
    fn held(contract: Contract, anchors: &[(&str, i64)]) -> Self {
        let (mut script, _) = Self::begin(contract, anchors);
        script.hold_all();
        script
    }

    fn hold_all(&mut self) {
        let legs: Vec<String> = self.contract.legs().map(|leg| leg.name.to_owned()).collect();
        for leg in legs {
            self.ok(Event::LegHeld { leg });
        }
    }

    fn at(&mut self, ms: i64) -> &mut Self {
        self.now = ms;
        self
    }

    #[track_caller]
    fn ok(&mut self, event: Event) -> Vec<Group> {
        let step = self.contract.step(&self.state, &event, at(self.now)).expect("the event has a place");
        assert_eq!(step.refused, None);
        self.state = step.state;
        step.groups
    }

    #[track_caller]
    fn refused(&mut self, event: Event) -> StepRefusal {
        self.contract.step(&self.state, &event, at(self.now)).expect_err("the event has no place")
    }

    fn place(&self) -> Option<&str> {
        self.contract.place(&self.state)
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(T0 + ms)
}

fn act(id: &str, by: &str, act: &str) -> Event {
    Event::Act { id: id.to_owned(), by: by.to_owned(), act: act.to_owned() }
}

fn attest(id: &str, by: &str, attest: &str, fields: &[(&str, i64)]) -> Event {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Event::Attest { id: id.to_owned(), by: by.to_owned(), attest: attest.to_owned(), fields }
}

fn split(party: &str, amount: i64, short: i64) -> Split {
    Split { party: party.to_owned(), amount, short }
}

fn release(leg: &str, amount: i64) -> Effect {
    Effect::Release { leg: leg.to_owned(), amount, is_final: true }
}

fn capture(leg: &str, splits: Vec<Split>, is_final: bool, returns: i64) -> Effect {
    Effect::Capture { leg: leg.to_owned(), splits, is_final, returns }
}

fn ended(state: &str, edge: Option<usize>) -> Effect {
    Effect::Ended { outcome: Outcome::Fired { state: state.to_owned(), edge } }
}

#[track_caller]
fn effects(groups: Vec<Group>) -> Vec<Effect> {
    assert!(groups.len() <= 1, "one edge is one group: {groups:?}");
    groups.into_iter().flat_map(|group| group.effects).collect()
}

#[test]
fn a_taxi_ride_from_hold_to_capture() {
    let (mut ride, groups) = Script::begin(contract("taxi-cap"), &[]);
    let until = at(3 * HOUR);
    let place = Effect::Place { leg: "fare".to_owned(), amount: 5_000, cap: 8_000, until };
    assert_eq!(effects(groups), [place]);
    assert!(ride.state.is_funding());
    assert_eq!(ride.state.deadline(), Some(at(2 * 60_000)));
    let early = ride.refused(attest("m1", "meter", "meter.final", &[("fare", 4_200)]));
    assert_eq!(early.code(), "contract.funding");
    assert!(early.retryable());
    ride.hold_all();
    assert_eq!(ride.place(), Some("ride"));
    assert_eq!(ride.state.deadline(), Some(until));
    let paid = ride.at(HOUR).ok(attest("m1", "meter", "meter.final", &[("fare", 4_200)]));
    assert_eq!(effects(paid), [capture("fare", vec![split("taxi", 4_200, 0)], true, 800), ended("ride", Some(1))]);
    assert_eq!(ride.refused(act("c1", "taxi", "cancel")), StepRefusal::Ended);
    assert_eq!(ride.ok(attest("m1", "meter", "meter.final", &[("fare", 4_200)])), []);
    assert_eq!(ride.state.open_groups().collect::<Vec<_>>(), [2]);
    ride.ok(Event::GroupDone { group: 2 });
    assert_eq!(ride.state.open_groups().count(), 0);
}

#[test]
fn more_than_is_held_is_paid_up_to_the_hold_and_said() {
    let mut ride = Script::held(contract("taxi-cap"), &[]);
    let paid = ride.ok(attest("m", "meter", "meter.final", &[("fare", 9_000)]));
    assert_eq!(effects(paid)[0], capture("fare", vec![split("taxi", 5_000, 4_000)], true, 0));
}

#[test]
fn a_raise_counts_when_the_rail_agrees_and_payments_wait_for_its_answer() {
    let mut ride = Script::held(contract("taxi-cap"), &[]);
    let raised = ride.ok(act("r1", "rider", "raise_cap"));
    assert_eq!(effects(raised), [Effect::Raise { leg: "fare".to_owned(), to: 8_000 }]);
    let waits = ride.refused(attest("m", "meter", "meter.final", &[("fare", 7_000)]));
    assert_eq!(waits, StepRefusal::Raising { leg: "fare".to_owned() });
    assert!(waits.retryable());
    ride.ok(Event::GroupDone { group: 2 });
    assert_eq!(ride.refused(act("r2", "rider", "raise_cap")).code(), "contract.used_up");
    let paid = ride.ok(attest("m", "meter", "meter.final", &[("fare", 7_000)]));
    assert_eq!(effects(paid)[0], capture("fare", vec![split("taxi", 7_000, 0)], true, 1_000));
}

#[test]
fn a_declined_raise_changes_nothing() {
    let mut ride = Script::held(contract("taxi-cap"), &[]);
    ride.ok(act("r1", "rider", "raise_cap"));
    ride.ok(Event::GroupFailed { group: 2 });
    let paid = ride.ok(attest("m", "meter", "meter.final", &[("fare", 7_000)]));
    assert_eq!(effects(paid)[0], capture("fare", vec![split("taxi", 5_000, 2_000)], true, 0));
}

#[test]
fn a_raise_that_succeeds_after_the_deadline_comes_back() {
    let mut ride = Script::held(contract("taxi-cap"), &[]);
    ride.ok(act("r1", "rider", "raise_cap"));
    let over = ride.at(3 * HOUR).ok(Event::Deadline);
    assert_eq!(effects(over), [release("fare", 5_000), ended("ride", None)]);
    assert_eq!(effects(ride.ok(Event::GroupDone { group: 2 })), [release("fare", 3_000)]);
}

#[test]
fn a_late_event_never_wins() {
    let mut ride = Script::held(contract("taxi-cap"), &[]);
    ride.at(3 * HOUR);
    let late = attest("m", "meter", "meter.final", &[("fare", 4_200)]);
    let step = ride.contract.step(&ride.state, &late, at(3 * HOUR)).unwrap();
    assert_eq!(step.refused, Some(StepRefusal::Ended));
    assert_eq!(effects(step.groups.clone()), [release("fare", 5_000), ended("ride", None)]);
    let just = ride.contract.step(&ride.state, &late, at(3 * HOUR - 1)).unwrap();
    assert_eq!(just.refused, None);
    let down = ride.contract.step(&ride.state, &Event::Deadline, at(400 * DAY)).unwrap();
    assert_eq!(down.groups, step.groups);
    assert_eq!(down.state.ended().unwrap().0, at(3 * HOUR), "the deadline fires at its own time");
}

#[test]
fn deadlines_fire_in_order_and_once() {
    let table = 10 * DAY;
    let mut booking = Script::begin(contract("restaurant-cancel"), &[("table", table)]).0;
    assert_eq!(effects(booking.ok(act("a", "shop", "accept"))).len(), 1);
    booking.hold_all();
    let none = booking.refused(Event::Deadline);
    assert_eq!(none, StepRefusal::NothingDue { deadline: Some(at(table + HOUR)) });
    let step = booking.contract.step(&booking.state, &Event::Deadline, at(table + 2 * DAY)).unwrap();
    let shop = capture("fee", vec![split("shop", 6_000, 0)], true, 0);
    assert_eq!(effects(step.groups), [shop, ended("noshow", None)]);
    let again = booking.contract.step(&step.state, &Event::Deadline, at(table + 2 * DAY));
    assert_eq!(again, Err(StepRefusal::NothingDue { deadline: None }));
}

#[test]
fn the_fee_follows_the_clock() {
    let table = 10 * DAY;
    let cancelled = |ms: i64| {
        let mut booking = Script::begin(contract("restaurant-cancel"), &[("table", table)]).0;
        booking.ok(act("a", "shop", "accept"));
        booking.hold_all();
        effects(booking.at(ms).ok(act("c", "guest", "cancel")))[0].clone()
    };
    assert_eq!(cancelled(table - 3 * DAY - 1), release("fee", 6_000));
    assert_eq!(cancelled(table - 3 * DAY), capture("fee", vec![split("shop", 1_800, 0)], true, 4_200));
    assert_eq!(cancelled(table - DAY), capture("fee", vec![split("shop", 3_000, 0)], true, 3_000));
    assert_eq!(cancelled(table - 1), capture("fee", vec![split("shop", 3_000, 0)], true, 3_000));
    let mut booking = Script::begin(contract("restaurant-cancel"), &[("table", table)]).0;
    booking.ok(act("a", "shop", "accept"));
    booking.hold_all();
    let late = booking.at(table).refused(act("c", "guest", "cancel"));
    assert_eq!(late, StepRefusal::TooLate { name: "cancel".to_owned(), closed: at(table) });
}

#[test]
fn nothing_is_held_before_the_shop_accepts() {
    let (mut booking, groups) = Script::begin(contract("restaurant-cancel"), &[("table", 10 * DAY)]);
    assert_eq!(groups, []);
    assert_eq!(booking.place(), Some("offered"));
    assert_eq!(effects(booking.ok(act("d", "shop", "decline"))), [ended("offered", Some(1))]);
    let (mut booking, _) = Script::begin(contract("restaurant-cancel"), &[("table", 10 * DAY)]);
    let placed = effects(booking.at(HOUR).ok(act("a", "shop", "accept")));
    let until = at(11 * DAY);
    assert_eq!(placed, [Effect::Place { leg: "fee".to_owned(), amount: 6_000, cap: 6_000, until }]);
    assert_eq!(booking.state.deadline(), Some(at(HOUR + 15 * 60_000)));
}

#[test]
fn an_unfunded_contract_gives_everything_back() {
    let (mut car, _) = Script::begin(contract("usedcar-dvp"), &[]);
    car.ok(Event::LegHeld { leg: "title".to_owned() });
    let unfunded = Effect::Ended { outcome: Outcome::Unfunded };
    let over = car.ok(Event::LegFailed { leg: "money".to_owned() });
    assert_eq!(effects(over), [release("title", 1), unfunded.clone()]);
    let (mut car, _) = Script::begin(contract("usedcar-dvp"), &[]);
    car.ok(Event::LegHeld { leg: "title".to_owned() });
    let over = car.at(DAY).ok(Event::Deadline);
    assert_eq!(effects(over), [release("title", 1), unfunded]);
    let late = car.at(DAY + 1).ok(Event::LegHeld { leg: "money".to_owned() });
    assert_eq!(effects(late), [release("money", 1_800_000)]);
    assert_eq!(car.ok(Event::LegHeld { leg: "money".to_owned() }), []);
}

#[test]
fn delivery_and_payment_are_one_group_or_nothing() {
    let mut car = Script::held(contract("usedcar-dvp"), &[]);
    car.ok(attest("a", "assessor", "assessed", &[("value", 1_500_000)]));
    assert_eq!(car.ok(attest("r", "registry", "transfer_ready", &[])), []);
    let open = car.contract.who_may_act(&car.state, at(0));
    let ready = open.iter().find(|edge| edge.name == "transfer_ready").unwrap();
    assert_eq!((ready.by.as_slice(), ready.missing), (&["buyer".to_owned()][..], 1));
    assert_eq!(car.ok(attest("r", "registry", "transfer_ready", &[])), [], "the same statement counts once");
    assert_eq!(car.ok(attest("r2", "registry", "transfer_ready", &[])), [], "one party counts once");
    let both = car.ok(attest("b", "buyer", "transfer_ready", &[]));
    let group = both[0].number;
    assert_eq!(
        effects(both),
        [
            capture("money", vec![split("seller", 1_500_000, 0)], true, 300_000),
            capture("title", vec![split("buyer", 1, 0)], true, 0),
            ended("agree", Some(0)),
        ]
    );
    let failed = car.ok(Event::GroupFailed { group });
    let unwound = Effect::Ended { outcome: Outcome::Unwound };
    assert_eq!(effects(failed), [release("money", 1_800_000), release("title", 1), unwound]);
    assert_eq!(car.state.ended().unwrap().1, &Outcome::Unwound);
}

#[test]
fn signers_have_to_state_the_same_numbers() {
    let mut visit = Script::held(contract("emergency-repair"), &[]);
    assert_eq!(visit.ok(attest("f1", "fixer", "done", &[("bill", 20_000)])), []);
    assert_eq!(visit.ok(attest("h1", "home", "done", &[("bill", 18_000)])), []);
    let agreed = visit.ok(attest("f2", "fixer", "done", &[("bill", 18_000)]));
    assert_eq!(effects(agreed)[0], capture("job", vec![split("fixer", 18_000, 0)], true, 12_000));
}

#[test]
fn consent_is_asked_shown_and_given_to_one_statement() {
    let mut visit = Script::held(contract("emergency-repair"), &[]);
    let raise = Effect::Raise { leg: "job".to_owned(), to: 60_000 };
    let asked = effects(visit.ok(act("q1", "fixer", "ask_more")));
    let ask = Effect::AskConsent { party: "home".to_owned(), statement: "q1".to_owned(), preview: vec![raise.clone()] };
    assert_eq!(asked, [ask]);
    assert_eq!(visit.contract.consents_awaited(&visit.state).collect::<Vec<_>>(), [("home", "q1")]);
    let consent = |id: &str, by: &str, statement: &str, granted| Event::Consent {
        id: id.to_owned(),
        by: by.to_owned(),
        statement: statement.to_owned(),
        granted,
    };
    assert_eq!(visit.refused(consent("x", "home", "q9", true)).code(), "contract.nothing_to_consent");
    assert_eq!(visit.refused(consent("x", "fixer", "q1", true)).code(), "contract.not_your_consent");
    assert_eq!(visit.ok(consent("n", "home", "q1", false)), []);
    assert_eq!(visit.refused(consent("y", "home", "q1", true)).code(), "contract.nothing_to_consent");
    visit.ok(act("q2", "fixer", "ask_more"));
    assert_eq!(effects(visit.ok(consent("y", "home", "q2", true))), [raise]);
    assert_eq!(visit.ok(consent("y", "home", "q2", true)), []);
    assert_eq!(visit.refused(act("q3", "fixer", "ask_more")).code(), "contract.used_up");
}

#[test]
fn parts_are_captured_until_nothing_is_left() {
    let mut term = Script::held(contract("prepay-protect"), &[]);
    for lesson in 0..10 {
        let paid = term.at(lesson * DAY).ok(attest(&format!("l{lesson}"), "roll", "lesson", &[]));
        assert_eq!(effects(paid), [capture("fee", vec![split("school", 5_000, 0)], false, 0)]);
    }
    assert_eq!(term.refused(attest("l10", "roll", "lesson", &[])).code(), "contract.used_up");
    assert_eq!(effects(term.ok(act("q", "student", "quit"))), [ended("term", Some(1))]);
}

#[test]
fn what_is_left_to_receive_shrinks_on_the_way() {
    let mut term = Script::held(contract("prepay-protect"), &[]);
    let left = |term: &Script| {
        let leg = term.contract.payoff_left(&term.state).remove(0);
        let school = leg.received.first().map_or((0, 0), |(_, range)| (range.min, range.max));
        (school, (leg.returned.min, leg.returned.max))
    };
    assert_eq!(left(&term), ((0, 50_000), (0, 50_000)));
    (0..3).for_each(|lesson| drop(term.ok(attest(&format!("l{lesson}"), "roll", "lesson", &[]))));
    assert_eq!(left(&term), ((0, 35_000), (0, 35_000)));
    term.ok(act("q", "student", "quit"));
    assert_eq!(left(&term), ((0, 0), (0, 0)));
    let mut car = Script::held(contract("usedcar-dvp"), &[]);
    car.ok(attest("a", "assessor", "assessed", &[("value", 1_500_000)]));
    let money = car.contract.payoff_left(&car.state).remove(0);
    assert_eq!((money.received[0].1.max, money.returned.min), (1_500_000, 300_000));
}

#[test]
fn a_failed_part_stays_on_the_leg() {
    let mut term = Script::held(contract("prepay-protect"), &[]);
    let paid = term.ok(attest("l1", "roll", "lesson", &[]));
    term.ok(attest("l2", "roll", "lesson", &[]));
    term.ok(Event::GroupFailed { group: paid[0].number });
    assert_eq!(effects(term.ok(act("q", "student", "quit")))[0], release("fee", 45_000));
    let paid = term.state.open_groups().next().unwrap();
    let back = term.ok(Event::GroupFailed { group: paid });
    assert_eq!(effects(back), [release("fee", 5_000)]);
}

#[test]
fn a_deposit_moves_into_another_contract() {
    let mut held = Script::held(contract("hold-to-collateral"), &[]);
    held.at(5 * DAY).ok(act("o", "owner", "pledge"));
    let moved = effects(held.at(6 * DAY).ok(act("b", "bank", "pledge")));
    let pledge = contract("collateral").hash();
    let until = at(200 * DAY);
    let rehold = Effect::Rehold { leg: "dep".to_owned(), amount: 300_000, contract: pledge, until };
    assert_eq!(moved, [rehold, ended("held", Some(0))]);
}

#[test]
fn a_deadline_can_count_from_the_entry() {
    let mut pledge = Script::held(contract("collateral"), &[]);
    pledge.at(10 * DAY).ok(attest("d", "loanbook", "default", &[("due", 120_000)]));
    assert_eq!(pledge.state.deadline(), Some(at(24 * DAY)));
    let over = pledge.at(24 * DAY).ok(Event::Deadline);
    assert_eq!(effects(over)[0], capture("pledge", vec![split("bank", 120_000, 0)], true, 180_000));
}

#[test]
fn refusals_say_what_could_be_done() {
    let mut visit = Script::held(contract("emergency-repair"), &[]);
    let open = ["ask_more", "done", "callout_only"].map(str::to_owned).to_vec();
    assert_eq!(
        visit.refused(act("a", "home", "explode")),
        StepRefusal::NotAwaited { name: "explode".to_owned(), open }
    );
    let by = vec!["fixer".to_owned()];
    let not_yours = StepRefusal::NotYours { name: "callout_only".to_owned(), party: "home".to_owned(), by };
    assert_eq!(visit.refused(act("a", "home", "callout_only")), not_yours);
    assert_eq!(visit.refused(act("a", "nobody", "done")).code(), "contract.unknown_party");
    assert_eq!(visit.refused(act("", "home", "done")).code(), "contract.event_id");
    assert_eq!(visit.refused(act(&"x".repeat(129), "home", "done")).code(), "contract.event_id");
    assert_eq!(visit.refused(attest("a", "home", "done", &[])).code(), "contract.field_missing");
    for bill in [-1, 60_001, i64::MAX, i64::MIN] {
        let refused = visit.refused(attest("a", "home", "done", &[("bill", bill)]));
        assert_eq!(refused.code(), "contract.field_out_of_bounds");
    }
    assert_eq!(visit.refused(Event::GroupDone { group: 9 }).code(), "contract.unknown_group");
    assert_eq!(visit.refused(Event::LegHeld { leg: "moon".to_owned() }).code(), "contract.not_placing");
    assert_eq!(visit.refused(Event::LegFailed { leg: "job".to_owned() }).code(), "contract.not_placing");
}

#[test]
fn a_clock_that_goes_back_opens_nothing_again() {
    let mut ride = Script::held(contract("iot-reorder"), &[]);
    ride.at(29 * DAY).ok(attest("o", "device", "reorder", &[("price", 5)]));
    let back = ride.contract.step(&ride.state, &act("s", "owner", "stop"), at(-DAY)).unwrap();
    assert_eq!(back.state.ended().unwrap().0, at(29 * DAY));
}

#[test]
fn one_party_cannot_fill_the_state() {
    let mut visit = Script::held(contract("emergency-repair"), &[]);
    for number in 0..tebura_contract::limits::EVENTS_PER_PARTY_MAX {
        visit.ok(attest(&format!("f{number}"), "fixer", "done", &[("bill", 20_000)]));
    }
    let refused = visit.refused(attest("more", "fixer", "done", &[("bill", 20_000)]));
    assert_eq!(refused.code(), "contract.too_many_events");
    let agreed = visit.ok(attest("f1", "home", "done", &[("bill", 20_000)]));
    assert_eq!(agreed.len(), 1, "an id of one party is not an id of another, and others may still act");
    assert!(serde_json::to_string(&visit.state).unwrap().len() < 40_000);
}

#[test]
fn a_state_belongs_to_its_document() {
    let ride = Script::held(contract("taxi-cap"), &[]);
    let other = Contract::from_value(&changed(value("taxi-cap"), &[set("/legs/fare/hold", 4_000)])).unwrap();
    let step = other.step(&ride.state, &Event::Deadline, at(0));
    assert_eq!(step, Err(StepRefusal::OtherDocument));
    assert_eq!(other.who_may_act(&ride.state, at(0)), []);
    let mut stored = serde_json::to_value(&ride.state).unwrap();
    assert!(stored.to_string().len() < 400, "{stored}");
    assert!(!stored.to_string().contains("meter"), "a state carries nothing of the document");
    stored["v"] = json!(2);
    let newer: State = serde_json::from_value(stored).unwrap();
    assert_eq!(ride.contract.step(&newer, &Event::Deadline, at(0)), Err(StepRefusal::OtherDocument));
}

#[test]
fn anchors_lie_inside_their_bounds() {
    let begin = |anchors: &[(&str, i64)]| {
        let anchors: BTreeMap<String, Timestamp> =
            anchors.iter().map(|(name, ms)| ((*name).to_owned(), at(*ms))).collect();
        contract("restaurant-cancel").begin(at(0), &anchors).map(|_| ())
    };
    assert_eq!(begin(&[("table", 3 * HOUR)]), Ok(()));
    assert_eq!(begin(&[("table", 60 * DAY)]), Ok(()));
    let code = |outcome: Result<(), BeginRefusal>| outcome.unwrap_err().code();
    assert_eq!(code(begin(&[])), "contract.anchor_missing");
    assert_eq!(code(begin(&[("table", 5 * HOUR), ("chair", 0)])), "contract.anchor_unknown");
    assert_eq!(code(begin(&[("table", 3 * HOUR - 1)])), "contract.anchor_too_early");
    assert_eq!(code(begin(&[("table", 60 * DAY + 1)])), "contract.anchor_too_late");
}

#[test]
fn whoever_signs_for_anothers_money_is_somebody_else() {
    assert_eq!(contract("taxi-cap").must_differ(), [("meter", "taxi")]);
    assert_eq!(contract("emergency-repair").must_differ(), [("fixer", "home")]);
    assert_eq!(
        contract("usedcar-dvp").must_differ(),
        [("assessor", "buyer"), ("assessor", "seller"), ("buyer", "registry"), ("registry", "seller")]
    );
    assert_eq!(contract("collateral").must_differ(), [("bank", "loanbook")], "silence pays the bank after its word");
}
