//! A second, smaller ledger to compare with. It keeps no running amounts and no phases: it remembers which operations
//! were accepted and what became of them, and counts everything anew from these each time it is asked.

#![expect(clippy::wildcard_enum_match_arm, reason = "the model names only the cases that it is about")]

use std::collections::BTreeMap;

use crate::{
    AccountId, AtDeadline, Capture, Command, Confirm, Currency, Finality, Floor, FollowUp, HoldId, Money,
    OpenException, OperationId, Place, Resolve, Timestamp, Uuid, Verdict,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) accounts: BTreeMap<AccountId, (Currency, Floor)>,
    foreign: BTreeMap<AccountId, (Currency, Floor)>,
    pub(super) holds: BTreeMap<HoldId, ModelHold>,
    pub(super) operations: BTreeMap<OperationId, ModelOperation>,
    /// From, to, amount.
    moves: Vec<(AccountId, AccountId, i128)>,
}

#[derive(Clone, Debug)]
pub(super) struct ModelHold {
    place: Place,
    /// Accepted operations, the placement first.
    operations: Vec<OperationId>,
    waits_for_payer: bool,
    /// The raise above the cap that waits for the payer.
    pub(super) waiting: Option<OperationId>,
    pub(super) cap: i128,
    pub(super) expires_at: Timestamp,
    pub(super) version: u32,
}

#[derive(Clone, Debug)]
pub(super) struct ModelOperation {
    command: Command,
    pub(super) asked: i128,
    pub(super) fate: Fate,
    /// What went back to the payer when this settled as the last capture.
    rest: i128,
    /// What an operator said, and whether another agreed.
    proposal: Option<(Uuid, Verdict, Option<Uuid>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Waits,
    Open,
    Unknown,
    Done { amount: i128, reference: String },
    Declined,
}

/// What an accepted command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) replayed: bool,
    pub(super) follow_up: Option<FollowUp>,
}

/// Amounts of a hold, counted from its operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    pub(super) authorised: i128,
    pub(super) captured: i128,
    pub(super) returned: i128,
    pub(super) pinned: i128,
    pub(super) refunded: i128,
    pub(super) refunding: i128,
    pub(super) disputed: i128,
    pub(super) lost: i128,
    pub(super) raising: i128,
}

impl Amounts {
    pub(super) fn free(&self) -> i128 {
        self.authorised - self.captured - self.returned - self.pinned
    }
}

/// What the operations of a hold say about it.
#[derive(Clone, Copy, Debug)]
struct Facts {
    placed: bool,
    declined: bool,
    expired: bool,
    /// Expired, released as a whole, or captured for the last time.
    closed: bool,
    final_under_way: bool,
    /// Nothing can happen any more but refunds.
    over: bool,
}

type Refused = &'static str;

fn require(met: bool, code: Refused) -> Result<(), Refused> {
    if met { Ok(()) } else { Err(code) }
}

impl Model {
    pub(super) fn open(&mut self, id: AccountId, currency: Currency, floor: Floor) {
        self.accounts.insert(id, (currency, floor));
    }

    pub(super) fn declare_foreign(&mut self, id: AccountId, currency: Currency, floor: Floor) {
        self.foreign.insert(id, (currency, floor));
    }

    pub(super) fn posted(&self, id: AccountId) -> i128 {
        let moved = |(from, to, amount): &(AccountId, AccountId, i128)| {
            amount * (i128::from(*to == id) - i128::from(*from == id))
        };
        self.moves.iter().map(moved).sum()
    }

    pub(super) fn held(&self, id: AccountId) -> i128 {
        let promised = |(hold, row): (&HoldId, &ModelHold)| {
            let amounts = self.amounts(*hold);
            let outstanding = amounts.authorised - amounts.captured - amounts.returned;
            let payer = if row.place.payer == id { outstanding + amounts.raising } else { 0 };
            let payee = if row.place.payee == id { amounts.refunding + amounts.disputed } else { 0 };
            payer + payee
        };
        self.holds.iter().map(promised).sum()
    }

    pub(super) fn amounts(&self, hold: HoldId) -> Amounts {
        let mut sum = Amounts::default();
        for operation in self.holds[&hold].operations.iter().map(|id| &self.operations[id]) {
            let done = match &operation.fate {
                Fate::Done { amount, .. } => *amount,
                Fate::Waits | Fate::Open | Fate::Unknown | Fate::Declined => 0,
            };
            let open = if operation.is_open() { operation.asked } else { 0 };
            match &operation.command {
                Command::Place(_) => {
                    sum.authorised = if done > 0 { done } else { operation.asked };
                    sum.returned += if operation.fate == Fate::Declined { operation.asked } else { 0 };
                    sum.pinned += open;
                }
                Command::Capture(_) => {
                    sum.captured += done;
                    sum.pinned += open;
                    sum.returned += operation.rest;
                }
                Command::Release(_) | Command::Expire(_) => {
                    sum.returned += done;
                    sum.pinned += open;
                }
                Command::Refund(_) => {
                    sum.refunded += done;
                    sum.refunding += open;
                }
                Command::Raise(_) => {
                    sum.authorised += done;
                    sum.raising += open;
                }
                Command::Reverse(_) => sum.captured -= done,
                Command::Dispute(_) => {
                    sum.disputed += open;
                    sum.lost += done;
                }
                Command::OpenAccount(_)
                | Command::Fund(_)
                | Command::Confirm(_)
                | Command::Extend(_)
                | Command::OpenException(_)
                | Command::Resolve(_)
                | Command::Settle(_) => {}
            }
        }
        sum
    }

    fn facts(&self, hold: HoldId) -> Facts {
        let operations = || self.holds[&hold].operations.iter().map(|id| &self.operations[id]);
        let place = operations().next().unwrap();
        let placed = matches!(place.fate, Fate::Done { .. });
        let declined = place.fate == Fate::Declined;
        let due = |operation: &ModelOperation| matches!(&operation.command, Command::Capture(capture) if capture.finality == Finality::Deadline);
        let expired = operations().any(|operation| matches!(operation.command, Command::Expire(_)) || due(operation));
        let is_final = |operation: &ModelOperation| matches!(&operation.command, Command::Capture(capture) if capture.finality == Finality::Final);
        let closes = |operation: &ModelOperation| match &operation.command {
            Command::Expire(_) => true,
            Command::Release(release) => release.amount.is_none(),
            Command::Capture(_) => due(operation) || is_final(operation) && matches!(operation.fate, Fate::Done { .. }),
            Command::OpenAccount(_)
            | Command::Fund(_)
            | Command::Place(_)
            | Command::Raise(_)
            | Command::Confirm(_)
            | Command::Extend(_)
            | Command::Refund(_)
            | Command::Reverse(_)
            | Command::Dispute(_)
            | Command::OpenException(_)
            | Command::Resolve(_)
            | Command::Settle(_) => false,
        };
        let closed = operations().any(closes);
        let final_under_way = operations().any(|operation| is_final(operation) && operation.is_open());
        let amounts = self.amounts(hold);
        let over = amounts.free() == 0 && amounts.pinned == 0 && amounts.raising == 0;
        Facts { placed, declined, expired, closed, final_under_way, over }
    }

    pub(super) fn status(&self, hold: HoldId) -> &'static str {
        let (facts, amounts) = (self.facts(hold), self.amounts(hold));
        if facts.over {
            return match facts {
                _ if amounts.captured > 0 => "captured",
                Facts { expired: true, .. } => "expired",
                Facts { declined: true, closed: false, .. } => "failed",
                _ => "released",
            };
        }
        match facts {
            Facts { placed: false, closed: false, .. } if self.holds[&hold].waits_for_payer => "requires_action",
            Facts { placed: false, closed: false, .. } => "pending",
            Facts { closed: true, .. } | Facts { final_under_way: true, .. } => "settling",
            _ if amounts.free() == 0 => "settling",
            _ if amounts.captured > 0 => "partially_captured",
            _ => "held",
        }
    }

    pub(super) fn follow_up(&self, hold: HoldId, now: Timestamp) -> Option<FollowUp> {
        let facts = self.facts(hold);
        if facts.over {
            None
        } else if facts.closed {
            (self.amounts(hold).free() > 0).then_some(FollowUp::ReleaseRest { hold })
        } else {
            let row = &self.holds[&hold];
            let captures = row.place.at_deadline == AtDeadline::Capture;
            let capture = captures && self.is_held(hold) && self.amounts(hold).free() > 0;
            let follow_up = if capture { FollowUp::CaptureDue { hold } } else { FollowUp::Expire { hold } };
            (now >= row.expires_at).then_some(follow_up)
        }
    }

    fn is_held(&self, hold: HoldId) -> bool {
        let facts = self.facts(hold);
        facts.placed && !facts.over && !facts.closed && !facts.final_under_way
    }

    /// Whether money may still be taken or added, or the deadline be moved.
    fn capturable(&self, hold: HoldId, now: Timestamp) -> Result<(), Refused> {
        let facts = self.facts(hold);
        let late = now >= self.holds[&hold].expires_at;
        let open = !facts.over && !facts.closed && !facts.final_under_way;
        require(!(facts.expired || open && late), "hold.expired")?;
        require(open, "hold.closed")?;
        require(facts.placed, "hold.pending")
    }

    /// Whether the deadline means a capture.
    fn due(&self, hold: HoldId, now: Timestamp) -> Result<(), Refused> {
        let (facts, row) = (self.facts(hold), &self.holds[&hold]);
        require(!facts.over && !facts.closed, "hold.closed")?;
        require(now >= row.expires_at, "hold.not_due")?;
        require(row.place.at_deadline == AtDeadline::Capture, "hold.releases_at_deadline")?;
        require(facts.placed, "hold.pending")?;
        require(!facts.final_under_way, "hold.closed")
    }

    /// Who gets how much of a capture.
    fn parts(&self, capture: &Capture, done: i128) -> Vec<(AccountId, i128)> {
        let mut left = done;
        let mut parts = Vec::new();
        for leg in &capture.legs {
            let part = left.min(leg.amount.minor().into());
            left -= part;
            parts.push((leg.to, part));
        }
        parts.push((self.holds[&capture.hold].place.payee, left));
        parts
    }

    /// What a refund or dispute may ask of what a command names as a capture.
    fn askable(
        &self,
        hold: HoldId,
        target: OperationId,
        amount: Option<Money>,
        version: Option<u32>,
    ) -> Result<i128, Refused> {
        let capture = self.operations.get(&target).ok_or("operation.not_found")?;
        require(hold_of(&capture.command) == Some(hold), "operation.of_another_hold")?;
        self.common(hold, amount, version)?;
        require(matches!(capture.command, Command::Capture(_)), "refund.of_no_capture")?;
        require(matches!(capture.fate, Fate::Done { .. }), "refund.of_unsettled_capture")?;
        let left = self.refundable(target);
        require(left > 0, "refund.nothing_left")?;
        within(amount, left, "refund.nothing_left", "refund.exceeds_capture")
    }

    /// What a refund may still ask of a capture.
    fn refundable(&self, capture: OperationId) -> i128 {
        let asks = |command: &Command| match command {
            Command::Refund(refund) => refund.capture == capture,
            Command::Reverse(reverse) => reverse.capture == capture,
            Command::Dispute(dispute) => dispute.capture == capture,
            _ => false,
        };
        let taken = |operation: &ModelOperation| match &operation.fate {
            _ if !asks(&operation.command) => 0,
            Fate::Open | Fate::Unknown => operation.asked,
            Fate::Done { amount, .. } => *amount,
            Fate::Waits | Fate::Declined => 0,
        };
        let captured = match &self.operations[&capture].fate {
            Fate::Done { amount, .. } => *amount,
            Fate::Waits | Fate::Open | Fate::Unknown | Fate::Declined => 0,
        };
        captured - self.operations.values().map(taken).sum::<i128>()
    }

    fn account(&self, id: AccountId) -> Result<(Currency, Floor), Refused> {
        self.accounts.get(&id).or_else(|| self.foreign.get(&id)).copied().ok_or("account.not_found")
    }

    fn covers(&self, id: AccountId, amount: i128) -> Result<(), Refused> {
        let floor = self.account(id)?.1;
        let available = self.posted(id) - self.held(id);
        require(floor == Floor::Unlimited || available >= amount, "funds.insufficient")
    }

    /// Applies a command, or names the code of the refusal.
    pub(super) fn apply(&mut self, command: &Command, now: Timestamp) -> Result<Accepted, Refused> {
        let mut next = self.clone();
        let replayed = next.decide(command, now)?;
        let fits = |id: &AccountId| {
            let (posted, held) = (next.posted(*id), next.held(*id));
            [posted, held, posted - held].into_iter().all(|amount| i64::try_from(amount).is_ok())
        };
        require(next.accounts.keys().chain(next.foreign.keys()).all(fits), "amount.overflow")?;
        let hold = hold_of(command);
        if let Some(hold) = hold.filter(|hold| next.holds.contains_key(hold) && !next.is_held(*hold))
            && let Some(waiting) = next.holds.get_mut(&hold).and_then(|row| row.waiting.take())
        {
            next.operations.get_mut(&waiting).unwrap().fate = Fate::Declined;
        }
        if let Some(row) = hold.and_then(|hold| next.holds.get_mut(&hold))
            && !replayed
        {
            row.version += 1;
        }
        *self = next;
        Ok(Accepted { replayed, follow_up: hold.and_then(|hold| self.follow_up(hold, now)) })
    }

    /// Returns whether the command said nothing new.
    fn decide(&mut self, command: &Command, now: Timestamp) -> Result<bool, Refused> {
        match command {
            Command::Settle(settle) => return self.settle(settle.hold, settle.operation, &settle.verdict),
            Command::Confirm(confirm) => return self.confirm(confirm, now),
            Command::OpenException(open) => return self.open_exception(open),
            Command::Resolve(resolve) => return self.resolve(resolve),
            _ => {}
        }
        let shard = operation_of(command).map(OperationId::shard);
        require(shard.is_none_or(|shard| shard == command.shard()), "id.wrong_shard")?;
        if let Some(known) = operation_of(command).and_then(|id| self.operations.get(&id)) {
            let same = comparable(command) == comparable(&known.command);
            return require(same, "operation.exists_with_different_fields").map(|()| true);
        }
        if let Some(amount) = amount_of(command) {
            require(amount.is_positive(), "amount.not_positive")?;
        }
        if let Command::Capture(capture) = command {
            require(capture.legs.iter().all(|leg| leg.amount.is_positive()), "amount.not_positive")?;
        }
        let asked = match command {
            Command::OpenAccount(_)
            | Command::Settle(_)
            | Command::Confirm(_)
            | Command::OpenException(_)
            | Command::Resolve(_) => return Ok(true),
            Command::Fund(fund) => {
                let (from, to) = (self.account(fund.from)?, self.accounts.get(&fund.to).ok_or("account.not_found")?);
                require(fund.from != fund.to, "account.same")?;
                let currency = fund.amount.currency();
                require(from.0 == currency && to.0 == currency, "amount.currency_mismatch")?;
                let amount = i128::from(fund.amount.minor());
                self.covers(fund.from, amount)?;
                self.moves.push((fund.from, fund.to, amount));
                let fate = Fate::Done { amount, reference: String::new() };
                let operation =
                    ModelOperation { command: command.clone(), asked: amount, fate, rest: 0, proposal: None };
                self.operations.insert(fund.operation, operation);
                return Ok(false);
            }
            Command::Place(place) => {
                require(!self.holds.contains_key(&place.hold), "hold.exists")?;
                let payer = self.accounts.get(&place.payer).ok_or("account.not_found")?;
                let payee = self.account(place.payee)?;
                require(place.payer != place.payee, "account.same")?;
                let currency = place.amount.currency();
                require(payer.0 == currency && payee.0 == currency, "amount.currency_mismatch")?;
                require(now < place.expires_at, "hold.deadline_in_past")?;
                let cap = place.cap.unwrap_or(place.amount);
                require(cap.currency() == currency, "amount.currency_mismatch")?;
                require(cap.minor() >= place.amount.minor(), "hold.cap_below_amount")?;
                self.covers(place.payer, place.amount.minor().into())?;
                let row = ModelHold {
                    place: place.clone(),
                    operations: Vec::new(),
                    waits_for_payer: false,
                    waiting: None,
                    cap: cap.minor().into(),
                    expires_at: place.expires_at,
                    version: 0,
                };
                self.holds.insert(row.place.hold, row);
                amount_of(command).map(|amount| i128::from(amount.minor())).unwrap()
            }
            Command::Capture(capture) => {
                self.common(capture.hold, capture.amount, capture.expected_version)?;
                match capture.finality {
                    Finality::Deadline => self.due(capture.hold, now)?,
                    Finality::Final | Finality::Partial | Finality::FinalBeside => {
                        self.capturable(capture.hold, now)?
                    }
                }
                let free = self.amounts(capture.hold).free();
                let asked = within(capture.amount, free, "hold.nothing_free", "hold.capture_exceeds_free")?;
                self.legs(capture, asked)?;
                asked
            }
            Command::Raise(raise) => {
                self.common(raise.hold, Some(raise.amount), raise.expected_version)?;
                self.capturable(raise.hold, now)?;
                if self.raised(raise.hold, raise.amount)? > self.holds[&raise.hold].cap {
                    require(self.holds[&raise.hold].waiting.is_none(), "confirmation.pending")?;
                    self.holds.get_mut(&raise.hold).unwrap().waiting = Some(raise.operation);
                } else {
                    self.covers(self.holds[&raise.hold].place.payer, raise.amount.minor().into())?;
                }
                raise.amount.minor().into()
            }
            Command::Extend(extend) => {
                self.common(extend.hold, None, extend.expected_version)?;
                self.capturable(extend.hold, now)?;
                require(extend.until > self.holds[&extend.hold].expires_at, "extend.not_later")?;
                let amounts = self.amounts(extend.hold);
                let outstanding = amounts.authorised - amounts.captured - amounts.returned;
                require(outstanding > 0, "hold.nothing_free")?;
                outstanding
            }
            Command::Release(release) => {
                self.common(release.hold, release.amount, release.expected_version)?;
                let (facts, free) = (self.facts(release.hold), self.amounts(release.hold).free());
                require(!facts.over, "hold.closed")?;
                if !facts.placed && !facts.closed {
                    require(release.amount.is_none(), "hold.pending")?;
                    0
                } else {
                    within(release.amount, free, "hold.nothing_free", "hold.release_exceeds_free")?
                }
            }
            Command::Expire(expire) => {
                self.common(expire.hold, None, None)?;
                let facts = self.facts(expire.hold);
                require(!facts.over && !facts.closed, "hold.closed")?;
                require(now >= self.holds[&expire.hold].expires_at, "hold.not_due")?;
                let free = self.amounts(expire.hold).free();
                let captures = self.holds[&expire.hold].place.at_deadline == AtDeadline::Capture;
                require(!(captures && self.is_held(expire.hold) && free > 0), "hold.captures_at_deadline")?;
                free
            }
            Command::Refund(refund) => {
                let asked = self.askable(refund.hold, refund.capture, refund.amount, refund.expected_version)?;
                self.covers(self.holds[&refund.hold].place.payee, asked)?;
                asked
            }
            Command::Dispute(dispute) => {
                let asked = self.askable(dispute.hold, dispute.capture, dispute.amount, dispute.expected_version)?;
                self.covers(self.holds[&dispute.hold].place.payee, asked)?;
                asked
            }
            Command::Reverse(reverse) => {
                let target = self.operations.get(&reverse.capture).ok_or("operation.not_found")?.clone();
                require(hold_of(&target.command) == Some(reverse.hold), "operation.of_another_hold")?;
                self.common(reverse.hold, None, reverse.expected_version)?;
                self.capturable(reverse.hold, now)?;
                let left = self.askable(reverse.hold, reverse.capture, None, None)?;
                let (Command::Capture(capture), Fate::Done { amount, .. }) = (&target.command, target.fate) else {
                    unreachable!("only a settled capture can be asked back");
                };
                require(left == amount, "reverse.of_refunded_capture")?;
                let parts = self.parts(capture, amount);
                let paid = parts.iter().filter(|(_, part)| *part > 0).count();
                require(paid <= reverse.transfers.len(), "reverse.transfers_missing")?;
                for (from, part) in parts.iter().filter(|(_, part)| *part > 0) {
                    self.covers(*from, *part)?;
                }
                let payer = self.holds[&reverse.hold].place.payer;
                self.moves.extend(parts.into_iter().map(|(from, part)| (from, payer, part)));
                amount
            }
        };
        let (id, hold) = (operation_of(command).unwrap(), hold_of(command).unwrap());
        let at_once = asked == 0 || matches!(command, Command::Reverse(_));
        let fate = match at_once {
            true => Fate::Done { amount: asked, reference: String::new() },
            false if self.holds[&hold].waiting == Some(id) => Fate::Waits,
            false => Fate::Open,
        };
        self.operations.insert(id, ModelOperation { command: command.clone(), asked, fate, rest: 0, proposal: None });
        self.holds.get_mut(&hold).unwrap().operations.push(id);
        Ok(false)
    }

    fn legs(&self, capture: &Capture, asked: i128) -> Result<(), Refused> {
        let place = &self.holds[&capture.hold].place;
        let currency = place.amount.currency();
        let mut sum = 0;
        for (index, leg) in capture.legs.iter().enumerate() {
            let of_account = self.account(leg.to)?.0;
            require(leg.amount.currency() == currency && of_account == currency, "amount.currency_mismatch")?;
            require(leg.to != place.payer, "account.same")?;
            let again = capture.legs.iter().take(index).any(|other| other.to == leg.to);
            require(leg.to != place.payee && !again, "split.payee_repeated")?;
            sum += i128::from(leg.amount.minor());
            require(i64::try_from(sum).is_ok(), "amount.overflow")?;
        }
        require(sum <= asked, "split.exceeds_capture")
    }

    /// What the hold would reserve with this and every raise under way.
    fn raised(&self, hold: HoldId, amount: Money) -> Result<i128, Refused> {
        let amounts = self.amounts(hold);
        let raised = amounts.authorised + amounts.raising + i128::from(amount.minor());
        require(i64::try_from(raised).is_ok(), "amount.overflow")?;
        Ok(raised)
    }

    fn confirm(&mut self, confirm: &Confirm, now: Timestamp) -> Result<bool, Refused> {
        let operation = self.operations.get(&confirm.operation).ok_or("operation.not_found")?;
        require(hold_of(&operation.command) == Some(confirm.hold), "operation.of_another_hold")?;
        let Command::Raise(raise) = operation.command.clone() else { return Err("confirmation.not_needed") };
        if operation.fate != Fate::Waits {
            return Ok(true);
        }
        self.capturable(confirm.hold, now)?;
        let raised = self.raised(confirm.hold, raise.amount)?;
        self.covers(self.holds[&confirm.hold].place.payer, raise.amount.minor().into())?;
        self.operations.get_mut(&confirm.operation).unwrap().fate = Fate::Open;
        let row = self.holds.get_mut(&confirm.hold).unwrap();
        (row.waiting, row.cap) = (None, row.cap.max(raised));
        Ok(false)
    }

    fn open_exception(&mut self, open: &OpenException) -> Result<bool, Refused> {
        let of = self.operations.get(&open.of).ok_or("operation.not_found")?;
        require(hold_of(&of.command) == Some(open.hold), "operation.of_another_hold")?;
        let (amount, currency) = match (&open.verdict, &of.fate) {
            (Verdict::Settled { reference, amount }, Fate::Done { amount: done, reference: known }) => {
                let own = self.holds[&open.hold].place.amount.currency();
                let same = i128::from(amount.minor()) == *done && amount.currency() == own && reference == known;
                require(!same, "exception.of_nothing")?;
                (i128::from(amount.minor()), Some(amount.currency()))
            }
            (Verdict::Settled { amount, .. }, Fate::Declined) => (i128::from(amount.minor()), Some(amount.currency())),
            (Verdict::Declined { .. }, Fate::Done { amount, .. }) => (*amount, None),
            _ => return Err("exception.of_nothing"),
        };
        if let Some(known) = self.operations.get(&open.operation) {
            let told = |verdict: &Verdict| match verdict {
                Verdict::Settled { reference, amount } => Some((reference.clone(), *amount)),
                _ => None,
            };
            let same = matches!(&known.command, Command::OpenException(was) if was.of == open.of && told(&was.verdict) == told(&open.verdict));
            return require(same, "operation.exists_with_different_fields").map(|()| true);
        }
        require(amount > 0, "amount.not_positive")?;
        let own = self.holds[&open.hold].place.amount.currency();
        require(currency.is_none_or(|currency| currency == own), "amount.currency_mismatch")?;
        let (command, fate) = (Command::OpenException(open.clone()), Fate::Open);
        let operation = ModelOperation { command, asked: amount, fate, rest: 0, proposal: None };
        self.operations.insert(open.operation, operation);
        self.holds.get_mut(&open.hold).unwrap().operations.push(open.operation);
        Ok(false)
    }

    fn resolve(&mut self, resolve: &Resolve) -> Result<bool, Refused> {
        let operation = self.operations.get(&resolve.operation).ok_or("operation.not_found")?.clone();
        require(hold_of(&operation.command) == Some(resolve.hold), "operation.of_another_hold")?;
        match &resolve.verdict {
            Verdict::Settled { amount, .. } => self.within_asked(resolve.hold, &operation, *amount)?,
            Verdict::Declined { .. } => {}
            _ => return Err("resolution.not_final"),
        }
        let said = operation.proposal.filter(|(_, verdict, _)| *verdict == resolve.verdict);
        if matches!(said, Some((_, _, Some(second))) if second == resolve.by) {
            return Ok(true);
        }
        require(operation.fate == Fate::Unknown, "resolution.not_needed")?;
        let row = self.operations.get_mut(&resolve.operation).unwrap();
        match said {
            Some((first, ..)) => {
                require(first != resolve.by, "resolution.same_operator")?;
                row.proposal = Some((first, resolve.verdict.clone(), Some(resolve.by)));
                let fate = match &resolve.verdict {
                    Verdict::Settled { reference, amount } => {
                        Fate::Done { amount: amount.minor().into(), reference: reference.clone() }
                    }
                    _ => Fate::Declined,
                };
                self.end(resolve.hold, resolve.operation, fate);
            }
            None => row.proposal = Some((resolve.by, resolve.verdict.clone(), None)),
        }
        Ok(false)
    }

    fn within_asked(&self, hold: HoldId, operation: &ModelOperation, amount: Money) -> Result<(), Refused> {
        require(amount.is_positive(), "amount.not_positive")?;
        let currency = self.holds[&hold].place.amount.currency();
        require(amount.currency() == currency, "amount.currency_mismatch")?;
        require(i128::from(amount.minor()) <= operation.asked, "verdict.settled_more_than_asked")
    }

    fn common(&self, hold: HoldId, amount: Option<Money>, version: Option<u32>) -> Result<(), Refused> {
        let row = self.holds.get(&hold).ok_or("hold.not_found")?;
        let currency = row.place.amount.currency();
        require(amount.is_none_or(|amount| amount.currency() == currency), "amount.currency_mismatch")?;
        require(version.is_none_or(|version| version == row.version), "hold.version_conflict")
    }

    fn settle(&mut self, hold: HoldId, id: OperationId, verdict: &Verdict) -> Result<bool, Refused> {
        let operation = self.operations.get(&id).ok_or("operation.not_found")?.clone();
        require(hold_of(&operation.command) == Some(hold), "operation.of_another_hold")?;
        let is_place = matches!(operation.command, Command::Place(_));
        let is_exception = matches!(operation.command, Command::OpenException(_));
        let fate = match (verdict, &operation.fate) {
            (Verdict::Settled { .. } | Verdict::Unknown { .. }, Fate::Waits) => return Err("confirmation.needed"),
            (Verdict::Unknown { .. }, _) if matches!(operation.command, Command::Dispute(_)) => return Ok(true),
            (Verdict::Declined { .. }, Fate::Open) if is_exception => Fate::Unknown,
            (Verdict::Declined { .. }, Fate::Unknown | Fate::Done { .. }) if is_exception => return Ok(true),
            (Verdict::RequiresAction, _) => {
                require(is_place, "verdict.action_only_when_placing")?;
                let open = operation.is_open() && !self.facts(hold).closed;
                let row = self.holds.get_mut(&hold).unwrap();
                let news = open && !row.waits_for_payer;
                row.waits_for_payer |= news;
                return Ok(!news);
            }
            (Verdict::Unknown { .. }, Fate::Open) => Fate::Unknown,
            (Verdict::Unknown { .. }, Fate::Unknown | Fate::Done { .. } | Fate::Declined) => return Ok(true),
            (Verdict::Declined { .. }, Fate::Done { .. }) => return Err("verdict.contradicts"),
            (Verdict::Declined { .. }, Fate::Declined) => return Ok(true),
            (Verdict::Declined { .. }, Fate::Waits | Fate::Open | Fate::Unknown) => Fate::Declined,
            (Verdict::Settled { .. }, Fate::Declined) => return Err("verdict.contradicts"),
            (Verdict::Settled { reference, amount }, Fate::Done { amount: done, reference: known }) => {
                let same = i128::from(amount.minor()) == *done
                    && amount.currency() == self.holds[&hold].place.amount.currency()
                    && reference == known;
                return require(same, "verdict.contradicts").map(|()| true);
            }
            (Verdict::Settled { reference, amount }, Fate::Open | Fate::Unknown) => {
                self.within_asked(hold, &operation, *amount)?;
                Fate::Done { amount: amount.minor().into(), reference: reference.clone() }
            }
        };
        self.end(hold, id, fate);
        Ok(false)
    }

    /// Gives an operation its fate, and moves what moves with it.
    fn end(&mut self, hold: HoldId, id: OperationId, fate: Fate) {
        let was_held = self.is_held(hold);
        let operation = self.operations.get_mut(&id).unwrap();
        operation.fate = fate.clone();
        let operation = operation.clone();
        let row = self.holds.get_mut(&hold).unwrap();
        row.waiting = row.waiting.filter(|waiting| *waiting != id);
        let (payer, payee) = (row.place.payer, row.place.payee);
        let Fate::Done { amount, .. } = fate else { return };
        match &operation.command {
            Command::Capture(capture) => {
                let parts = self.parts(capture, amount);
                self.moves.extend(parts.into_iter().map(|(to, part)| (payer, to, part)));
                if capture.finality != Finality::Partial {
                    self.operations.get_mut(&id).unwrap().rest = self.amounts(hold).free();
                }
            }
            Command::Refund(_) | Command::Dispute(_) => self.moves.push((payee, payer, amount)),
            Command::Extend(extend) if was_held => row.expires_at = row.expires_at.max(extend.until),
            _ => {}
        }
    }
}

impl ModelOperation {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.fate, Fate::Open | Fate::Unknown)
    }
}

fn within(asked: Option<Money>, free: i128, nothing: Refused, too_much: Refused) -> Result<i128, Refused> {
    match asked.map(|asked| i128::from(asked.minor())) {
        None => require(free > 0, nothing).map(|()| free),
        Some(asked) => require(asked <= free, too_much).map(|()| asked),
    }
}

fn hold_of(command: &Command) -> Option<HoldId> {
    command.keys().holds.first().copied()
}

fn operation_of(command: &Command) -> Option<OperationId> {
    command.keys().operations.first().copied()
}

fn amount_of(command: &Command) -> Option<Money> {
    match command {
        Command::Fund(fund) => Some(fund.amount),
        Command::Place(place) => Some(place.amount),
        Command::Capture(capture) => capture.amount,
        Command::Release(release) => release.amount,
        Command::Refund(refund) => refund.amount,
        Command::Dispute(dispute) => dispute.amount,
        Command::Raise(raise) => Some(raise.amount),
        Command::OpenAccount(_)
        | Command::Confirm(_)
        | Command::Extend(_)
        | Command::Expire(_)
        | Command::Reverse(_)
        | Command::OpenException(_)
        | Command::Resolve(_)
        | Command::Settle(_) => None,
    }
}

/// A command without what a repeat may give differently.
fn comparable(command: &Command) -> Command {
    let mut command = command.clone();
    let transfer = crate::TransferId::from_uuid(crate::Uuid::nil());
    match &mut command {
        Command::Fund(fund) => fund.transfer = transfer,
        Command::Capture(capture) => {
            (capture.transfer, capture.expected_version) = (transfer, None);
            capture.legs.iter_mut().for_each(|leg| leg.transfer = transfer);
        }
        Command::Release(release) => release.expected_version = None,
        Command::Refund(refund) => (refund.transfer, refund.expected_version) = (transfer, None),
        Command::Dispute(dispute) => (dispute.transfer, dispute.expected_version) = (transfer, None),
        Command::Reverse(reverse) => (reverse.transfers, reverse.expected_version) = (vec![], None),
        Command::Raise(raise) => raise.expected_version = None,
        Command::Extend(extend) => extend.expected_version = None,
        Command::OpenAccount(_)
        | Command::Place(_)
        | Command::Confirm(_)
        | Command::Expire(_)
        | Command::OpenException(_)
        | Command::Resolve(_)
        | Command::Settle(_) => {}
    }
    command
}
