//! Rails' statements: what a rail was asked in a time, and what comparisons found.

use tebura_hub::ids::ApiKeyId;
use tebura_hub::ports::{Unit, Write};
use tebura_hub::reconcile::{Compared, Counts, Finding, Line, LineKind, NextStep, StatementHead, StatementId};
use tebura_ledger::{AtDeadline, Command, Floor, HoldId, OperationId, Place, RailId, Settle, Timestamp, Uuid, Verdict};

use super::ground::{Ground, LATER, NOW, yen};

fn rail() -> RailId {
    RailId::new("jp.example.wallet").unwrap()
}

/// An id as one made at that time would be.
fn id_of(at: Timestamp, shard: u8, number: u8) -> Uuid {
    let millis = u128::try_from(at.millis()).unwrap();
    Uuid::from_u128(millis << 80 | 7 << 76 | 2 << 62 | u128::from(number) << 8 | u128::from(shard))
}

/// Places a hold at a time; the rail says yes.
async fn placed(ground: &Ground, shard: u8, number: u8, rail: &RailId, at: Timestamp) -> OperationId {
    let (payer, payee) = (ground.wallet(shard, 5_000).await, ground.open(3, Floor::Unlimited).await);
    let (hold, operation) =
        (HoldId::from_uuid(id_of(at, shard, number)), OperationId::from_uuid(id_of(at, shard, number)));
    let place = Place {
        hold,
        operation,
        rail: rail.clone(),
        payer,
        payee,
        amount: yen(100),
        cap: None,
        expires_at: LATER.plus_ms(86_400_000),
        at_deadline: AtDeadline::Release,
    };
    let verdict = Verdict::Settled { reference: format!("pa_{number}"), amount: yen(100) };
    let ledger = vec![Command::Place(place), Command::Settle(Settle { hold, operation, verdict })];
    ground.apply_at(shard, at, ledger).await.unwrap();
    operation
}

pub(super) async fn what_a_rail_was_asked_in_a_time_is_found(ground: &Ground) {
    let (from, until) = (NOW, NOW.plus_ms(60_000));
    let mut expected = Vec::new();
    for (number, shard, after_ms) in [(1, 0, 0), (2, 1, 30_000), (3, 2, 59_999)] {
        expected.push(placed(ground, shard, number, &rail(), from.plus_ms(after_ms)).await);
    }
    placed(ground, 1, 4, &rail(), from.plus_ms(-1)).await;
    placed(ground, 1, 5, &rail(), until).await;
    placed(ground, 1, 6, &RailId::new("jp.example.card").unwrap(), from).await;
    let asked = ground.store.asked_of(&rail(), from, until).await.unwrap();
    let mut found: Vec<OperationId> = asked.iter().map(|own| own.operation.id()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    for own in asked {
        assert_eq!(ground.store.operation(own.operation.id()).await.unwrap(), Some(own.operation.clone()));
        let hold = ground.hold(own.operation.hold().unwrap()).await;
        assert_eq!(hold.reference(), own.hold.as_deref());
    }
}

fn head(id: &str, from: Timestamp, findings: &[Finding]) -> StatementHead {
    StatementHead {
        id: StatementId::new(id).unwrap(),
        rail: rail(),
        from,
        until: from.plus_ms(86_400_000),
        grace_ms: 300_000,
        digest: [9; 32],
        lines: 2,
        counts: Counts::of(findings),
        by: ApiKeyId::from_uuid(Uuid::from_u128(5 << 64)),
        at: LATER,
    }
}

fn finding(number: u32, operation: Option<OperationId>, compared: Compared, next: NextStep) -> Finding {
    let line = Line {
        reference: format!("cp_{number}"),
        hold: Some("pa_1".to_owned()),
        operation: Some("控え".to_owned()),
        kind: LineKind::Capture,
        amount: yen(i64::MAX),
        at: NOW,
    };
    Finding { number, line: Some(line), operation, compared, next, exception: operation }
}

pub(super) async fn a_statement_is_read_back_with_its_findings(ground: &Ground) {
    let (one, two) = (ground.operation_id(1), ground.operation_id(2));
    let without_line = |number, operation, compared| Finding {
        line: None,
        exception: None,
        ..finding(number, Some(operation), compared, NextStep::NextStatement)
    };
    let mut first = vec![
        finding(1, None, Compared::MissingHere, NextStep::AskRail),
        without_line(2, one, Compared::Awaited),
        without_line(3, two, Compared::Awaited),
    ];
    // More than one statement of the engine's has to carry.
    let more = |number| finding(number, Some(ground.operation_id(3)), Compared::Matched, NextStep::Nothing);
    first.extend((4..=1_203).map(more));
    let second = vec![finding(1, Some(two), Compared::AmountDiffers, NextStep::TwoOperators)];
    for (id, from, findings) in [("day-2", LATER, &second), ("day-1", NOW, &first)] {
        let write = Write::Statement { head: head(id, from, findings), findings: findings.clone() };
        ground.commit(0, Unit { writes: vec![write], ..Unit::default() }).await.unwrap();
    }
    let store = &ground.store;
    let (day_1, day_2) = (StatementId::new("day-1").unwrap(), StatementId::new("day-2").unwrap());
    assert_eq!(store.statement(&rail(), &day_1).await.unwrap(), Some(head("day-1", NOW, &first)));
    assert_eq!(store.statement(&RailId::new("other").unwrap(), &day_1).await.unwrap(), None);
    let days: Vec<StatementId> = store.statements(&rail()).await.unwrap().into_iter().map(|head| head.id).collect();
    assert_eq!(days, [day_1.clone(), day_2]);
    assert_eq!(store.findings(&rail(), &day_1, None, 0, 2_000).await.unwrap(), first);
    assert_eq!(store.findings(&rail(), &day_1, None, 2, 3).await.unwrap(), first[2..5]);
    let awaited = store.findings(&rail(), &day_1, Some(Compared::Awaited), 2, 9).await.unwrap();
    assert_eq!(awaited, first[2..3]);
    let mut said = store.findings_of(two).await.unwrap();
    said.sort();
    assert_eq!(said, [Compared::AmountDiffers, Compared::Awaited]);
    assert_eq!(store.awaited(&rail()).await.unwrap(), [one]);
}
