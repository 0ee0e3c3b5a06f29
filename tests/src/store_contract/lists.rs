//! Lists by cursor and the queues of work that is due.

use std::collections::BTreeMap;
use std::sync::Arc;

use tebura_hub::exchange::{Exchange, Stage};
use tebura_hub::ids::MerchantId;
use tebura_hub::ports::{Caller, Page, StoredEvent, Write};
use tebura_hub::sites::{Merchant, Payee};
use tebura_ledger::{AccountId, Command, EventKind, Expire, Floor, Hold, HoldId, RailId, Shard, Timestamp};
use tokio::task::JoinSet;

use super::ground::{Ground, LATER, NOW, yen};
use super::records::exchange;

pub(super) async fn holds_come_in_pages(ground: &Ground) {
    let shop = ground.open(0, Floor::Unlimited).await;
    let mut placed = Vec::new();
    for round in 0..3 {
        for shard in 0..4 {
            let payer = ground.wallet(shard, 100).await;
            placed.push(ground.place(payer, shop, 10 + round).await.unwrap().hold);
        }
    }
    placed.sort();
    let mut after = None;
    let mut listed: Vec<HoldId> = Vec::new();
    loop {
        let page = ground.store.holds(&Caller::Operator, Page { after, limit: 5 }).await.unwrap();
        assert!(page.len() <= 5);
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id());
        listed.extend(page.iter().map(Hold::id));
    }
    assert_eq!(listed, placed);
}

pub(super) async fn a_merchant_sees_what_is_paid_to_it(ground: &Ground) {
    let (ours, our_account) = merchant(ground, 1).await;
    let (theirs, their_account) = merchant(ground, 2).await;
    let stranger = MerchantId::from_uuid(ground.uuid(3));
    let mut mine = Vec::new();
    for shard in [0, 1, 2, 3] {
        let payer = ground.wallet(shard, 100).await;
        mine.push(ground.place(payer, our_account, 10).await.unwrap().hold);
        ground.place(payer, their_account, 20).await.unwrap();
    }
    mine.sort();

    let page = Page { after: None, limit: 100 };
    let listed = ground.store.holds(&Caller::Merchant(ours), page).await.unwrap();
    assert_eq!(listed.iter().map(Hold::id).collect::<Vec<_>>(), mine);
    let rest = Page { after: Some(mine[1]), limit: 1 };
    let listed = ground.store.holds(&Caller::Merchant(ours), rest).await.unwrap();
    assert_eq!(listed.iter().map(Hold::id).collect::<Vec<_>>(), mine[2..3]);
    assert!(ground.store.holds(&Caller::Merchant(stranger), page).await.unwrap().is_empty());

    for (merchant, account) in [(ours, our_account), (theirs, their_account)] {
        let seen = all_events(ground, &Caller::Merchant(merchant), 3).await;
        let of_holds: Vec<_> = seen.iter().filter(|stored| stored.event.hold.is_some()).collect();
        assert_eq!(of_holds.len(), 8, "placed and held, four times");
        assert!(seen.iter().all(|stored| stored.event.payee == Some(account)));
    }
    assert!(all_events(ground, &Caller::Merchant(stranger), 3).await.is_empty());
}

pub(super) async fn events_are_numbered_without_gaps_while_many_write(ground: &Ground) {
    let shop = ground.open(0, Floor::Unlimited).await;
    let mut tasks = JoinSet::new();
    for shard in 0..4 {
        let payer = ground.wallet(shard, 1_000).await;
        for _ in 0..30 {
            let (_, ledger) = ground.placing(payer, shop, 50);
            let unit = tebura_hub::ports::Unit { ledger, ..Default::default() };
            let store = Arc::clone(&ground.store);
            tasks.spawn(async move { store.commit(Shard::new(shard), NOW, unit).await.is_ok() });
        }
    }
    let accepted = tasks.join_all().await.into_iter().filter(|accepted| *accepted).count();
    assert_eq!(accepted, 4 * 20, "each wallet pays for twenty");

    let events = all_events(ground, &Caller::Operator, 7).await;
    let mut last: BTreeMap<Shard, u64> = BTreeMap::new();
    for stored in &events {
        let before = last.insert(stored.shard, stored.seq).unwrap_or(0);
        assert_eq!(stored.seq, before + 1, "{:?}", stored.shard);
    }
    let count = |kind| events.iter().filter(|stored| stored.event.kind == kind).count();
    assert_eq!(count(EventKind::HoldPlaced), accepted);
    assert_eq!(count(EventKind::HoldHeld), accepted);
    for hold in events.iter().filter_map(|stored| stored.event.hold) {
        let kinds: Vec<EventKind> =
            events.iter().filter(|stored| stored.event.hold == Some(hold)).map(|stored| stored.event.kind).collect();
        assert_eq!(kinds, [EventKind::HoldPlaced, EventKind::HoldHeld]);
    }
}

pub(super) async fn an_event_is_read_back_whole(ground: &Ground) {
    let payer = ground.wallet(3, 1_000).await;
    let shop = ground.open(0, Floor::Unlimited).await;
    let placed = ground.place(payer, shop, 400).await.unwrap();
    let hold = ground.hold(placed.hold).await;
    let events = all_events(ground, &Caller::Operator, 100).await;
    let held = events.iter().find(|stored| stored.event.kind == EventKind::HoldHeld).unwrap();
    assert_eq!(held.shard, Shard::new(3));
    assert_eq!(held.event.hold, Some(placed.hold));
    assert_eq!(held.event.operation, Some(placed.operation));
    assert_eq!((held.event.payer, held.event.payee), (Some(payer), Some(shop)));
    assert_eq!(held.event.amount, Some(yen(400)));
    assert_eq!(held.event.hold_version, Some(hold.version()));
    assert_eq!(held.event.status, Some(hold.status()));
    assert_eq!(held.event.at, NOW);
    let opened = events.iter().find(|stored| stored.event.kind == EventKind::AccountOpened).unwrap();
    assert_eq!((opened.event.hold, opened.event.operation, opened.event.amount), (None, None, None));
}

pub(super) async fn due_holds_come_oldest_deadline_first(ground: &Ground) {
    let shop = ground.open(0, Floor::Unlimited).await;
    let mut holds = Vec::new();
    for (shard, minutes) in [(0, 30), (1, 10), (2, 20), (3, 40)] {
        let payer = ground.wallet(shard, 100).await;
        let (placed, mut ledger) = ground.placing(payer, shop, 100);
        if let Command::Place(place) = &mut ledger[0] {
            place.expires_at = NOW.plus_ms(minutes * 60_000);
        }
        ground.apply(shard, ledger).await.unwrap();
        holds.push((minutes, placed.hold));
    }
    holds.sort();
    let ids = |holds: &[Hold]| holds.iter().map(Hold::id).collect::<Vec<_>>();
    let expected: Vec<HoldId> = holds.iter().map(|(_, hold)| *hold).collect();

    let at = |minutes: i64| NOW.plus_ms(minutes * 60_000);
    assert!(ground.store.due_holds(at(10).plus_ms(-1), 10).await.unwrap().is_empty());
    assert_eq!(ids(&ground.store.due_holds(at(10), 10).await.unwrap()), expected[..1]);
    assert_eq!(ids(&ground.store.due_holds(at(35), 10).await.unwrap()), expected[..3]);
    assert_eq!(ids(&ground.store.due_holds(at(35), 2).await.unwrap()), expected[..2]);

    let expire = Expire {
        hold: expected[0],
        operation: ground.operation_id(expected[0].shard().number()),
        expected_version: None,
    };
    ground.apply_at(expected[0].shard().number(), at(35), vec![Command::Expire(expire)]).await.unwrap();
    let (_, capture) = ground.capturing(expected[2], 100);
    ground.apply(expected[2].shard().number(), capture).await.unwrap();
    assert_eq!(ids(&ground.store.due_holds(at(35), 10).await.unwrap()), expected[1..2]);
}

pub(super) async fn due_exchanges_come_oldest_first(ground: &Ground) {
    let mut rows: Vec<Exchange> = Vec::new();
    for (shard, due_ms, stage) in
        [(0, 300, Stage::Unknown), (1, 100, Stage::Waiting), (2, 200, Stage::Finished), (3, 200, Stage::Waiting)]
    {
        let mut row = exchange(ground, ground.operation_id(shard), ground.hold_id(shard));
        row.due_at = NOW.plus_ms(due_ms);
        row.stage = stage;
        ground.write(shard, vec![Write::Exchange { exchange: row.clone(), expected: 0 }]).await.unwrap();
        rows.push(row);
    }
    let due = async |at: Timestamp, limit| {
        let due = ground.store.due_exchanges(at, limit).await.unwrap();
        due.iter().map(|row| row.operation).collect::<Vec<_>>()
    };
    assert!(due(NOW.plus_ms(99), 10).await.is_empty());
    let all = [rows[1].operation, rows[3].operation, rows[0].operation];
    assert_eq!(due(LATER, 10).await, all);
    assert_eq!(due(LATER, 2).await, all[..2]);
    assert_eq!(due(NOW.plus_ms(200), 10).await, all[..2]);
}

/// Reads all events page by page, as a subscriber would.
pub(super) async fn all_events(ground: &Ground, caller: &Caller, limit: u16) -> Vec<StoredEvent> {
    let mut after: BTreeMap<Shard, u64> = BTreeMap::new();
    let mut all = Vec::new();
    loop {
        let cursor: Vec<(Shard, u64)> = after.clone().into_iter().collect();
        let page = ground.store.events(caller, &cursor, limit).await.unwrap();
        assert!(page.len() <= usize::from(limit));
        if page.is_empty() {
            return all;
        }
        after.extend(page.iter().map(|stored| (stored.shard, stored.seq)));
        all.extend(page);
    }
}

async fn merchant(ground: &Ground, shard: u8) -> (MerchantId, AccountId) {
    let id = MerchantId::from_uuid(ground.uuid(shard));
    let account = ground.open(shard, Floor::Unlimited).await;
    let payee = Payee { merchant: id, rail: RailId::new("house").unwrap(), account, token: "t".to_owned() };
    let merchant = Merchant { id, name: "店".to_owned(), sandbox: true };
    ground.write(shard, vec![Write::Merchant(merchant), Write::Payee(payee)]).await.unwrap();
    (id, account)
}
