//! Compares rows of the store with the model, after every commit for the rows that it touched.

use tebura_hub::exchange::Stage;
use tebura_hub::memory::MemoryStore;
use tebura_hub::ports::{ReadError, Store};
use tebura_ledger::{AccountId, Hold, HoldId, OperationId, OperationState};

use crate::counting::Figures;
use crate::model::{Came, Touched, What};
use crate::world::World;

/// What differs, in words.
pub(crate) type Wrong = String;

/// Compares what a commit touched.
pub(crate) async fn rows(world: &World, store: &MemoryStore, touched: &Touched) -> Result<(), Wrong> {
    for id in &touched.operations {
        operation(world, store, *id).await?;
    }
    for id in &touched.holds {
        hold(world, store, *id).await?;
    }
    for id in &touched.accounts {
        account(world, store, *id).await?;
    }
    Ok(())
}

/// Compares everything.
pub(crate) async fn all(world: &World, store: &MemoryStore) -> Result<(), Wrong> {
    let touched = world.with(|state| Touched {
        holds: state.model.holds().keys().copied().collect(),
        accounts: state.model.accounts().collect(),
        operations: state.model.operations().keys().copied().collect(),
    });
    rows(world, store, &touched).await
}

async fn operation(world: &World, store: &MemoryStore, id: OperationId) -> Result<(), Wrong> {
    let row = store.operation(id).await.map_err(unread)?;
    let Some(expected) = world.with(|state| state.model.operations().get(&id).cloned()) else { return Ok(()) };
    let row = row.ok_or_else(|| format!("{id} was accepted and is not there"))?;
    let came = match row.state() {
        OperationState::RequiresAction => Came::Waiting,
        OperationState::Sent | OperationState::Unknown { .. } => Came::Open,
        OperationState::Settled { amount, .. } => Came::Done(amount.minor()),
        OperationState::Failed { .. } => Came::Refused,
    };
    if (row.hold(), row.amount().minor(), came) != (Some(expected.hold), expected.amount, expected.came) {
        return Err(format!("{id} should be {expected:?}, is {row:?}"));
    }
    let exchange = store.exchange(id).await.map_err(unread)?;
    let stage = exchange.map(|exchange| exchange.stage);
    let followed_up = match (came, &stage) {
        (Came::Open, Some(stage)) => stage.is_open() || matches!(stage, Stage::Stuck),
        // A dispute is over when the operator hears of it; no rail is asked.
        (Came::Open, None) => matches!(expected.what, What::Dispute { .. }),
        (Came::Waiting, stage) => stage.is_none(),
        (Came::Done(_) | Came::Refused, Some(stage)) => matches!(stage, Stage::Finished),
        (Came::Done(_) | Came::Refused, None) => true,
    };
    if followed_up { Ok(()) } else { Err(format!("{id} is {came:?} and its exchange is {stage:?}")) }
}

async fn hold(world: &World, store: &MemoryStore, id: HoldId) -> Result<(), Wrong> {
    let row = store.hold(id).await.map_err(unread)?.ok_or_else(|| format!("{id} was accepted and is not there"))?;
    let (expected, found) = (world.with(|state| state.model.figures(id)), figures(&row));
    let agreed = world.with(|state| state.model.holds().get(&id).cloned()).ok_or("a hold that nobody placed")?;
    if (agreed.cap, agreed.expires_at) != (row.parts().cap, row.expires_at()) {
        return Err(format!("{id} should be {agreed:?}, is {:?}", row.parts()));
    }
    if expected != found || expected.free() != row.free().minor() {
        return Err(format!("{id} should have {expected:?}, has {found:?}"));
    }
    if row.phase().is_terminal() && (expected.outstanding(), expected.placing) != (0, 0) {
        return Err(format!("{id} is over with {expected:?}"));
    }
    Ok(())
}

/// A row's amounts.
fn figures(row: &Hold) -> Figures {
    let parts = row.parts();
    Figures {
        authorised: parts.authorised,
        placing: parts.place_in_flight,
        raising: parts.raise_in_flight,
        capturing: parts.capture_in_flight,
        captured: parts.captured,
        releasing: parts.release_in_flight,
        released: parts.released,
        refunding: parts.refund_in_flight,
        refunded: parts.refunded,
        disputed: parts.disputed,
        lost: parts.lost,
    }
}

async fn account(world: &World, store: &MemoryStore, id: AccountId) -> Result<(), Wrong> {
    let row = store.account(id).await.map_err(unread)?.ok_or_else(|| format!("{id} was opened and is not there"))?;
    let expected = world.with(|state| (state.model.posted(id), state.model.held(id)));
    let found = (row.posted().minor(), row.held().minor());
    if expected == found { Ok(()) } else { Err(format!("{id} should have (posted, held) {expected:?}, has {found:?}")) }
}

fn unread(error: ReadError) -> Wrong {
    error.to_string()
}
