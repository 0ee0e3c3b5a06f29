//! Money moves only from the request's person, only after her word, under the cap, and once.

use super::desk::{Town, output, town};
use crate::ids::ServiceRequestId;
use crate::pin::Pin;
use crate::ports::{Caller, Page, Store};
use crate::services::*;
use crate::tests::world::{key, yen};

async fn refused(town: &Town, word: &str, ask: AskService) -> String {
    let answer = town.answer(word, ask).await;
    assert_eq!(answer.status, ServiceStatus::Done, "{word}");
    output(&answer)["refused"].as_str().unwrap().to_owned()
}

async fn agree(
    town: &Town,
    id: ServiceRequestId,
    up_to: i64,
    pin: Option<&str>,
) -> Result<ServiceAnswer, ServiceError> {
    let pin = pin.map(|pin| Pin::new(pin).unwrap());
    let given = ConsentAnswer::Agreed(GivenConsent { up_to: yen(up_to), pin });
    town.hub.consent_to_service(&Caller::Merchant(town.merchant), id, given).await
}

#[tokio::test]
async fn nothing_is_held_before_somebody_agreed() {
    let town = town().await;
    let asked = town.answer("visit", town.ask(&["hold 500", "capture 500", "done"])).await;
    let ServiceStatus::ConsentNeeded(needed) = &asked.status else { panic!("{:?}", asked.status) };
    assert_eq!((needed.up_to, needed.memo.as_str(), needed.with_pin), (yen(500), "入場料", false));
    assert_eq!(town.far_end.wallet().balance, 10_000);
    let id = asked.request.id;
    let small = agree(&town, id, 499, None).await.unwrap_err();
    assert_eq!(small, ServiceError::ConsentTooSmall { needed: yen(500) });
    let done = agree(&town, id, 500, None).await.unwrap();
    assert_eq!(done.status, ServiceStatus::Done);
    assert_eq!((town.far_end.wallet().balance, town.far_end.wallet().captured), (9_500, 500));
    // Said again, and asked again with the first key: the same request, and nothing more is taken.
    assert_eq!(agree(&town, id, 500, None).await.unwrap().status, ServiceStatus::Done);
    let again = town.answer("visit", town.ask(&["hold 500", "capture 500", "done"])).await;
    assert_eq!((again.request.id, again.replayed, town.far_end.wallet().captured), (id, true, 500));
}

#[tokio::test]
async fn a_consent_may_come_with_the_request_and_covers_all_holds_together() {
    let town = town().await;
    let paid = town.answer("1", town.agreed(800, &["hold 500", "capture 500", "done"])).await;
    assert_eq!(paid.status, ServiceStatus::Done);
    let twice = town.answer("2", town.agreed(800, &["hold 500", "hold 500", "done"])).await;
    let ServiceStatus::ConsentNeeded(needed) = &twice.status else { panic!("{:?}", twice.status) };
    assert_eq!((needed.up_to, needed.amount), (yen(1_000), yen(500)));
    let refusal =
        town.hub.consent_to_service(&Caller::Operator, twice.request.id, ConsentAnswer::Refused).await.unwrap();
    assert_eq!(output(&refusal)["refused"], "consent.refused");
    assert_eq!(town.far_end.wallet().holds.values().sum::<i64>(), 500);
}

#[tokio::test]
async fn nobody_agrees_in_time() {
    let town = town().await;
    let asked = town.answer("visit", town.ask(&["hold 500", "capture 500", "done"])).await;
    town.minutes(12).await;
    let ended = town.now(asked.request.id).await;
    assert_eq!(
        (ended.status.clone(), output(&ended)["refused"].as_str()),
        (ServiceStatus::Done, Some("consent.not_given"))
    );
    assert_eq!(town.far_end.wallet().balance, 10_000);
}

#[tokio::test]
async fn a_face_alone_agrees_to_little() {
    let town = town().await;
    let by_face = |amount: i64| AskService {
        who: Who::Face { image: b"hanako".to_vec(), pin: None },
        consent: None,
        ..town.ask(&[&format!("hold {amount}"), &format!("capture {amount}"), "done"])
    };
    let small = town.answer("small", by_face(1_000)).await;
    assert_eq!(agree(&town, small.request.id, 1_000, None).await.unwrap().status, ServiceStatus::Done);
    let large = town.answer("large", by_face(1_001)).await;
    assert!(matches!(&large.status, ServiceStatus::ConsentNeeded(needed) if needed.with_pin));
    let refused = |result: Result<ServiceAnswer, ServiceError>| result.unwrap_err();
    let id = large.request.id;
    assert_eq!(refused(agree(&town, id, 1_001, None).await), ServiceError::PinRefused { code: "pin.needed" });
    assert_eq!(refused(agree(&town, id, 1_001, Some("1111")).await), ServiceError::PinRefused { code: "pin.wrong" });
    assert_eq!(agree(&town, id, 1_001, Some("2468")).await.unwrap().status, ServiceStatus::Done);
    assert_eq!(town.far_end.wallet().captured, 2_001);
}

#[tokio::test]
async fn what_the_operator_did_not_allow_is_not_moved() {
    let town = town().await;
    assert_eq!(refused(&town, "cap", town.agreed(9_000, &["hold 5001"])).await, "service.above_cap");
    assert_eq!(
        refused(&town, "funds", town.agreed(5_000, &["hold 4000", "capture 4001"])).await,
        "hold.capture_exceeds_free"
    );
    let nobody = AskService { who: Who::Nobody { by: None }, ..town.ask(&["hold 5"]) };
    assert_eq!(refused(&town, "nobody", nobody).await, "service.nobody_pays");
    let unlisted = town.answer("payee", town.agreed(500, &["hold 5 elsewhere"])).await;
    assert!(matches!(&unlisted.status, ServiceStatus::Failed(fault) if fault.code == "plugin.payee_not_listed"));
}

#[tokio::test]
async fn a_hold_of_somebody_else_or_of_another_service_is_not_touched() {
    let town = town().await;
    let held = town.answer("mine", town.agreed(700, &["hold 700", "done"])).await;
    let hold = held.request.progress.holds[0].hold.to_string();
    let take = format!("capture 700 {hold}");
    let taro = Who::Person { person: town.taro, by: "staff".to_owned() };
    let other = AskService { who: taro, ..town.ask(&[&take]) };
    assert_eq!(refused(&town, "as taro", other).await, "service.hold_unknown");
    let south = AskService { service: "south".to_owned(), ..town.ask(&[&take]) };
    assert_eq!(refused(&town, "south", south).await, "service.hold_unknown");
    // A later request of the same person and service may.
    let later = town.answer("later", town.ask(&[&take])).await;
    assert_eq!((later.status, town.far_end.wallet().captured), (ServiceStatus::Done, 700));
}

#[tokio::test]
async fn a_request_that_fails_gives_back_what_it_holds() {
    let town = town().await;
    for (word, code) in [("fail", "script.failed"), ("trap", "plugin.trapped"), ("say no", "plugin.answer_malformed")] {
        let answer = town.answer(word, town.agreed(900, &["hold 900", word])).await;
        assert!(matches!(&answer.status, ServiceStatus::Failed(fault) if fault.code == code), "{:?}", answer.status);
        assert_eq!((town.far_end.wallet().balance, town.far_end.wallet().captured), (10_000, 0), "{word}");
    }
    // What trapped once is told once more, and goes on.
    let again = town.answer("again", town.agreed(900, &["hold 900", "trap once", "capture 900"])).await;
    assert_eq!((again.status, town.far_end.wallet().captured), (ServiceStatus::Done, 900));
}

#[tokio::test]
async fn captured_money_goes_back_by_a_refund_and_held_money_by_a_release() {
    let town = town().await;
    let back = town.answer("refund", town.agreed(600, &["hold 600", "capture 600", "refund 200", "done"])).await;
    assert_eq!(back.status, ServiceStatus::Done);
    assert_eq!((town.far_end.wallet().captured, town.far_end.wallet().refunded), (600, 200));
    let released = town.answer("release", town.agreed(600, &["hold 600", "release", "done"])).await;
    assert_eq!((released.status, town.far_end.wallet().balance), (ServiceStatus::Done, 9_600));
    let holds = town.store.holds(&Caller::Operator, Page { after: None, limit: 9 }).await.unwrap();
    assert!(holds.iter().all(|hold| hold.phase().is_terminal()), "{holds:?}");
    let moved = |answer: &ServiceAnswer| {
        let noted = answer.request.progress.noted.iter();
        noted.filter(|noted| matches!(noted.happened, Happened::Moved { .. })).count()
    };
    assert_eq!(moved(&back), 3);
    assert!(matches!(town.hub.ask_service(key("refund"), town.ask(&["done"])).await, Ok(answer) if answer.replayed));
}
