//! A second, smaller ledger to compare with. It keeps no running amounts and no phases: it remembers which operations
//! were accepted and what became of them, and counts everything anew from these each time it is asked.

use std::collections::BTreeMap;

use crate::{
    AccountId, Command, Currency, Finality, Floor, FollowUp, HoldId, Money, OperationId, Place, Timestamp, Verdict,
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
    pub(super) version: u32,
}

#[derive(Clone, Debug)]
pub(super) struct ModelOperation {
    command: Command,
    pub(super) asked: i128,
    pub(super) fate: Fate,
    /// What went back to the payer when this settled as the last capture.
    rest: i128,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
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
            let payer = if row.place.payer == id { outstanding } else { 0 };
            let payee = if row.place.payee == id { amounts.refunding } else { 0 };
            payer + payee
        };
        self.holds.iter().map(promised).sum()
    }

    pub(super) fn amounts(&self, hold: HoldId) -> Amounts {
        let mut sum = Amounts::default();
        for operation in self.holds[&hold].operations.iter().map(|id| &self.operations[id]) {
            let done = match &operation.fate {
                Fate::Done { amount, .. } => *amount,
                Fate::Open | Fate::Unknown | Fate::Declined => 0,
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
                Command::OpenAccount(_) | Command::Fund(_) | Command::Settle(_) => {}
            }
        }
        sum
    }

    fn facts(&self, hold: HoldId) -> Facts {
        let operations = || self.holds[&hold].operations.iter().map(|id| &self.operations[id]);
        let place = operations().next().unwrap();
        let placed = matches!(place.fate, Fate::Done { .. });
        let declined = place.fate == Fate::Declined;
        let expired = operations().any(|operation| matches!(operation.command, Command::Expire(_)));
        let is_final = |operation: &ModelOperation| matches!(&operation.command, Command::Capture(capture) if capture.finality == Finality::Final);
        let closes = |operation: &ModelOperation| match &operation.command {
            Command::Expire(_) => true,
            Command::Release(release) => release.amount.is_none(),
            Command::Capture(_) => is_final(operation) && matches!(operation.fate, Fate::Done { .. }),
            Command::OpenAccount(_)
            | Command::Fund(_)
            | Command::Place(_)
            | Command::Refund(_)
            | Command::Settle(_) => false,
        };
        let closed = operations().any(closes);
        let final_under_way = operations().any(|operation| is_final(operation) && operation.is_open());
        let amounts = self.amounts(hold);
        let over = amounts.free() == 0 && amounts.pinned == 0;
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
            (now >= self.holds[&hold].place.expires_at).then_some(FollowUp::Expire { hold })
        }
    }

    /// What a refund may still ask of a capture.
    fn refundable(&self, capture: OperationId) -> i128 {
        let taken = |operation: &ModelOperation| match (&operation.command, &operation.fate) {
            (Command::Refund(refund), fate) if refund.capture == capture => match fate {
                Fate::Open | Fate::Unknown => operation.asked,
                Fate::Done { amount, .. } => *amount,
                Fate::Declined => 0,
            },
            _ => 0,
        };
        let captured = match &self.operations[&capture].fate {
            Fate::Done { amount, .. } => *amount,
            Fate::Open | Fate::Unknown | Fate::Declined => 0,
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
        if let Command::Settle(settle) = command {
            return self.settle(settle.hold, settle.operation, &settle.verdict);
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
        let asked = match command {
            Command::OpenAccount(_) | Command::Settle(_) => return Ok(true),
            Command::Fund(fund) => {
                let (from, to) = (self.account(fund.from)?, self.accounts.get(&fund.to).ok_or("account.not_found")?);
                require(fund.from != fund.to, "account.same")?;
                let currency = fund.amount.currency();
                require(from.0 == currency && to.0 == currency, "amount.currency_mismatch")?;
                let amount = i128::from(fund.amount.minor());
                self.covers(fund.from, amount)?;
                self.moves.push((fund.from, fund.to, amount));
                let fate = Fate::Done { amount, reference: String::new() };
                let operation = ModelOperation { command: command.clone(), asked: amount, fate, rest: 0 };
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
                self.covers(place.payer, place.amount.minor().into())?;
                let place = place.clone();
                let row = ModelHold { place, operations: Vec::new(), waits_for_payer: false, version: 0 };
                self.holds.insert(row.place.hold, row);
                amount_of(command).map(|amount| i128::from(amount.minor())).unwrap()
            }
            Command::Capture(capture) => {
                self.common(capture.hold, capture.amount, capture.expected_version)?;
                let (facts, free) = (self.facts(capture.hold), self.amounts(capture.hold).free());
                let late = now >= self.holds[&capture.hold].place.expires_at;
                let open = !facts.over && !facts.closed && !facts.final_under_way;
                require(!(facts.expired || open && late), "hold.expired")?;
                require(open, "hold.closed")?;
                require(facts.placed, "hold.pending")?;
                within(capture.amount, free, "hold.nothing_free", "hold.capture_exceeds_free")?
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
                require(now >= self.holds[&expire.hold].place.expires_at, "hold.not_due")?;
                self.amounts(expire.hold).free()
            }
            Command::Refund(refund) => {
                let capture = self.operations.get(&refund.capture).ok_or("operation.not_found")?;
                require(hold_of(&capture.command) == Some(refund.hold), "operation.of_another_hold")?;
                self.common(refund.hold, refund.amount, None)?;
                require(matches!(capture.command, Command::Capture(_)), "refund.of_no_capture")?;
                require(matches!(capture.fate, Fate::Done { .. }), "refund.of_unsettled_capture")?;
                let left = self.refundable(refund.capture);
                require(left > 0, "refund.nothing_left")?;
                let asked = within(refund.amount, left, "refund.nothing_left", "refund.exceeds_capture")?;
                self.covers(self.holds[&refund.hold].place.payee, asked)?;
                asked
            }
        };
        let fate = if asked == 0 { Fate::Done { amount: 0, reference: String::new() } } else { Fate::Open };
        let (id, hold) = (operation_of(command).unwrap(), hold_of(command).unwrap());
        self.operations.insert(id, ModelOperation { command: command.clone(), asked, fate, rest: 0 });
        self.holds.get_mut(&hold).unwrap().operations.push(id);
        Ok(false)
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
        let fate = match (verdict, &operation.fate) {
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
            (Verdict::Declined { .. }, Fate::Open | Fate::Unknown) => Fate::Declined,
            (Verdict::Settled { .. }, Fate::Declined) => return Err("verdict.contradicts"),
            (Verdict::Settled { reference, amount }, Fate::Done { amount: done, reference: known }) => {
                let same = i128::from(amount.minor()) == *done
                    && amount.currency() == self.holds[&hold].place.amount.currency()
                    && reference == known;
                return require(same, "verdict.contradicts").map(|()| true);
            }
            (Verdict::Settled { reference, amount }, Fate::Open | Fate::Unknown) => {
                require(amount.is_positive(), "amount.not_positive")?;
                let currency = self.holds[&hold].place.amount.currency();
                require(amount.currency() == currency, "amount.currency_mismatch")?;
                require(i128::from(amount.minor()) <= operation.asked, "verdict.settled_more_than_asked")?;
                Fate::Done { amount: amount.minor().into(), reference: reference.clone() }
            }
        };
        self.operations.get_mut(&id).unwrap().fate = fate.clone();
        let (payer, payee) = (self.holds[&hold].place.payer, self.holds[&hold].place.payee);
        if let Fate::Done { amount, .. } = fate {
            match &operation.command {
                Command::Capture(capture) => {
                    self.moves.push((payer, payee, amount));
                    if capture.finality == Finality::Final {
                        self.operations.get_mut(&id).unwrap().rest = self.amounts(hold).free();
                    }
                }
                Command::Refund(_) => self.moves.push((payee, payer, amount)),
                Command::OpenAccount(_)
                | Command::Fund(_)
                | Command::Place(_)
                | Command::Release(_)
                | Command::Expire(_)
                | Command::Settle(_) => {}
            }
        }
        Ok(false)
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
        Command::OpenAccount(_) | Command::Expire(_) | Command::Settle(_) => None,
    }
}

/// A command without what a repeat may give differently.
fn comparable(command: &Command) -> Command {
    let mut command = command.clone();
    let transfer = crate::TransferId::from_uuid(crate::Uuid::nil());
    match &mut command {
        Command::Fund(fund) => fund.transfer = transfer,
        Command::Capture(capture) => (capture.transfer, capture.expected_version) = (transfer, None),
        Command::Release(release) => release.expected_version = None,
        Command::Refund(refund) => refund.transfer = transfer,
        Command::OpenAccount(_) | Command::Place(_) | Command::Expire(_) | Command::Settle(_) => {}
    }
    command
}
