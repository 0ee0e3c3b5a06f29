//! A hub of a few lines: keeps its own books of what a contract tells it to do, and plays everybody's part at random.

use std::collections::BTreeMap;

use tebura_contract::{
    Contract, Effect, Event, Group, LegPayoff, OpenEdge, Outcome, State, Step, Timestamp, TriggerKind,
};

/// A deterministic source of choices.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap();
        items.get(index)
    }
}

/// What the hub has of one leg.
#[derive(Clone, Debug, Default)]
pub(crate) struct LegBook {
    pub(crate) placed: bool,
    pub(crate) authorised: i64,
    pub(crate) in_flight: i64,
    pub(crate) received: BTreeMap<String, i64>,
    pub(crate) released: i64,
    pub(crate) moved: i64,
}

impl LegBook {
    fn gone(&self) -> i64 {
        self.received.values().sum::<i64>() + self.released + self.moved
    }
}

pub(crate) struct Hub<'c> {
    contract: &'c Contract,
    pub(crate) state: State,
    pub(crate) now: i64,
    pub(crate) legs: BTreeMap<String, LegBook>,
    placing: Vec<String>,
    open: Vec<Group>,
    asked: Vec<(String, String)>,
    /// Some group failed: lower bounds no longer hold.
    pub(crate) failed: bool,
    pub(crate) steps: usize,
    reporting: bool,
    ids: u64,
    /// How often rails fail, in per cent.
    failures: u64,
    /// What was promised on the way: the leg, and the books and the ranges at that time.
    promised: Vec<(LegPayoff, LegBook)>,
}

impl<'c> Hub<'c> {
    pub(crate) fn begin(contract: &'c Contract, dice: &mut Dice, failures: u64) -> Self {
        let now = 1_700_000_000_000 + i64::try_from(dice.below(1_000_000)).unwrap();
        let anchors = contract.anchors().map(|anchor| {
            let room = u64::try_from(anchor.latest_ms - anchor.earliest_ms).unwrap();
            let ms = anchor.earliest_ms + i64::try_from(dice.below(room + 1)).unwrap();
            (anchor.name.to_owned(), Timestamp::from_millis(now + ms))
        });
        let anchors = anchors.collect();
        let step = contract.begin(Timestamp::from_millis(now), &anchors).expect("anchors lie inside their bounds");
        let mut hub = Self {
            contract,
            state: step.state.clone(),
            now,
            legs: contract.legs().map(|leg| (leg.name.to_owned(), LegBook::default())).collect(),
            placing: Vec::new(),
            open: Vec::new(),
            asked: Vec::new(),
            failed: false,
            steps: 0,
            reporting: false,
            ids: 0,
            failures,
            promised: Vec::new(),
        };
        hub.take(step);
        hub
    }

    /// Plays until everything is over. Panics when an invariant breaks or nothing ends.
    pub(crate) fn play(&mut self, dice: &mut Dice) {
        while !self.over() {
            self.steps += 1;
            assert!(self.steps < 5_000, "it does not end: {:?}", self.state);
            match dice.below(10) {
                0..=2 => self.report(dice),
                3 | 4 if self.steps < 600 => self.act(dice),
                5 if self.steps < 600 => self.nonsense(dice),
                6 => self.answer(dice),
                _ => self.wait(dice),
            }
        }
        self.promises_were_kept();
        for leg in self.legs.values().filter(|leg| leg.placed) {
            assert_eq!(leg.gone(), leg.authorised, "a leg is accounted for: {leg:?}");
            assert_eq!(leg.in_flight, 0);
        }
        for leg in self.contract.standings(&self.state) {
            let book = &self.legs[&leg.leg];
            if book.placed {
                assert_eq!((leg.left, leg.authorised), (0, book.authorised));
                assert_eq!(leg.captured, book.received.values().sum::<i64>());
                assert_eq!((leg.released, leg.moved), (book.released, book.moved));
            }
        }
    }

    /// Without failures, everybody got what was promised at every moment on the way.
    fn promises_were_kept(&self) {
        let unfunded = matches!(self.state.ended(), Some((_, Outcome::Unfunded)));
        for (range, before) in self.promised.iter().filter(|_| !self.failed && !unfunded) {
            let book = &self.legs[&range.leg];
            for (party, range) in &range.received {
                let got = book.received.get(party).unwrap_or(&0) - before.received.get(party).unwrap_or(&0);
                assert!(range.contains(got), "{party} got {got} more, {range:?} was promised");
            }
            let (back, moved) = (book.released - before.released, book.moved - before.moved);
            assert!(range.returned.contains(back), "{back} came back, {:?} was promised", range.returned);
            assert!(range.moved.contains(moved), "{moved} moved, {:?} was promised", range.moved);
        }
    }

    fn over(&self) -> bool {
        self.state.ended().is_some() && self.placing.is_empty() && self.open.is_empty()
    }

    /// Sends an event, checks the answer, and keeps it.
    pub(crate) fn send(&mut self, event: &Event) -> Option<Step> {
        let now = Timestamp::from_millis(self.now);
        let step = self.contract.step(&self.state, event, now).ok()?;
        let again = self.contract.step(&step.state, event, now);
        let signed = matches!(event, Event::Act { .. } | Event::Attest { .. } | Event::Consent { .. });
        if signed && step.refused.is_none() {
            let again = again.expect("a repetition is no error");
            assert_eq!(again.state, step.state, "a repetition changes nothing");
            assert!(again.groups.is_empty());
        }
        let stored = serde_json::to_string(&step.state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&stored).unwrap(), step.state);
        if let Some(deadline) = step.state.deadline() {
            assert!(deadline.millis() > self.now, "what is due has fired");
        }
        self.state = step.state.clone();
        self.take(step.clone());
        let settled = self.open.is_empty() && self.placing.is_empty() && !self.reporting;
        if settled && self.promised.len() < 40 && self.legs.values().all(|leg| leg.placed) {
            let left = self.contract.payoff_left(&self.state).into_iter();
            let books = left.map(|range| (range.clone(), self.legs[&range.leg].clone()));
            self.promised.extend(books);
        }
        Some(step)
    }

    fn take(&mut self, step: Step) {
        for group in step.groups {
            assert!(!group.effects.is_empty());
            let mut money = false;
            for effect in &group.effects {
                match effect {
                    Effect::Place { leg, amount, until, .. } => {
                        assert!(*amount > 0 && until.millis() > self.now);
                        self.placing.push(leg.clone());
                    }
                    Effect::Raise { .. } => money = true,
                    Effect::Capture { .. } | Effect::Release { .. } | Effect::Rehold { .. } => {
                        money = true;
                        self.reserve(effect);
                    }
                    Effect::AskConsent { party, statement, .. } => self.asked.push((party.clone(), statement.clone())),
                    Effect::Ended { .. } => assert!(step.state.ended().is_some()),
                }
            }
            if money {
                self.open.push(group);
            }
        }
    }

    fn reserve(&mut self, effect: &Effect) {
        let (leg, amount, is_final) = amount(effect);
        let book = self.legs.get_mut(leg).unwrap();
        assert!(amount > 0, "{effect:?} moves nothing");
        if !book.placed {
            // The hold was given up while the rail was still placing it.
            return;
        }
        book.in_flight += amount;
        assert!(book.gone() + book.in_flight <= book.authorised, "{effect:?} takes too much: {book:?}");
        if is_final {
            // What is being reported after a deadline comes back in a group of its own, after the deadline's.
            let taken = book.gone() + book.in_flight;
            assert!(taken == book.authorised || self.reporting, "{effect:?} is final: {book:?}");
        }
    }

    fn report(&mut self, dice: &mut Dice) {
        if !self.placing.is_empty() && dice.chance(70) {
            let index = usize::try_from(dice.below(self.placing.len() as u64)).unwrap();
            let leg = self.placing.swap_remove(index);
            if dice.chance(self.failures) {
                self.send(&Event::LegFailed { leg });
            } else {
                let hold = self.contract.legs().find(|known| known.name == leg).unwrap().hold;
                let book = self.legs.get_mut(&leg).unwrap();
                book.placed = true;
                book.authorised = hold;
                self.send(&Event::LegHeld { leg });
            }
        } else if !self.open.is_empty() {
            let index = usize::try_from(dice.below(self.open.len() as u64)).unwrap();
            let group = self.open.swap_remove(index);
            let fails = dice.chance(self.failures) && !group.effects.iter().all(is_release);
            self.failed |= fails;
            for effect in &group.effects {
                self.settle(effect, fails);
            }
            let group = group.number;
            self.reporting = true;
            self.send(&if fails { Event::GroupFailed { group } } else { Event::GroupDone { group } });
            self.reporting = false;
        }
    }

    fn settle(&mut self, effect: &Effect, fails: bool) {
        if let Effect::Raise { leg, to } = effect {
            let book = self.legs.get_mut(leg).unwrap();
            book.authorised = if fails { book.authorised } else { book.authorised.max(*to) };
        }
        if !matches!(effect, Effect::Capture { .. } | Effect::Release { .. } | Effect::Rehold { .. }) {
            return;
        }
        let (leg, amount, _) = amount(effect);
        let book = self.legs.get_mut(leg).unwrap();
        book.in_flight -= amount;
        if fails {
            return;
        }
        match effect {
            Effect::Capture { splits, returns, .. } => {
                book.released += returns;
                for split in splits {
                    *book.received.entry(split.party.clone()).or_default() += split.amount;
                }
            }
            Effect::Release { amount, .. } => book.released += amount,
            Effect::Rehold { amount, .. } => book.moved += amount,
            Effect::Place { .. } | Effect::Raise { .. } | Effect::AskConsent { .. } | Effect::Ended { .. } => {}
        }
    }

    fn act(&mut self, dice: &mut Dice) {
        let open = self.contract.who_may_act(&self.state, Timestamp::from_millis(self.now));
        let Some(edge) = dice.pick(&open) else { return };
        let Some(by) = dice.pick(&edge.by).cloned() else { return };
        let event = self.signed(edge, by, dice);
        if let Some(step) = self.send(&event) {
            assert_eq!(step.refused, None);
        } else {
            let raising = self.contract.standings(&self.state).iter().any(|leg| leg.raising.is_some());
            assert!(raising, "{event:?} was offered and is refused in {:?}", self.state);
        }
    }

    fn signed(&mut self, edge: &OpenEdge, by: String, dice: &mut Dice) -> Event {
        self.ids += 1;
        let (id, name) = (format!("e{}", self.ids), edge.name.clone());
        let shared = dice.chance(80);
        let mut fields = BTreeMap::new();
        for field in &edge.fields {
            let room = u64::try_from(field.max - field.min).unwrap();
            let value = match dice.below(4) {
                0 => field.max,
                1 => field.min,
                _ if shared => field.min + (field.max - field.min) / 3,
                _ => field.min + i64::try_from(dice.below(room + 1)).unwrap(),
            };
            fields.insert(field.name.clone(), value);
        }
        match edge.kind {
            TriggerKind::Act => Event::Act { id, by, act: name },
            TriggerKind::Attest => Event::Attest { id, by, attest: name, fields },
        }
    }

    /// Things that have no place, or may have one by chance.
    fn nonsense(&mut self, dice: &mut Dice) {
        let parties: Vec<String> = self.contract.parties().map(|party| party.name.to_owned()).collect();
        let by = dice.pick(&parties).cloned().unwrap_or_default();
        self.ids += 1;
        let id = format!("x{}", self.ids);
        let event = match dice.below(7) {
            0 => Event::Act { id, by, act: "cancel".to_owned() },
            1 => Event::Attest { id, by, attest: "bill".to_owned(), fields: BTreeMap::new() },
            2 => Event::Consent { id, by, statement: "e1".to_owned(), granted: true },
            3 => Event::Deadline,
            4 => Event::LegHeld { leg: "nothing".to_owned() },
            5 => Event::GroupDone { group: 1_000_000 },
            _ => Event::GroupFailed { group: 0 },
        };
        self.send(&event);
    }

    fn answer(&mut self, dice: &mut Dice) {
        let Some((by, statement)) = self.asked.pop() else { return };
        self.ids += 1;
        let id = format!("c{}", self.ids);
        self.send(&Event::Consent { id, by, statement, granted: dice.chance(70) });
    }

    /// Lets time pass: a little, up to the deadline, exactly to it, or beyond.
    fn wait(&mut self, dice: &mut Dice) {
        let Some(deadline) = self.state.deadline() else { return };
        let room = u64::try_from((deadline.millis() - self.now).max(0)).unwrap();
        let share = room / 10;
        self.now += match dice.below(if self.steps > 600 { 3 } else { 12 }) {
            0 => i64::try_from(room).unwrap(),
            1 => i64::try_from(room).unwrap() + 1,
            2 => i64::try_from(room * 3 / 2).unwrap(),
            3 => i64::try_from(room.max(1)).unwrap() - 1,
            _ => i64::try_from(dice.below(share + 1)).unwrap(),
        };
        if self.now >= deadline.millis() && dice.chance(50) {
            self.send(&Event::Deadline).expect("what is due fires");
        }
    }
}

fn is_release(effect: &Effect) -> bool {
    matches!(effect, Effect::Release { .. } | Effect::Ended { .. })
}

fn amount(effect: &Effect) -> (&str, i64, bool) {
    match effect {
        Effect::Capture { leg, splits, is_final, returns } => {
            (leg, splits.iter().map(|split| split.amount).sum::<i64>() + returns, *is_final)
        }
        Effect::Release { leg, amount, is_final } => (leg, *amount, *is_final),
        Effect::Rehold { leg, amount, .. } => (leg, *amount, true),
        Effect::Place { leg, .. } | Effect::Raise { leg, .. } => (leg, 0, false),
        Effect::AskConsent { party, .. } => (party, 0, false),
        Effect::Ended { .. } => ("", 0, false),
    }
}
