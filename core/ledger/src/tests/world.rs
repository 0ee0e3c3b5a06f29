//! A whole book under watch: every command is also applied to a partial book, refusals must leave no trace, the books
//! must add up, and what is final must stay.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Account, AccountId, Book, Command, Currency, Event, Floor, Hold, Keys, Money, Operation, OperationId,
    OperationKind, OperationState, Outcome, Phase, Refusal, Shard, Timestamp, Transfer,
};

/// Accounts at home in other shards.
pub(super) type Foreign = BTreeMap<AccountId, (Currency, Floor)>;

pub(super) struct World {
    pub(super) book: Book,
    pub(super) foreign: Foreign,
    pub(super) transfers: Vec<Transfer>,
    pub(super) events: Vec<Event>,
    pub(super) now: Timestamp,
}

impl World {
    pub(super) fn new(shard: Shard) -> Self {
        Self {
            book: Book::new(shard),
            foreign: BTreeMap::new(),
            transfers: Vec::new(),
            events: Vec::new(),
            now: Timestamp::from_millis(0),
        }
    }

    pub(super) fn declare_foreign(&mut self, id: AccountId, currency: Currency, floor: Floor) {
        self.foreign.insert(id, (currency, floor));
        self.book.declare_foreign(id, currency, floor);
    }

    /// Applies a command to the whole book and to a partial one, and checks everything that must hold.
    pub(super) fn apply(&mut self, command: &Command) -> Result<Outcome, Refusal> {
        let before = self.book.clone();
        let mut partial = load(&self.book, &self.foreign, core::slice::from_ref(command));
        let result = self.book.apply(command, self.now);
        assert_eq!(
            partial.apply(command, self.now),
            result,
            "a partial book answers {command:?} as the whole one does"
        );
        let Ok(outcome) = &result else {
            assert_eq!(self.book, before, "the refused {command:?} left a trace");
            return result;
        };
        let changes = self.book.take_changes();
        assert_eq!(partial.take_changes(), changes, "a partial book changes by {command:?} as the whole one does");
        if outcome.replayed {
            assert!(changes.is_empty(), "the repeated {command:?} changed {changes:?}");
        }
        for change in &changes.accounts {
            let was = before.account(change.row.id());
            assert_eq!(change.is_new, was.is_none());
            assert_eq!(change.row.version(), was.map_or(1, |was| was.version() + 1));
        }
        for change in &changes.holds {
            let was = before.hold(change.row.id());
            assert_eq!(change.is_new, was.is_none());
            assert_eq!(change.row.version(), was.map_or(1, |was| was.version() + 1));
            assert_stays_final(was, &change.row);
        }
        for change in &changes.operations {
            let was = before.operation(change.row.id());
            assert_eq!(change.is_new, was.is_none());
            assert_result_stays(was, &change.row);
        }
        self.transfers.extend(changes.transfers);
        self.events.extend(changes.events);
        assert_eq!(self.book.audit(), Ok(()), "after {command:?}");
        self.assert_double_entry();
        result
    }

    /// Posted balances are the sum of the transfers, and every transfer is of an operation that settled it.
    fn assert_double_entry(&self) {
        let mut posted = BTreeMap::<AccountId, i64>::new();
        let mut moved = BTreeMap::<OperationId, i64>::new();
        let mut ids = BTreeSet::new();
        for transfer in &self.transfers {
            *posted.entry(transfer.debit()).or_default() -= transfer.amount().minor();
            *posted.entry(transfer.credit()).or_default() += transfer.amount().minor();
            let operation = self.book.operation(transfer.operation()).unwrap();
            *moved.entry(transfer.operation()).or_default() += transfer.amount().minor();
            assert!(ids.insert(transfer.id()), "{} is posted once", transfer.id());
            let own = operation.parts().transfer == Some(transfer.id());
            let leg = operation.kind().legs().iter().any(|leg| leg.transfer == transfer.id());
            let reversal = matches!(operation.kind(), OperationKind::Reverse { .. });
            assert!(own || leg || reversal, "{transfer:?} was promised by its operation");
        }
        for operation in self.book.operations() {
            let (_, posts) = (operation.hold(), operation.parts().transfer.is_some());
            let settled = operation.settled_amount().filter(|_| posts).map_or(0, Money::minor);
            assert_eq!(moved.remove(&operation.id()).unwrap_or(0), settled, "{operation:?} posts what it settled");
        }
        for account in self.book.accounts() {
            assert_eq!(posted.remove(&account.id()).unwrap_or(0), account.posted().minor());
        }
        assert!(posted.is_empty(), "transfers moved accounts that are not there: {posted:?}");
    }
}

/// A book with only the rows that a batch needs, as a SQL store would load it: what the commands name, then what those
/// rows name.
pub(super) fn load(whole: &Book, foreign: &Foreign, batch: &[Command]) -> Book {
    let mut partial = Book::new(whole.shard());
    for command in batch {
        load_keys(&mut partial, whole, foreign, &command.keys());
    }
    for command in batch {
        let further = partial.further_keys(command);
        load_keys(&mut partial, whole, foreign, &further);
    }
    partial
}

fn load_keys(partial: &mut Book, whole: &Book, foreign: &Foreign, keys: &Keys) {
    for id in &keys.accounts {
        match (whole.account(*id), foreign.get(id)) {
            (Some(row), _) => partial.insert_account(Account::from_parts(*row.parts()).unwrap()),
            (None, Some((currency, floor))) => partial.declare_foreign(*id, *currency, *floor),
            (None, None) => {}
        }
    }
    for row in keys.holds.iter().filter_map(|id| whole.hold(*id)) {
        partial.insert_hold(Hold::from_parts(row.parts().clone()).unwrap());
    }
    for row in keys.operations.iter().filter_map(|id| whole.operation(*id)) {
        partial.insert_operation(Operation::from_parts(row.parts().clone()).unwrap());
    }
}

/// A terminal hold keeps everything but its refunds and disputes.
fn assert_stays_final(was: Option<&Hold>, is: &Hold) {
    let Some(was) = was else { return };
    match was.phase() {
        Phase::Ended | Phase::Failed => {
            let mut expected = was.parts().clone();
            expected.refunded = is.parts().refunded;
            expected.refund_in_flight = is.parts().refund_in_flight;
            expected.disputed = is.parts().disputed;
            expected.lost = is.parts().lost;
            expected.version = is.version();
            assert_eq!(*is.parts(), expected);
        }
        Phase::Placing | Phase::Held | Phase::Closing => {}
    }
}

/// A final operation keeps everything but the refunds of a capture; an unknown one never counts as sent again.
fn assert_result_stays(was: Option<&Operation>, is: &Operation) {
    let Some(was) = was else { return };
    let mut expected = was.parts().clone();
    match was.state() {
        OperationState::Settled { .. } | OperationState::Failed { .. } => {}
        OperationState::RequiresAction | OperationState::Sent => {
            assert!(is.state() != &OperationState::RequiresAction || was.state() == is.state());
            expected.state = is.state().clone();
            expected.result = is.result().copied();
        }
        OperationState::Unknown { .. } => {
            assert_ne!(*is.state(), OperationState::Sent);
            expected.proposal = is.parts().proposal.clone();
            expected.state = is.state().clone();
            expected.result = is.result().copied();
        }
    }
    expected.refunded = is.parts().refunded;
    expected.refund_in_flight = is.parts().refund_in_flight;
    assert_eq!(*is.parts(), expected);
}
