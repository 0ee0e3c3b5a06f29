//! A rail's statement against this hub: every verdict, every next step, both edges of a day.

use tebura_ledger::{Finality, HoldId, OperationId, OperationState, Status, Timestamp, Uuid, Verdict};

use super::holds::Shop;
use super::world::{Mishap, RAIL, key, yen};
use crate::ids::ApiKeyId;
use crate::perform::KeyRequest;
use crate::ports::Clock;
use crate::reconcile::{
    Compared, Finding, Line, LineKind, NextStep, ReconcileError, Reconciled, Statement, StatementError, StatementId,
};
use crate::resolve_operation::ResolveOperation;

const BY: ApiKeyId = ApiKeyId::from_uuid(Uuid::from_u128(7 << 64));

fn rail() -> tebura_ledger::RailId {
    tebura_ledger::RailId::new(RAIL).unwrap()
}

fn line(kind: LineKind, operation: OperationId, minor: i64, at: Timestamp) -> Line {
    let id = operation.to_string();
    Line { reference: id.clone(), hold: None, operation: Some(id), kind, amount: yen(minor), at }
}

impl Shop {
    fn time(&self) -> Timestamp {
        self.clock.now()
    }

    /// A statement without grace from the world's beginning to now.
    fn statement(&self, id: &str, lines: Vec<Line>) -> Statement {
        self.clock.jump_ms(1);
        let from = Timestamp::from_millis(1_000_000);
        let id = StatementId::new(id).unwrap();
        Statement { id, rail: rail(), from, until: self.time(), grace_ms: Some(0), lines }
    }

    async fn bring(&self, statement: Statement) -> Result<Reconciled, ReconcileError> {
        let digest = statement.digest();
        let key = KeyRequest { scope: "operator".to_owned(), key: format!("{digest:02x?}"), fingerprint: digest };
        self.hub.reconcile(key, BY, statement).await
    }

    /// Brings a statement and reads what it found.
    async fn found(&self, statement: Statement) -> Vec<Finding> {
        let id = statement.id.clone();
        let reconciled = self.bring(statement).await.unwrap();
        let findings = self.hub.store().findings(&rail(), &id, None, 0, 1_000).await.unwrap();
        for compared in Compared::ALL {
            let count = findings.iter().filter(|finding| finding.compared == compared).count();
            assert_eq!(reconciled.head.counts.get(compared) as usize, count);
        }
        findings
    }

    async fn held(&self, word: &str, minor: i64) -> (HoldId, OperationId) {
        let placed = self.place(word, self.wallet, minor).await.unwrap();
        (placed.hold.id(), placed.operation.id())
    }

    async fn state(&self, operation: OperationId) -> OperationState {
        self.hub.store().operation(operation).await.unwrap().unwrap().state().clone()
    }
}

#[track_caller]
fn check(finding: &Finding, compared: Compared, next: NextStep) {
    assert_eq!((finding.compared, finding.next), (compared, next), "{finding:?}");
}

#[tokio::test]
async fn what_both_sides_did_matches_by_operation_and_by_reference() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    let captured = shop.capture("c", hold, Some(700), Finality::Final).await.unwrap();
    let at = shop.time();
    let by_reference = Line { operation: None, ..line(LineKind::Capture, captured.operation.id(), 700, at) };
    let statement = shop.statement("day-1", vec![line(LineKind::Hold, placed, 1_000, at), by_reference]);
    let findings = shop.found(statement).await;
    assert_eq!(findings.len(), 2);
    check(&findings[0], Compared::Matched, NextStep::Nothing);
    check(&findings[1], Compared::Matched, NextStep::Nothing);
    assert_eq!(findings[1].operation, Some(captured.operation.id()));
}

#[tokio::test]
async fn a_line_settles_what_was_unknown_here() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    shop.far_end.plan(&[Mishap::Garbled, Mishap::Error500, Mishap::Error500, Mishap::Error500, Mishap::Error500]);
    let captured = shop.capture("c", hold, Some(700), Finality::Final).await.unwrap();
    assert!(matches!(captured.operation.state(), OperationState::Unknown { .. }), "{captured:?}");
    let at = shop.time();
    let lines =
        vec![line(LineKind::Hold, placed, 1_000, at), line(LineKind::Capture, captured.operation.id(), 700, at)];
    let findings = shop.found(shop.statement("day-1", lines)).await;
    check(&findings[1], Compared::Matched, NextStep::Settled);
    assert!(matches!(shop.state(captured.operation.id()).await, OperationState::Settled { .. }));
    let hold = shop.hub.store().hold(hold).await.unwrap().unwrap();
    assert_eq!((hold.status(), hold.captured(), hold.released()), (Status::Captured, yen(700), yen(300)));
    let exchange = shop.hub.store().exchange(captured.operation.id()).await.unwrap().unwrap();
    assert!(!exchange.stage.is_open(), "nobody asks the rail any more");
}

#[tokio::test]
async fn an_unknown_operation_that_the_statement_lacks_is_asked_about_and_awaited() {
    let shop = Shop::open().await;
    shop.far_end.plan(&[Mishap::Error500; 12]);
    let (_, placed) = shop.held("h", 1_000).await;
    let findings = shop.found(shop.statement("day-1", vec![])).await;
    assert_eq!(findings.len(), 1);
    check(&findings[0], Compared::Awaited, NextStep::Inquiring);
    shop.far_end.plan(&[]);
    shop.clock.jump_ms(60_000);
    shop.hub.tick().await.unwrap();
    assert!(matches!(shop.state(placed).await, OperationState::Failed { .. }));
    // It had been awaited, and came to nothing on both sides.
    let second = Statement { from: Timestamp::from_millis(1_030_000), ..shop.statement("day-2", vec![]) };
    let findings = shop.found(second).await;
    assert_eq!(findings.iter().map(|finding| finding.operation).collect::<Vec<_>>(), [Some(placed)]);
    check(&findings[0], Compared::Matched, NextStep::Nothing);
    assert_eq!(shop.hub.store().awaited(&rail()).await.unwrap(), []);
}

#[tokio::test]
async fn a_capture_that_failed_here_and_not_there_is_refunded_at_the_rail() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    // The plugin never hears of it, and two operators give it up.
    shop.far_end.plan(&[Mishap::Garbled, Mishap::Error500, Mishap::Error500, Mishap::Error500, Mishap::Error500]);
    let captured = shop.capture("c", hold, Some(1_000), Finality::Final).await.unwrap().operation.id();
    for by in [1, 2] {
        let by = ApiKeyId::from_uuid(Uuid::from_u128(by << 64));
        let verdict = Verdict::Declined { code: "operator.declined".to_owned() };
        let word = key(&format!("resolve {by}"));
        shop.hub.resolve_operation(word, ResolveOperation { operation: captured, by, verdict }).await.unwrap();
    }
    shop.far_end.plan(&[]);
    let at = shop.time();
    let lines = vec![line(LineKind::Hold, placed, 1_000, at), line(LineKind::Capture, captured, 1_000, at)];
    let findings = shop.found(shop.statement("day-1", lines.clone())).await;
    assert_eq!(findings[1].compared, Compared::MissingHere);
    let exception = findings[1].exception.unwrap();
    assert!(matches!(shop.state(exception).await, OperationState::Settled { .. }), "refunded");
    assert_eq!((shop.far_end.wallet().captured, shop.far_end.wallet().refunded), (1_000, 1_000));
    // The same lines under another name: nothing is undone twice, and the refund has its own line.
    let mut lines = lines;
    lines.push(line(LineKind::Refund, exception, 1_000, shop.time()));
    let findings = shop.found(shop.statement("day-1-again", lines)).await;
    assert_eq!(findings[1].exception, Some(exception));
    check(&findings[1], Compared::MissingHere, NextStep::Nothing);
    check(&findings[2], Compared::Matched, NextStep::Nothing);
    assert_eq!(shop.far_end.wallet().refunded, 1_000);
}

#[tokio::test]
async fn what_the_rail_does_not_know_opens_an_exception_for_two_operators() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    let captured = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
    let lines = vec![line(LineKind::Hold, placed, 1_000, shop.time())];
    let findings = shop.found(shop.statement("day-1", lines)).await;
    assert_eq!((findings.len(), findings[1].operation), (2, Some(captured)));
    check(&findings[1], Compared::MissingAtRail, NextStep::TwoOperators);
    let exception = findings[1].exception.unwrap();
    assert!(matches!(shop.state(exception).await, OperationState::Unknown { .. }));
    // What was answered stays.
    assert!(matches!(shop.state(captured).await, OperationState::Settled { .. }));
}

#[tokio::test]
async fn another_amount_opens_an_exception() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    let captured = shop.capture("c", hold, Some(700), Finality::Final).await.unwrap().operation.id();
    let at = shop.time();
    let lines = vec![line(LineKind::Hold, placed, 1_000, at), line(LineKind::Capture, captured, 650, at)];
    let findings = shop.found(shop.statement("day-1", lines)).await;
    check(&findings[1], Compared::AmountDiffers, NextStep::TwoOperators);
    assert!(findings[1].exception.is_some());
}

#[tokio::test]
async fn a_line_that_claims_more_than_was_asked_settles_nothing() {
    let shop = Shop::open().await;
    shop.far_end.plan(&[Mishap::Garbled, Mishap::Error500, Mishap::Error500, Mishap::Error500, Mishap::Error500]);
    let (_, placed) = shop.held("h", 1_000).await;
    let lines = vec![line(LineKind::Hold, placed, 1_001, shop.time())];
    let findings = shop.found(shop.statement("day-1", lines)).await;
    check(&findings[0], Compared::AmountDiffers, NextStep::TwoOperators);
    assert!(matches!(shop.state(placed).await, OperationState::Unknown { .. }));
}

#[tokio::test]
async fn lines_of_nobody_are_for_the_rail_to_explain() {
    let shop = Shop::open().await;
    let (_, placed) = shop.held("h", 1_000).await;
    let at = shop.time();
    let good = line(LineKind::Hold, placed, 1_000, at);
    let stranger = OperationId::from_uuid(Uuid::from_u128(99 << 64));
    let lines = vec![
        good.clone(),
        line(LineKind::Capture, stranger, 10, at),
        Line { operation: None, reference: "x-1".to_owned(), ..line(LineKind::Capture, placed, 20, at) },
        Line { operation: Some("no id".to_owned()), ..line(LineKind::Refund, placed, 30, at) },
        // The right operation and the wrong kind.
        line(LineKind::Refund, placed, 1_000, at),
        Line { operation: None, reference: "d-1".to_owned(), ..line(LineKind::Dispute, placed, 40, at) },
    ];
    let findings = shop.found(shop.statement("day-1", lines)).await;
    check(&findings[0], Compared::Matched, NextStep::Nothing);
    for finding in &findings[1..5] {
        check(finding, Compared::MissingHere, NextStep::AskRail);
    }
    check(&findings[5], Compared::MissingHere, NextStep::RecordDispute);
}

#[tokio::test]
async fn the_same_operation_done_twice_at_the_rail_is_seen() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    let captured = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
    let at = shop.time();
    let capture = line(LineKind::Capture, captured, 1_000, at);
    let twice = Line { reference: "cp-2".to_owned(), ..capture.clone() };
    let lines = vec![line(LineKind::Hold, placed, 1_000, at), capture, twice];
    let findings = shop.found(shop.statement("day-1", lines)).await;
    check(&findings[1], Compared::Matched, NextStep::Nothing);
    check(&findings[2], Compared::MissingHere, NextStep::TwoOperators);
    assert!(findings[2].exception.is_some());
}

#[tokio::test]
async fn a_release_by_the_rail_itself_belongs_to_ours() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    shop.far_end.give_back_all();
    shop.clock.jump_ms(3_600_000);
    shop.hub.tick().await.unwrap();
    let ended = shop.hub.store().hold(hold).await.unwrap().unwrap();
    assert_eq!(ended.status(), Status::Expired);
    let at = shop.time();
    let reference = ended.reference().unwrap().to_owned();
    let by_itself = Line {
        reference: "rv-9".to_owned(),
        hold: Some(reference),
        operation: None,
        ..line(LineKind::Release, placed, 1_000, at)
    };
    let findings = shop.found(shop.statement("day-1", vec![line(LineKind::Hold, placed, 1_000, at), by_itself])).await;
    check(&findings[1], Compared::Matched, NextStep::Nothing);
    // And a rail that has no line for it is as good: it did nothing then.
    let findings = shop.found(shop.statement("day-1b", vec![line(LineKind::Hold, placed, 1_000, at)])).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
}

#[tokio::test]
async fn what_is_near_an_edge_waits_for_the_neighbour() {
    let shop = Shop::open().await;
    let (hold, placed) = shop.held("h", 1_000).await;
    let captured = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
    let (at, grace_ms) = (shop.time(), Some(60_000));
    let today = |id: &str| Statement { grace_ms, ..shop.statement(id, vec![line(LineKind::Hold, placed, 1_000, at)]) };
    let first = today("day-1");
    let midnight = first.until;
    let findings = shop.found(first).await;
    assert_eq!(findings[1].operation, Some(captured));
    check(&findings[1], Compared::Awaited, NextStep::NextStatement);
    assert_eq!(shop.hub.store().awaited(&rail()).await.unwrap(), [captured]);

    shop.clock.jump_ms(86_400_000);
    let late = Line { at: midnight.plus_ms(5), ..line(LineKind::Capture, captured, 1_000, at) };
    let next = |id: &str, lines| Statement { from: midnight, grace_ms, ..shop.statement(id, lines) };
    let findings = shop.found(next("day-2", vec![late])).await;
    assert_eq!(findings.len(), 1);
    check(&findings[0], Compared::Matched, NextStep::Nothing);
    assert_eq!(shop.hub.store().awaited(&rail()).await.unwrap(), []);
}

#[tokio::test]
async fn what_no_statement_has_is_missing_when_both_days_are_there() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let shop = Shop::open().await;
        shop.clock.jump_ms(3_600_000);
        let (hold, placed) = shop.held("h", 1_000).await;
        let captured = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
        let at = shop.time();
        shop.clock.jump_ms(1);
        let midnight = shop.time();
        shop.clock.jump_ms(86_400_000);
        let day = |id: &str| {
            let whole = shop.statement(id, vec![]);
            let grace_ms = Some(60_000);
            match id {
                "a" => Statement {
                    until: midnight,
                    lines: vec![line(LineKind::Hold, placed, 1_000, at)],
                    grace_ms,
                    ..whole
                },
                _ => Statement { from: midnight, grace_ms, ..whole },
            }
        };
        let of_capture = |findings: Vec<Finding>| findings.into_iter().find(|row| row.operation == Some(captured));
        let one = of_capture(shop.found(day(first)).await);
        let two = of_capture(shop.found(day(second)).await).unwrap();
        assert!(one.is_none_or(|one| one.compared == Compared::Awaited), "{first}");
        check(&two, Compared::MissingAtRail, NextStep::TwoOperators);
    }
}

#[tokio::test]
async fn a_statement_is_taken_once_under_its_name() {
    let shop = Shop::open().await;
    let (_, placed) = shop.held("h", 1_000).await;
    let statement = shop.statement("day-1", vec![line(LineKind::Hold, placed, 1_000, shop.time())]);
    let first = shop.bring(statement.clone()).await.unwrap();
    shop.clock.jump_ms(5_000);
    let again = shop.bring(statement.clone()).await.unwrap();
    assert_eq!((again.head, again.replayed), (first.head, true));
    let other = Statement { lines: vec![], ..statement };
    assert_eq!(shop.bring(other).await.unwrap_err(), ReconcileError::Exists(StatementId::new("day-1").unwrap()));
}

#[tokio::test]
async fn a_bad_statement_is_refused_by_its_fault() {
    let shop = Shop::open().await;
    let (_, placed) = shop.held("h", 1_000).await;
    let at = shop.time();
    let good = shop.statement("day-1", vec![line(LineKind::Hold, placed, 1_000, at)]);
    let row = good.lines[0].clone();
    let cases = [
        (Statement { until: good.from, ..good.clone() }, StatementError::WindowEmpty),
        (Statement { from: good.from.plus_ms(-32 * 86_400_000), ..good.clone() }, StatementError::WindowTooLong),
        (Statement { until: good.until.plus_ms(1), ..good.clone() }, StatementError::WindowNotOver),
        (Statement { grace_ms: Some(-1), ..good.clone() }, StatementError::GraceOutOfRange),
        (Statement { lines: vec![row.clone(); 10_001], ..good.clone() }, StatementError::TooManyLines),
        (
            Statement { lines: vec![Line { reference: String::new(), ..row.clone() }], ..good.clone() },
            StatementError::ReferenceMalformed { line: 1 },
        ),
        (
            Statement { lines: vec![Line { amount: yen(0), ..row.clone() }], ..good.clone() },
            StatementError::AmountNotPositive { line: 1 },
        ),
        (
            Statement { lines: vec![Line { at: good.until, ..row.clone() }], ..good.clone() },
            StatementError::LineOutside { line: 1 },
        ),
        (
            Statement { lines: vec![row.clone(), row], ..good.clone() },
            StatementError::LineRepeated { line: 2, first: 1 },
        ),
    ];
    for (statement, error) in cases {
        assert_eq!(shop.bring(statement).await.unwrap_err(), ReconcileError::Statement(error));
    }
    let house = Statement { rail: tebura_ledger::RailId::new("house").unwrap(), ..good };
    assert_eq!(shop.bring(house).await.unwrap_err(), ReconcileError::NoFarEnd);
}

#[tokio::test]
async fn a_hint_makes_the_hub_ask_at_once() {
    let shop = Shop::open().await;
    shop.far_end.plan(&[Mishap::LostReply, Mishap::Error500, Mishap::Error500, Mishap::Error500, Mishap::Error500]);
    shop.far_end.plan(&[Mishap::Garbled, Mishap::Error500, Mishap::Error500, Mishap::Error500, Mishap::Error500]);
    let (_, placed) = shop.held("h", 1_000).await;
    assert!(matches!(shop.state(placed).await, OperationState::Unknown { .. }));
    shop.far_end.plan(&[]);
    assert!(!shop.hub.hint(&tebura_ledger::RailId::new("other").unwrap(), placed).await.unwrap());
    assert!(shop.hub.hint(&rail(), placed).await.unwrap());
    assert!(matches!(shop.state(placed).await, OperationState::Settled { .. }));
    assert!(!shop.hub.hint(&rail(), placed).await.unwrap());
}
