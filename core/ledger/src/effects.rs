//! Effects: what one accepted command changes, complete before anything is changed.

use crate::changes::Outcome;
use crate::{
    Account, Book, Event, EventKind, Hold, Money, Operation, OperationState, Phase, Refusal, Timestamp, Transfer,
};

/// All rows that a command changes, and its answer.
#[derive(Debug)]
pub(crate) struct Effects {
    pub(crate) accounts: Vec<Account>,
    pub(crate) hold: Option<Hold>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) events: Vec<Event>,
    pub(crate) outcome: Outcome,
}

impl Effects {
    /// The answer to a command that says nothing new.
    pub(crate) fn replay(operation: Option<&Operation>, hold: Option<&Hold>, now: Timestamp) -> Self {
        let outcome = Outcome {
            operation: operation.cloned(),
            hold: hold.cloned(),
            replayed: true,
            follow_up: hold.and_then(|hold| hold.follow_up(now)),
        };
        Self {
            accounts: Vec::new(),
            hold: None,
            operations: Vec::new(),
            transfers: Vec::new(),
            events: Vec::new(),
            outcome,
        }
    }

    /// Checks the changed rows by themselves and against each other. What fails here is a defect or a damaged row.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        for account in &self.accounts {
            account.check().map_err(|_| imbalance(account.id()))?;
        }
        for operation in &self.operations {
            operation.parts.check().map_err(|_| imbalance(operation.id()))?;
        }
        if let Some(hold) = &self.hold {
            hold.parts.check().map_err(|_| imbalance(hold.id()))?;
        }
        Ok(())
    }
}

pub(crate) fn imbalance(row: impl ToString) -> Refusal {
    Refusal::Imbalance { row: row.to_string() }
}

/// A change of one hold under construction: the hold before, the hold after, and what goes with it.
pub(crate) struct HoldChange<'a> {
    book: &'a Book,
    before: Option<&'a Hold>,
    pub(crate) hold: Hold,
    pub(crate) transfers: Vec<Transfer>,
    events: Vec<(EventKind, Option<Money>)>,
    now: Timestamp,
}

impl<'a> HoldChange<'a> {
    /// Starts with a hold that is new in the book.
    pub(crate) fn new(book: &'a Book, hold: Hold, now: Timestamp) -> Self {
        Self { book, before: None, hold, transfers: Vec::new(), events: Vec::new(), now }
    }

    /// Starts with a hold in the book; its version grows by one.
    pub(crate) fn of(book: &'a Book, before: &'a Hold, now: Timestamp) -> Result<Self, Refusal> {
        let mut hold = before.clone();
        hold.parts.version = hold.parts.version.checked_add(1).ok_or(Refusal::AmountOverflow)?;
        Ok(Self { book, before: Some(before), hold, transfers: Vec::new(), events: Vec::new(), now })
    }

    pub(crate) fn event(&mut self, kind: EventKind, amount: Option<Money>) {
        self.events.push((kind, amount));
    }

    /// Ends the change: moves the accounts by what the hold and the transfers say. `touched` is another operation that
    /// changes with it: the capture that a refund undoes.
    pub(crate) fn finish(mut self, operation: Operation, touched: Option<Operation>) -> Result<Effects, Refusal> {
        let lapsed = self.lapse(&operation)?;
        let accounts = self.moved_accounts()?;
        let hold = self.hold;
        let mut events: Vec<Event> = self
            .events
            .into_iter()
            .map(|(kind, amount)| hold_event(kind, &hold, &operation, amount, self.now))
            .collect();
        for shared in self.transfers.iter().filter(|transfer| transfer.is_leg()) {
            let event = hold_event(EventKind::CaptureShared, &hold, &operation, Some(shared.amount()), self.now);
            events.push(Event { payee: Some(shared.credit()), ..event });
        }
        if let Some(lapsed) = &lapsed {
            events.push(hold_event(EventKind::RaiseFailed, &hold, lapsed, Some(lapsed.amount()), self.now));
        }
        let outcome = Outcome {
            operation: Some(operation.clone()),
            hold: Some(hold.clone()),
            replayed: false,
            follow_up: hold.follow_up(self.now),
        };
        let operations = core::iter::once(operation).chain(touched).chain(lapsed).collect();
        Ok(Effects { accounts, hold: Some(hold), operations, transfers: self.transfers, events, outcome })
    }

    /// A raise that waits for the payer has waited for nothing once the hold is not held any more.
    fn lapse(&mut self, operation: &Operation) -> Result<Option<Operation>, Refusal> {
        let Some(waiting) = self.hold.parts.waiting.filter(|_| self.hold.phase() != Phase::Held) else {
            return Ok(None);
        };
        self.hold.parts.waiting = None;
        if waiting == operation.id() {
            return Ok(None);
        }
        let found = self.book.operation(waiting).ok_or(Refusal::OperationNotFound { operation: waiting })?;
        let mut lapsed = found.clone();
        lapsed.parts.state = OperationState::Failed { code: "hold.closed".to_owned(), at: self.now };
        lapsed.parts.result = Some(self.hold.snapshot());
        Ok(Some(lapsed))
    }

    /// `held` follows from the hold, `posted` from the transfers; nothing else moves a balance.
    fn moved_accounts(&self) -> Result<Vec<Account>, Refusal> {
        let was = |amount: fn(&Hold) -> i64| self.before.map_or(0, amount);
        let payer_held = self.hold.payer_held_minor() - was(Hold::payer_held_minor);
        let payee_held = self.hold.payee_held_minor() - was(Hold::payee_held_minor);
        let mut sides = vec![(self.hold.payer(), payer_held), (self.hold.payee(), payee_held)];
        for id in self.transfers.iter().flat_map(|transfer| [transfer.debit, transfer.credit]) {
            if sides.iter().all(|(side, _)| *side != id) {
                sides.push((id, 0));
            }
        }
        let mut accounts = Vec::new();
        for (id, held) in sides {
            let posted = self.transfers.iter().map(|transfer| transfer.posted_change(id)).sum();
            if posted != 0 || held != 0 {
                let row = self.book.row(id)?;
                accounts.push(row.moved(posted, held).map_err(|_| Refusal::AmountOverflow)?);
            }
        }
        Ok(accounts)
    }
}

/// An event about a hold as it is after the change.
pub(crate) fn hold_event(
    kind: EventKind,
    hold: &Hold,
    operation: &Operation,
    amount: Option<Money>,
    at: Timestamp,
) -> Event {
    Event {
        kind,
        hold: Some(hold.id()),
        operation: Some(operation.id()),
        payer: Some(hold.payer()),
        payee: Some(hold.payee()),
        request: None,
        amount,
        hold_version: Some(hold.version()),
        status: Some(hold.status()),
        at,
    }
}
