//! Opens an account in its home shard.

use super::in_shard;
use crate::changes::Outcome;
use crate::command::OpenAccount;
use crate::effects::Effects;
use crate::{Account, Book, Event, EventKind, Refusal, Timestamp};

pub(super) fn open_account(book: &Book, command: &OpenAccount, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(book, [(command.id.shard(), &command.id)])?;
    if let Some(account) = book.account(command.id) {
        let differs = |field| Refusal::AccountExistsWithDifferentFields { account: command.id, field };
        if account.currency() != command.currency {
            return Err(differs("currency"));
        }
        if account.floor() != command.floor {
            return Err(differs("floor"));
        }
        return Ok(Effects::replay(None, None, now));
    }
    let event = Event {
        kind: EventKind::AccountOpened,
        hold: None,
        operation: None,
        payer: None,
        payee: Some(command.id),
        request: None,
        amount: None,
        hold_version: None,
        status: None,
        at: now,
    };
    Ok(Effects {
        accounts: vec![Account::open(command.id, command.currency, command.floor)],
        hold: None,
        operations: Vec::new(),
        transfers: Vec::new(),
        events: vec![event],
        outcome: Outcome { operation: None, hold: None, replayed: false, follow_up: None },
    })
}
