//! Many at once: one wins, and money adds up afterwards.

use std::sync::Arc;

use tebura_hub::ids::ReferenceId;
use tebura_hub::people::{CaptureSession, FaceReference};
use tebura_hub::ports::{Caller, CommitError, Committed, Page, Unit, Write};
use tebura_ledger::{AccountId, Capture, Command, Expire, Finality, Floor, HoldId, Refund, Settle, Shard, Verdict};
use tokio::task::JoinSet;

use super::ground::{Ground, LATER, NOW, Placed, settled, yen};
use super::privacy;
use super::records::{exchange, template};

pub(super) async fn of_two_captures_at_once_one_wins(ground: &Ground) {
    let payer = ground.wallet(1, 10_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    for _ in 0..20 {
        let placed = ground.place(payer, shop, 100).await.unwrap();
        let units = (0..2).map(|_| ground.capturing(placed.hold, 100).1).collect();
        let answers = all_at_once(ground, 1, units).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        for refused in answers.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, CommitError::Refused(_)), "{refused:?}");
        }
        assert_eq!(ground.hold(placed.hold).await.captured(), yen(100));
    }
    assert_eq!(ground.balances(payer).await, (8_000, 0));
    assert_eq!(ground.balances(shop).await, (2_000, 0));
}

pub(super) async fn of_many_spenders_only_those_with_money_win(ground: &Ground) {
    let rich = ground.wallet(1, 100_000).await;
    let poor = ground.wallet(1, 150).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    let mut units = Vec::new();
    for _ in 0..40 {
        units.push(ground.placing(rich, shop, 100).1);
        units.push(ground.placing(poor, shop, 100).1);
        units.push(ground.placing(rich, shop, 0).1);
        units.push(vec![ground.release(ground.hold_id(1))]);
    }
    let answers = all_at_once(ground, 1, units).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 41);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(CommitError::Refused(_)))));
    assert_eq!(ground.balances(rich).await, (100_000, 4_000));
    assert_eq!(ground.balances(poor).await, (150, 100));
}

pub(super) async fn of_many_writers_of_a_row_one_wins(ground: &Ground) {
    let mut row = exchange(ground, ground.operation_id(2), ground.hold_id(2));
    for revision in 0..5 {
        let mut tasks = JoinSet::new();
        for writer in 0..8 {
            row.ordinal = writer;
            let write = Write::Exchange { exchange: row.clone(), expected: revision };
            let unit = Unit { writes: vec![write], ..Unit::default() };
            let store = Arc::clone(&ground.store);
            tasks.spawn(async move { (writer, store.commit(Shard::new(2), NOW, unit).await) });
        }
        let answers = tasks.join_all().await;
        let winners: Vec<u32> =
            answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(writer, _)| *writer).collect();
        assert_eq!(winners.len(), 1);
        let losers = answers.into_iter().filter_map(|(_, answer)| answer.err());
        assert!(losers.into_iter().all(|error| error == CommitError::Stale));
        let stored = ground.store.exchange(row.operation).await.unwrap().unwrap();
        assert_eq!((stored.revision, stored.ordinal), (revision + 1, winners[0]));
    }
}

pub(super) async fn one_capture_session_enrols_once(ground: &Ground) {
    let person = privacy::person(ground, 0).await;
    let session = privacy::session(ground, person, LATER);
    let used = CaptureSession { used_at: Some(NOW), revision: 2, ..session.clone() };
    let using = || Write::CaptureSession { session: used.clone(), expected: 1 };
    assert_eq!(ground.write(0, vec![using()]).await.unwrap_err(), CommitError::Stale, "there is none yet");
    ground.write(0, vec![Write::CaptureSession { session: session.clone(), expected: 0 }]).await.unwrap();
    assert_eq!(ground.store.capture_session(session.id).await.unwrap(), Some(session.clone()));

    let mut tasks = JoinSet::new();
    for seed in 0..6 {
        let reference = FaceReference {
            id: ReferenceId::from_uuid(ground.uuid(0)),
            person,
            pack: "drawn-demo@1".to_owned(),
            template: template(seed),
            created_at: NOW,
        };
        let unit = Unit { writes: vec![using(), Write::FaceReference(reference)], ..Unit::default() };
        let store = Arc::clone(&ground.store);
        tasks.spawn(async move { store.commit(Shard::new(0), NOW, unit).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.into_iter().filter_map(Result::err).all(|error| error == CommitError::Stale));
    assert_eq!(ground.store.face_references(None, 10).await.unwrap().rows.len(), 1);
    assert_eq!(ground.store.capture_session(session.id).await.unwrap(), Some(used));
}

/// Rounds of units that are committed at once, each followed by a look at all balances.
const ROUNDS: usize = 20;
const CLIENTS: usize = 100;

/// Four shards, wallets that run dry, shops in every shard, and commands that are often wrong.
pub(super) async fn money_is_conserved_through_thousands_of_random_commands(ground: &Ground) {
    let mut wallets = Vec::new();
    let mut shops = Vec::new();
    let mut issues = Vec::new();
    for shard in 0..4 {
        let issue = ground.open(shard, Floor::Unlimited).await;
        issues.push(issue);
        shops.push(ground.open(shard, Floor::Unlimited).await);
        for _ in 0..3 {
            let wallet = ground.open(shard, Floor::Zero).await;
            ground.apply(shard, vec![ground.fund(issue, wallet, 30_000)]).await.unwrap();
            wallets.push(wallet);
        }
    }
    let mut placed: Vec<Placed> = Vec::new();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let mut tasks = JoinSet::new();
        for _ in 0..CLIENTS {
            let (shard, ledger, new) = random_unit(ground, &mut random, &wallets, &shops, &placed);
            let store = Arc::clone(&ground.store);
            let now = if random.below(8) == 0 { LATER } else { NOW };
            let unit = Unit { ledger, ..Unit::default() };
            tasks.spawn(async move { (new, store.commit(Shard::new(shard), now, unit).await) });
        }
        for (new, answer) in tasks.join_all().await {
            match answer {
                Ok(_) => {
                    applied += 1;
                    placed.extend(new);
                }
                Err(CommitError::Refused(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        conserved(ground, &issues, &wallets, &shops).await;
    }
    assert!(applied > ROUNDS * CLIENTS / 4, "only {applied} units were accepted: the test tests little");
}

fn random_unit(
    ground: &Ground,
    random: &mut Random,
    wallets: &[AccountId],
    shops: &[AccountId],
    placed: &[Placed],
) -> (u8, Vec<Command>, Option<Placed>) {
    let amount = random.below(400);
    if placed.is_empty() || random.below(3) == 0 {
        let payer = wallets[random.index(wallets.len())];
        let (new, mut commands) = ground.placing(payer, shops[random.index(shops.len())], amount);
        if random.below(4) == 0 {
            commands.pop();
        }
        return (payer.shard().number(), commands, Some(new));
    }
    let Placed { hold, operation } = placed[random.index(placed.len())];
    let shard = hold.shard().number();
    let commands = match random.below(6) {
        0 => vec![Command::Settle(Settle { hold, operation, verdict: verdict(random, amount) })],
        1 => vec![ground.release(hold)],
        2 => vec![Command::Expire(Expire { hold, operation: ground.operation_id(shard), expected_version: None })],
        3 => take_and_refund(ground, hold, amount.max(2)),
        _ => {
            let capture = ground.operation_id(shard);
            let finality = if random.below(2) == 0 { Finality::Final } else { Finality::Partial };
            let take = take(ground, hold, capture, amount, finality);
            let result = Command::Settle(Settle { hold, operation: capture, verdict: verdict(random, amount) });
            if random.below(3) == 0 { vec![take] } else { vec![take, result] }
        }
    };
    (shard, commands, None)
}

fn take(
    ground: &Ground,
    hold: HoldId,
    operation: tebura_ledger::OperationId,
    amount: i64,
    finality: Finality,
) -> Command {
    let transfer = ground.transfer_id(hold.shard().number());
    Command::Capture(Capture {
        hold,
        operation,
        transfer,
        amount: Some(yen(amount)),
        finality,
        legs: vec![],
        expected_version: None,
    })
}

fn take_and_refund(ground: &Ground, hold: HoldId, amount: i64) -> Vec<Command> {
    let shard = hold.shard().number();
    let capture = ground.operation_id(shard);
    let refund = ground.operation_id(shard);
    let back = Refund {
        hold,
        operation: refund,
        transfer: ground.transfer_id(shard),
        capture,
        amount: Some(yen(amount / 2)),
        expected_version: None,
    };
    vec![
        take(ground, hold, capture, amount, Finality::Partial),
        settled(hold, capture, amount),
        Command::Refund(back),
        settled(hold, refund, amount / 2),
    ]
}

fn verdict(random: &mut Random, amount: i64) -> Verdict {
    match random.below(4) {
        0 => Verdict::Declined { code: "declined".to_owned() },
        1 => Verdict::Unknown { code: "silent".to_owned() },
        2 => Verdict::Settled { reference: "less".to_owned(), amount: yen(amount / 2) },
        _ => Verdict::Settled { reference: "all".to_owned(), amount: yen(amount) },
    }
}

async fn conserved(ground: &Ground, issues: &[AccountId], wallets: &[AccountId], shops: &[AccountId]) {
    let mut posted = 0;
    let mut held = 0;
    for account in issues.iter().chain(wallets).chain(shops) {
        let (has, keeps) = ground.balances(*account).await;
        posted += has;
        held += keeps;
    }
    assert_eq!(posted, 0, "debits and credits differ");
    for wallet in wallets {
        let (has, keeps) = ground.balances(*wallet).await;
        assert!(has >= keeps && keeps >= 0, "{wallet} has {has} and keeps {keeps}");
    }
    let holds = ground.store.holds(&Caller::Operator, Page { after: None, limit: u16::MAX }).await.unwrap();
    let outstanding: i64 = holds.iter().map(|hold| hold.outstanding().minor() + hold.parts().refund_in_flight).sum();
    assert_eq!(held, outstanding, "what accounts keep is not what holds say");
}

async fn all_at_once(ground: &Ground, shard: u8, units: Vec<Vec<Command>>) -> Vec<Result<Committed, CommitError>> {
    let mut tasks = JoinSet::new();
    for ledger in units {
        let store = Arc::clone(&ground.store);
        let unit = Unit { ledger, ..Unit::default() };
        tasks.spawn(async move { store.commit(Shard::new(shard), NOW, unit).await });
    }
    tasks.join_all().await
}

/// Xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u32) -> i64 {
        i64::try_from(self.next() % u64::from(bound)).unwrap()
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next()).unwrap() % len
    }
}
