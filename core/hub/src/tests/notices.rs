//! What a far end tells unasked: early, late, twice, out of order, forged, about another operation, with another amount.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_ledger::{Finality, OperationId, OperationState, RailId, Status, Timestamp};

use super::holds::Shop;
use super::world::{Mishap, PlainRail, RAIL, yen};
use crate::exchange::{Exchange, Stage};
use crate::hear_notice::{HearNoticeError, Heard};
use crate::notices::{Chargeback, Inbound, InboundGrant, News, NoticeKey, Subject};
use crate::ports::{Rail, Unit, Write};
use crate::rail::{Fault, Next, RailCommand, RailDescriptor, RailError, RailEvent, RailOperation, RailOutcome, Step};

/// The far end acts, and nothing that it says can be read.
const DOUBT: [Mishap; 9] = {
    let mut doubt = [Mishap::Error500; 9];
    doubt[0] = Mishap::Garbled;
    doubt
};
/// How long the payer is given: longer than any test takes.
const ASKED_FOR_MS: i64 = 600_000;

/// A rail that asks the payer first where much is held, and is called back when they said yes. Believes what begins with
/// `signed`: then `progress`, `opened`, `won` or `lost`, an operation or a reference, and for a dispute its name and amount.
struct AskingRail {
    plain: PlainRail,
    grant: InboundGrant,
    /// Ends holds on a notice, which no hub believes.
    credulous: bool,
}

impl AskingRail {
    fn new(credulous: bool) -> Arc<Self> {
        let grant = InboundGrant { routes: vec!["events".to_owned()], headers: vec![] };
        Arc::new(AskingRail { plain: PlainRail::new(false), grant, credulous })
    }
}

#[async_trait]
impl Rail for AskingRail {
    fn descriptor(&self) -> &RailDescriptor {
        self.plain.descriptor()
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        match &operation.command {
            RailCommand::Hold { amount, .. } if amount.minor() >= 1_000 => {
                let next = Next::WaitUntil(operation.now.plus_ms(ASKED_FOR_MS));
                Ok(Step { next, state: vec![1], writes: vec![] })
            }
            _ => self.plain.start(operation).await,
        }
    }

    async fn resume(&self, operation: &RailOperation, state: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        match event {
            RailEvent::Notice(_) if self.credulous => {
                let amount = operation.command.amount().unwrap();
                let next = Next::Done(RailOutcome::Settled { reference: "told".to_owned(), amount });
                Ok(Step { next, state: vec![], writes: vec![] })
            }
            RailEvent::Notice(_) | RailEvent::Timer => self.plain.start(operation).await,
            _ => self.plain.resume(operation, state, event).await,
        }
    }

    fn inbound(&self) -> Option<&InboundGrant> {
        Some(&self.grant)
    }

    async fn identify(&self, request: &Inbound, _: Timestamp) -> Result<Vec<News>, RailError> {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let subject = |text: &str| match text.starts_with("op_") {
            true => Subject::Operation(text.to_owned()),
            false => Subject::Reference(text.to_owned()),
        };
        let dispute = |about: &str, id: &str, amount: &str| Chargeback {
            id: id.to_owned(),
            about: subject(about),
            amount: yen(amount.parse().unwrap()),
            reason: "fraudulent".to_owned(),
            details: vec![],
        };
        let news = match text.split(' ').collect::<Vec<_>>()[..] {
            ["signed", "nothing"] => return Ok(vec![]),
            ["signed", "progress", about, ..] => News::Progress(subject(about)),
            ["signed", "opened", about, id, amount, ..] => News::DisputeOpened(dispute(about, id, amount)),
            ["signed", "won", about, id, amount, ..] => News::DisputeWon(dispute(about, id, amount)),
            ["signed", "lost", about, id, amount, ..] => News::DisputeLost(dispute(about, id, amount)),
            _ => {
                let fault = Fault { code: "crypto.bad_signature".to_owned(), message: String::new() };
                return Err(RailError::Fault(fault));
            }
        };
        Ok(vec![news])
    }
}

fn request(body: &str) -> Inbound {
    Inbound { route: "events".to_owned(), headers: vec![], body: body.as_bytes().to_vec() }
}

impl Shop {
    async fn asking(credulous: bool) -> Shop {
        let shop = Shop::open().await;
        shop.hub.add_rail(AskingRail::new(credulous));
        shop
    }

    /// Hears a notice and acts on it; whether nothing of it is left to do.
    async fn hear_text(&self, body: &str) -> bool {
        match self.hub.hear_notice(&RailId::new(RAIL).unwrap(), request(body)).await.unwrap() {
            Heard::New(key) => self.hub.act_on_notice(&key).await.unwrap(),
            other => panic!("{body}: {other:?}"),
        }
    }

    async fn state_of(&self, operation: OperationId) -> OperationState {
        self.hub.store().operation(operation).await.unwrap().unwrap().state().clone()
    }

    async fn move_to(&self, exchange: Exchange) {
        let stored = self.hub.store().exchange(exchange.operation).await.unwrap().unwrap();
        let shard = exchange.operation.shard();
        let writes = vec![Write::Exchange { exchange, expected: stored.revision }];
        self.hub.store().commit(shard, self.hub.now(), Unit { writes, ..Unit::default() }).await.unwrap();
    }

    async fn held_at_payee(&self, operation: OperationId) -> i64 {
        let row = self.hub.store().operation(operation).await.unwrap().unwrap();
        let hold = self.hub.store().hold(row.hold().unwrap()).await.unwrap().unwrap();
        self.hub.store().account(hold.payee()).await.unwrap().unwrap().held().minor()
    }

    /// A capture of 700 at the rail: its operation and the far end's name for it.
    async fn captured(&self, word: &str) -> (OperationId, String) {
        let held = self.place(word, self.wallet, 700).await.unwrap();
        let captured = self.capture(&format!("{word} capture"), held.hold.id(), None, Finality::Final).await.unwrap();
        match captured.operation.state() {
            OperationState::Settled { reference, .. } => (captured.operation.id(), reference.clone()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_notice_wakes_a_hold_that_waits_and_the_far_end_is_asked() {
    let shop = Shop::asking(false).await;
    let held = shop.place("h", shop.wallet, 1_200).await.unwrap();
    assert_eq!(held.hold.status(), Status::RequiresAction);
    let operation = held.operation.id();
    assert!(shop.hear_text(&format!("signed progress {operation}")).await);
    let hold = shop.hub.store().hold(held.hold.id()).await.unwrap().unwrap();
    assert_eq!(hold.status(), Status::Held, "long before the timer");
    // Late, and again in other words: nothing more is sent.
    assert!(shop.hear_text(&format!("signed progress {operation} late")).await);
    assert_eq!(shop.far_end.wallet().acts[&operation.to_string()], 1);
}

#[tokio::test]
async fn the_same_notice_counts_once() {
    let shop = Shop::asking(false).await;
    let held = shop.place("h", shop.wallet, 1_200).await.unwrap();
    let (rail, body) = (RailId::new(RAIL).unwrap(), format!("signed progress {}", held.operation.id()));
    assert!(shop.hear_text(&body).await);
    assert_eq!(shop.hub.hear_notice(&rail, request(&body)).await, Ok(Heard::Before));
    assert_eq!(shop.hub.hear_notice(&rail, request("signed nothing")).await, Ok(Heard::Nothing));
}

#[tokio::test]
async fn what_nobody_signed_or_expects_is_not_taken() {
    let shop = Shop::asking(false).await;
    let held = shop.place("h", shop.wallet, 1_200).await.unwrap();
    let (rail, body) = (RailId::new(RAIL).unwrap(), format!("progress {}", held.operation.id()));
    let not_taken = Err(HearNoticeError::NotTaken);
    assert_eq!(shop.hub.hear_notice(&rail, request(&body)).await, not_taken);
    let other_route = Inbound { route: "other".to_owned(), ..request(&format!("signed {body}")) };
    assert_eq!(shop.hub.hear_notice(&rail, other_route).await, not_taken);
    for name in ["house", "jp.example.none"] {
        let rail = RailId::new(name).unwrap();
        assert_eq!(shop.hub.hear_notice(&rail, request(&format!("signed {body}"))).await, not_taken);
    }
    assert!(matches!(shop.state_of(held.operation.id()).await, OperationState::Sent));
}

#[tokio::test]
async fn an_end_that_comes_with_a_notice_is_not_believed() {
    let shop = Shop::asking(true).await;
    let held = shop.place("h", shop.wallet, 1_200).await.unwrap();
    let operation = held.operation.id();
    assert!(shop.hear_text(&format!("signed progress {operation}")).await);
    let OperationState::Unknown { code, .. } = shop.state_of(operation).await else { panic!("it was believed") };
    assert_eq!(code, "rail.ended_on_notice");
    assert_eq!(shop.far_end.wallet().balance, 10_000, "and nothing was held there");
}

#[tokio::test]
async fn a_notice_before_the_operation_or_its_reply_waits_and_is_taken_up() {
    let shop = Shop::asking(false).await;
    // Of an operation that there is not, and of a reference that the reply will bring.
    let unknown = OperationId::from_uuid(uuid::Uuid::from_u128(77));
    assert!(!shop.hear_text(&format!("signed progress {unknown}")).await);
    assert!(!shop.hear_text("signed progress some-reference").await);
    // The reply is garbage and so is what comes of inquiries; then a notice makes the hub inquire at once.
    shop.far_end.plan(&DOUBT);
    let held = shop.place("h", shop.wallet, 700).await.unwrap();
    let operation = held.operation.id();
    let exchange = shop.hub.store().exchange(operation).await.unwrap().unwrap();
    assert_eq!(exchange.stage, Stage::Unknown, "{exchange:?}");
    shop.far_end.plan(&[]);
    assert!(shop.hear_text(&format!("signed progress {operation}")).await);
    assert!(matches!(shop.state_of(operation).await, OperationState::Settled { .. }));
    // What is never found is given up, and people are told.
    let key = NoticeKey::of(&RailId::new(RAIL).unwrap(), &request("signed progress some-reference"));
    for _ in 0..40 {
        shop.clock.jump_ms(300_000);
        shop.hub.tick().await.unwrap();
    }
    let row = shop.hub.store().notice(&key).await.unwrap().unwrap();
    assert_eq!((row.due_at, row.news.len(), row.request.body.len()), (None, 1, 0));
}

#[tokio::test]
async fn a_notice_that_overtakes_the_reply_waits_for_it() {
    let shop = Shop::asking(false).await;
    let held = shop.place("h", shop.wallet, 1_200).await.unwrap();
    let operation = held.operation.id();
    // As the row is while a call is in flight.
    let mut exchange = shop.hub.store().exchange(operation).await.unwrap().unwrap();
    let waiting = exchange.clone();
    let event = RailEvent::Timer;
    exchange.stage = Stage::Arrived { event, failures: 0 };
    exchange.due_at = exchange.due_at.plus_ms(ASKED_FOR_MS);
    shop.move_to(exchange).await;
    assert!(!shop.hear_text(&format!("signed progress {operation}")).await);
    assert!(matches!(shop.state_of(operation).await, OperationState::Sent));
    // The reply has come, and the rail waits for its payer: the notice is still there.
    shop.move_to(waiting).await;
    shop.clock.jump_ms(1_000);
    shop.hub.tick().await.unwrap();
    assert!(matches!(shop.state_of(operation).await, OperationState::Settled { .. }));
}

#[tokio::test]
async fn what_was_left_lying_the_worker_takes_up() {
    let shop = Shop::asking(false).await;
    let held = shop.place("h", shop.wallet, 1_200).await.unwrap();
    let body = format!("signed progress {}", held.operation.id());
    // The process stops between keeping and acting.
    let heard = shop.hub.hear_notice(&RailId::new(RAIL).unwrap(), request(&body)).await.unwrap();
    assert!(matches!(heard, Heard::New(_)));
    shop.hub.tick().await.unwrap();
    assert!(matches!(shop.state_of(held.operation.id()).await, OperationState::Sent), "it is left to whoever took it");
    shop.clock.jump_ms(3_000);
    assert_eq!(shop.hub.tick().await.unwrap().heard, 1);
    assert!(matches!(shop.state_of(held.operation.id()).await, OperationState::Settled { .. }));
    shop.clock.jump_ms(3_000);
    assert_eq!(shop.hub.tick().await.unwrap().heard, 0);
}

#[tokio::test]
async fn a_reference_names_what_is_open_on_its_hold_and_nothing_of_another_rail() {
    let shop = Shop::asking(false).await;
    let held = shop.place("h", shop.wallet, 700).await.unwrap();
    let OperationState::Settled { reference, .. } = held.operation.state() else { panic!("{held:?}") };
    shop.far_end.plan(&DOUBT);
    let capture = shop.capture("c", held.hold.id(), None, Finality::Final).await.unwrap().operation.id();
    assert!(matches!(shop.state_of(capture).await, OperationState::Unknown { .. }));
    shop.far_end.plan(&[]);
    assert!(shop.hear_text(&format!("signed progress {reference}")).await);
    assert!(matches!(shop.state_of(capture).await, OperationState::Settled { .. }));
    // The house's own operation is none of this rail's business.
    let house = shop.place("house", shop.house, 100).await.unwrap();
    assert!(shop.hear_text(&format!("signed progress {}", house.operation.id())).await);
    assert!(shop.hear_text(&format!("signed lost {} d1 100", house.operation.id())).await);
    assert_eq!(shop.held_at_payee(house.operation.id()).await, 0);
}

#[tokio::test]
async fn a_dispute_is_opened_once_reserves_what_is_contested_and_ends_once() {
    let shop = Shop::asking(false).await;
    let (capture, reference) = shop.captured("h").await;
    assert!(shop.hear_text(&format!("signed opened {reference} dp_1 300")).await);
    assert!(shop.hear_text(&format!("signed opened {reference} dp_1 300 again")).await);
    assert_eq!(shop.held_at_payee(capture).await, 300);
    assert!(shop.hear_text(&format!("signed lost {reference} dp_1 300")).await);
    assert!(shop.hear_text(&format!("signed lost {reference} dp_1 300 again")).await);
    // Out of order: it is over.
    assert!(shop.hear_text(&format!("signed opened {reference} dp_1 300 late")).await);
    assert!(shop.hear_text(&format!("signed won {reference} dp_1 300")).await);
    let row = shop.hub.store().operation(capture).await.unwrap().unwrap();
    let hold = shop.hub.store().hold(row.hold().unwrap()).await.unwrap().unwrap();
    let payee = shop.hub.store().account(hold.payee()).await.unwrap().unwrap();
    assert_eq!((payee.posted(), payee.held()), (yen(400), yen(0)));
}

#[tokio::test]
async fn a_dispute_never_takes_more_than_the_capture_has_and_may_end_before_it_was_opened() {
    let shop = Shop::asking(false).await;
    let (capture, reference) = shop.captured("h").await;
    assert!(shop.hear_text(&format!("signed opened {capture} dp_1 999999")).await);
    assert_eq!(shop.held_at_payee(capture).await, 700);
    // Nothing is left for another one.
    assert!(shop.hear_text(&format!("signed opened {capture} dp_2 100")).await);
    assert_eq!(shop.held_at_payee(capture).await, 700);
    assert!(shop.hear_text(&format!("signed won {reference} dp_1 700")).await);
    assert_eq!(shop.held_at_payee(capture).await, 0);
    assert!(shop.hear_text(&format!("signed lost {reference} dp_3 200")).await);
    let row = shop.hub.store().operation(capture).await.unwrap().unwrap();
    let hold = shop.hub.store().hold(row.hold().unwrap()).await.unwrap().unwrap();
    assert_eq!(shop.hub.store().account(hold.payee()).await.unwrap().unwrap().posted(), yen(500));
}
