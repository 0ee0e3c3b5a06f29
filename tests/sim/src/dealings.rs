//! Contracts in a run: when something is said about one, how it is sent, and what is due of them in the calm.

use std::rc::Rc;
use std::sync::Arc;

use tebura_hub::capture_hold::{CaptureHold, OverCapture};
use tebura_hub::contracts::{OpenGroup, RunningContract};
use tebura_hub::exchange::Stage;
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Caller, Page, Store};
use tebura_hub::release_hold::ReleaseHold;
use tebura_ledger::{Finality, HoldId, Timestamp};

use crate::parley::{Heard, Saying, propose, tell};
use crate::run::{Outcome, Run, at_once};
use crate::signers::settle;

impl Run {
    /// Sets the signers up, where the plan has contracts.
    pub(crate) fn settle_signers(&mut self) -> Outcome {
        if self.plan.contracts == 0 {
            return Ok(());
        }
        let hub = self.hub(0).ok_or("no hub")?;
        let signers = Rc::new(std::cell::RefCell::new(None));
        let made = Rc::clone(&signers);
        let work = async move { *made.borrow_mut() = Some(settle(&hub).await) };
        self.process(0).ok_or("no process")?.begin(None, work);
        while signers.borrow().is_none() {
            self.step()?;
        }
        let made = signers.take().ok_or("nobody was set up")?;
        self.signers = made.map_err(|error| format!("the set-up of signers failed: {error}"))?;
        Ok(())
    }

    /// Every contract that there is.
    pub fn contracts(&self) -> Result<Vec<RunningContract>, String> {
        if self.plan.contracts == 0 {
            return Ok(Vec::new());
        }
        at_once(self.store.running_contracts(&Caller::Operator, Page { after: None, limit: u16::MAX }))
    }

    /// Somebody proposes a contract, or says something about one.
    pub(crate) fn deal(&mut self, honest: bool) -> Outcome {
        if self.plan.contracts == 0 {
            return Ok(());
        }
        let alive: Vec<usize> = (0..self.plan.processes).filter(|number| self.hub(*number).is_some()).collect();
        let records = self.contracts()?;
        let outside: Vec<String> = self.plan.rails.iter().map(|nature| nature.rail().to_owned()).collect();
        let parley = Rc::clone(&self.parley);
        let mut parley = parley.borrow_mut();
        let saying = self.world.with(|state| {
            let (now, dice) = (Timestamp::from_millis(state.time), &mut state.dice);
            let new = !honest && parley.offers.len() < self.plan.contracts;
            if new && (parley.offers.is_empty() || dice.chance(300)) {
                return parley.offer(dice, &self.signers, &self.city, &outside).map(Saying::Offer);
            }
            parley.say(dice, &self.signers, &records, now, honest)
        });
        drop(parley);
        if let Some(saying) = saying
            && !alive.is_empty()
        {
            let number = self.world.with(|state| state.dice.one_of(&alive));
            self.utter(number, saying);
        }
        Ok(())
    }

    fn utter(&mut self, number: usize, saying: Saying) {
        match saying {
            Saying::Offer(place) => self.send_offer(number, place),
            Saying::Word(place) => self.send_word(number, place),
            Saying::Reach(hold) => self.reach(number, hold),
        }
    }

    fn send_offer(&mut self, number: usize, place: usize) {
        let (Some(hub), world, parley) = (self.hub(number), Arc::clone(&self.world), Rc::clone(&self.parley)) else {
            return;
        };
        let offer = parley.borrow().offers[place].clone();
        world.with(|state| state.say(format!("process {number} is offered {}", offer.key)));
        let work = async move {
            let (heard, id) = propose(&hub, &offer).await;
            world.with(|state| state.say(format!("{}: {id:?}", offer.key)));
            let mut parley = parley.borrow_mut();
            parley.offers[place].ids.extend(id.ok());
            parley.offers[place].heard.push(heard);
        };
        if let Some(process) = self.process(number) {
            process.begin(None, work);
        }
    }

    fn send_word(&mut self, number: usize, place: usize) {
        let (Some(hub), world, parley) = (self.hub(number), Arc::clone(&self.world), Rc::clone(&self.parley)) else {
            return;
        };
        let word = parley.borrow().words[place].clone();
        world.with(|state| {
            let body = String::from_utf8_lossy(&word.signed.body);
            state.say(format!("process {number} is told {}{body}", if word.never { "falsely " } else { "" }));
        });
        let work = async move {
            let (heard, text) = tell(&hub, &word).await;
            world.with(|state| state.say(format!("{} heard {heard:?}: {text}", word.nonce)));
            parley.borrow_mut().words[place].heard.push(heard);
        };
        if let Some(process) = self.process(number) {
            process.begin(None, work);
        }
    }

    /// The operator captures or releases a contract's hold, past the contract: never.
    fn reach(&mut self, number: usize, hold: HoldId) {
        let (Some(hub), world) = (self.hub(number), Arc::clone(&self.world)) else { return };
        let work = async move {
            let name = world.with(|state| format!("reach {}", state.number()));
            let key = KeyRequest { scope: "operator".to_owned(), key: name, fingerprint: [0; 32] };
            let (caller, amount, expected_version) = (Caller::Operator, None, None);
            let took = if world.with(|state| state.dice.chance(500)) {
                let (finality, split, over) = (Finality::Final, Vec::new(), OverCapture::Refuse);
                let command = CaptureHold { caller, hold, amount, finality, split, over, expected_version };
                hub.capture_hold(key, command).await.is_ok()
            } else {
                hub.release_hold(key, ReleaseHold { caller, hold, amount, expected_version }).await.is_ok()
            };
            if took {
                world.with(|state| state.blame(format!("{hold} was changed past its contract")));
            }
        };
        if let Some(process) = self.process(number) {
            process.begin(None, work);
        }
    }

    /// In the calm: whoever has no answer asks again, and for a while people say what they may.
    pub(crate) fn end_dealings(&mut self, round: u32) -> Outcome {
        let unanswered = |heard: &[Heard]| heard.last().is_none_or(|last| *last == Heard::AskAgain);
        let (offers, words) = {
            let parley = self.parley.borrow();
            let offers: Vec<usize> =
                (0..parley.offers.len()).filter(|place| unanswered(&parley.offers[*place].heard)).collect();
            let words: Vec<usize> =
                (0..parley.words.len()).filter(|place| unanswered(&parley.words[*place].heard)).collect();
            (offers, words)
        };
        offers.into_iter().for_each(|place| self.send_offer(0, place));
        words.into_iter().for_each(|place| self.send_word(0, place));
        self.until_idle()?;
        for _ in 0..if round < 3 { self.plan.contracts } else { 0 } {
            self.deal(true)?;
            self.until_idle()?;
        }
        Ok(())
    }

    /// When the next contract has something to do that does not wait for what no rail can tell.
    pub(crate) fn next_contract_due(&self) -> Result<Option<Timestamp>, String> {
        let mut next: Option<Timestamp> = None;
        for record in self.contracts()? {
            let mut dues: Vec<Timestamp> =
                record.state().and_then(tebura_contract::State::deadline).into_iter().collect();
            for group in &record.progress.open {
                if !self.is_stuck(&record, group)? {
                    dues.push(Timestamp::from_millis(group.again_at));
                }
            }
            if record.progress.open.is_empty() {
                dues.extend(record.due_at);
            }
            next = next.into_iter().chain(dues).min();
        }
        Ok(next)
    }

    /// Holds that contracts keep standing for as long as no rail can tell what they wait for.
    pub fn kept_standing(&self) -> Result<Vec<HoldId>, String> {
        let mut kept = Vec::new();
        for record in self.contracts()? {
            for group in &record.progress.open {
                if self.is_stuck(&record, group)? {
                    kept.extend(record.progress.holds.values().map(|hold| hold.0));
                }
            }
        }
        Ok(kept)
    }

    /// Whether a group waits for an operation of which no rail can tell.
    pub fn is_stuck(&self, record: &RunningContract, group: &OpenGroup) -> Result<bool, String> {
        for hold in group.effects.iter().filter_map(leg_of).filter_map(|leg| record.progress.holds.get(leg)) {
            for operation in at_once(self.store.operations_of(hold.0))? {
                let exchange = at_once(self.store.exchange(operation.id()))?;
                if exchange.is_some_and(|exchange| matches!(exchange.stage, Stage::Stuck)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The leg that an effect is about.
pub fn leg_of(effect: &tebura_contract::Effect) -> Option<&String> {
    use tebura_contract::Effect;
    match effect {
        Effect::Place { leg, .. }
        | Effect::Raise { leg, .. }
        | Effect::Capture { leg, .. }
        | Effect::Release { leg, .. }
        | Effect::Rehold { leg, .. } => Some(leg),
        Effect::AskConsent { .. } | Effect::Ended { .. } => None,
    }
}
