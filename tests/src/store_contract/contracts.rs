//! Contracts that run: read back as written, moved on by one writer, found when due, and by their holds.

use std::collections::{BTreeMap, BTreeSet};

use tebura_contract::{Contract, Event};
use tebura_hub::contracts::{
    Bound, BoundAccount, ContractEntry, ContractTerms, Happened, Holder, OpenGroup, Progress, RunningContract, Stage,
    Text,
};
use tebura_hub::ids::{ContractId, MerchantId, PartyId, PersonId};
use tebura_hub::ports::{Caller, CommitError, Page, Write};
use tebura_ledger::{AccountId, HoldId, Timestamp};

use super::ground::{Ground, LATER, NOW};

fn contract(ground: &Ground, merchant: MerchantId, due_at: Option<Timestamp>) -> RunningContract {
    let account = BoundAccount {
        rail: "house".to_owned(),
        account: Text(AccountId::from_uuid(ground.uuid(1))),
        token: "w-1".to_owned(),
        holder: Holder::Person(Text(PersonId::from_uuid(ground.uuid(0)))),
    };
    let bound = Bound { signs: Some(Text(PartyId::from_uuid(ground.uuid(0)))), accounts: vec![account] };
    RunningContract {
        id: ContractId::from_uuid(ground.uuid(2)),
        merchant,
        terms: ContractTerms {
            document: "{\"v\":\"hc/1\",\"name\":\"契約\"}".to_owned(),
            further: vec![],
            parties: BTreeMap::from([("payer".to_owned(), bound)]),
            anchors: BTreeMap::from([("table".to_owned(), NOW.millis())]),
            proposed_at: NOW.millis(),
            agree_until: LATER.millis(),
            follows: None,
        },
        progress: Progress {
            stage: Stage::Proposed { agreed: BTreeSet::from(["payer".to_owned()]) },
            holds: BTreeMap::from([("fee".to_owned(), Text(HoldId::from_uuid(ground.uuid(2))))]),
            open: vec![OpenGroup {
                number: 1,
                effects: vec![],
                done: BTreeSet::from([0]),
                tries: 2,
                declined: None,
                again_at: NOW.millis(),
            }],
            entries: 1,
        },
        due_at,
        revision: 1,
    }
}

async fn put(ground: &Ground, contract: &RunningContract, expected: u32) -> Result<(), CommitError> {
    ground.write(2, vec![Write::Contract { contract: contract.clone(), expected }]).await
}

pub(super) async fn a_contract_and_what_happened_are_read_back(ground: &Ground) {
    let row = contract(ground, MerchantId::from_uuid(ground.uuid(0)), Some(LATER));
    let entry = |number, happened| ContractEntry { contract: row.id, number, at: NOW, happened };
    let said = Happened::Said {
        by: "payer".to_owned(),
        nonce: "n-0123456789abcd".to_owned(),
        key: "pk_1".to_owned(),
        body: "{\"act\":\"やめる\"}".to_owned(),
        signature: "e30..c2ln".to_owned(),
    };
    let entries = [entry(1, Happened::Proposed), entry(2, said)];
    let mut writes = vec![Write::Contract { contract: row.clone(), expected: 0 }];
    writes.extend(entries.iter().cloned().map(Write::ContractEntry));
    ground.write(2, writes).await.unwrap();
    assert_eq!(ground.store.running_contract(row.id).await.unwrap(), Some(row.clone()));
    assert_eq!(ground.store.contract_entries(row.id).await.unwrap(), entries);
    let hold = row.progress.holds["fee"].0;
    assert_eq!(ground.store.contract_of_hold(hold).await.unwrap(), Some(row.id));
    assert_eq!(ground.store.contract_of_hold(HoldId::from_uuid(ground.uuid(2))).await.unwrap(), None);
    let missing = ContractId::from_uuid(ground.uuid(2));
    assert_eq!(ground.store.running_contract(missing).await.unwrap(), None);
}

pub(super) async fn a_contract_that_runs_is_read_back(ground: &Ground) {
    let text = include_str!("../../../examples/contracts/iot-reorder/contract.json");
    let orders = Contract::parse(text).unwrap();
    let begun = orders.begin(NOW, &BTreeMap::new()).unwrap();
    let held = orders.step(&begun.state, &Event::LegHeld { leg: "budget".to_owned() }, NOW).unwrap();
    let order = Event::Attest {
        id: "n-0123456789abcd".to_owned(),
        by: "device".to_owned(),
        attest: "reorder".to_owned(),
        fields: BTreeMap::from([("price".to_owned(), 1_500)]),
    };
    // What was said, how often an edge has fired, and what is still to be done.
    let ordered = orders.step(&held.state, &order, NOW).unwrap();
    let mut row = contract(ground, MerchantId::from_uuid(ground.uuid(0)), Some(LATER));
    row.progress.stage = Stage::Running { state: Box::new(ordered.state) };
    row.progress.open[0].effects =
        begun.groups.into_iter().chain(ordered.groups).flat_map(|group| group.effects).collect();
    assert_eq!(row.progress.open[0].effects.len(), 2);
    put(ground, &row, 0).await.unwrap();
    assert_eq!(ground.store.running_contract(row.id).await.unwrap(), Some(row));
}

pub(super) async fn of_two_writers_one_moves_a_contract_on(ground: &Ground) {
    let row = contract(ground, MerchantId::from_uuid(ground.uuid(0)), Some(LATER));
    put(ground, &row, 0).await.unwrap();
    assert!(matches!(put(ground, &row, 0).await, Err(CommitError::Stale)), "it exists already");
    let ended = |by: u32| RunningContract {
        progress: Progress { stage: Stage::Lapsed, entries: by, ..row.progress.clone() },
        due_at: None,
        revision: 2,
        ..row.clone()
    };
    let (one, other) = (ended(7), ended(8));
    let both = tokio::join!(put(ground, &one, 1), put(ground, &other, 1));
    let stored = ground.store.running_contract(row.id).await.unwrap().unwrap();
    match both {
        (Ok(()), Err(CommitError::Stale)) => assert_eq!(stored, one),
        (Err(CommitError::Stale), Ok(())) => assert_eq!(stored, other),
        both => panic!("{both:?}"),
    }
}

pub(super) async fn contracts_are_listed_to_their_merchant_and_when_they_are_due(ground: &Ground) {
    let (mine, other) = (MerchantId::from_uuid(ground.uuid(0)), MerchantId::from_uuid(ground.uuid(0)));
    let at = |ms| Some(Timestamp::from_millis(ms));
    let rows = [
        contract(ground, mine, at(5_000)),
        contract(ground, mine, at(4_000)),
        contract(ground, other, at(4_500)),
        contract(ground, mine, None),
    ];
    for row in &rows {
        put(ground, row, 0).await.unwrap();
    }
    let list = async |caller: Caller, after: Option<ContractId>, limit| -> Vec<ContractId> {
        let page = ground.store.running_contracts(&caller, Page { after, limit }).await.unwrap();
        page.into_iter().map(|row| row.id).collect()
    };
    let [first, second, strange, last] = [rows[0].id, rows[1].id, rows[2].id, rows[3].id];
    assert_eq!(list(Caller::Merchant(mine), None, 10).await, [first, second, last]);
    assert_eq!(list(Caller::Merchant(mine), Some(first), 1).await, [second]);
    assert_eq!(list(Caller::Merchant(other), None, 10).await, [strange]);
    let due = async |now, limit| ground.store.due_contracts(Timestamp::from_millis(now), limit).await.unwrap();
    assert_eq!(due(3_999, 10).await, []);
    assert_eq!(due(4_500, 10).await, [second, strange]);
    assert_eq!(due(9_000, 10).await, [second, strange, first]);
    assert_eq!(due(9_000, 1).await, [second]);
}
