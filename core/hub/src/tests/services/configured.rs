//! What a configuration says and the hub does: hours, what is answered while the plugin is away, how long requests are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tebura_ledger::Timestamp;

use super::desk::{Town, WordService, config, output, town_where};
use crate::consent::{ConsentState, Purpose, Purposes};
use crate::ports::{Clock, Store};
use crate::services::*;
use crate::tests::faces::say;
use crate::tests::world::key;

/// Monday, 2026-11-23, 09:00 in Tokyo.
const MONDAY: Timestamp = Timestamp::from_millis(1_795_392_000_000);

async fn configured(change: impl FnOnce(&mut InstanceConfig)) -> Town {
    let town = town_where(None).await;
    town.clock.wait_until(MONDAY).await;
    let mut own = config("north", town.merchant, town.gallery);
    change(&mut own);
    town.hub.set_services(vec![words(&town, own)], Vec::new());
    town
}

fn words(town: &Town, own: InstanceConfig) -> ServiceInstance {
    ServiceInstance::new(own, Arc::new(WordService::new(town.store.clone()))).unwrap()
}

fn hours() -> HoursConfig {
    let open = OpenConfig { days: vec!["tue".to_owned()], from: "10:00".to_owned(), to: "12:00".to_owned() };
    let (zone, always) = ("Asia/Tokyo".to_owned(), vec!["gate".to_owned()]);
    HoursConfig { zone, open: vec![open], closed: vec!["2026-11-24".to_owned()], always }
}

#[tokio::test]
async fn a_closed_service_says_when_it_opens_and_an_open_request_goes_on() {
    let town = configured(|own| own.hours = Some(Hours::new(hours()).unwrap())).await;
    let refused = town.hub.ask_service(key("early"), town.ask(&["done"])).await.unwrap_err();
    let ServiceError::Closed { opens: Some(opens) } = &refused else { panic!("{refused:?}") };
    assert_eq!(opens.local, "2026-12-01 10:00 Asia/Tokyo", "the Tuesday before is a closed day");
    assert_eq!(refused.to_string(), "the service is closed; it opens at 2026-12-01 10:00 Asia/Tokyo, ask again then");
    town.clock.wait_until(opens.at).await;
    let waits = town.answer("in", town.ask(&["wait 86400000", "done"])).await;
    assert_eq!(waits.status, ServiceStatus::Open);
    town.clock.jump_ms(2 * 3_600_000);
    let late = town.hub.ask_service(key("late"), town.ask(&["done"])).await;
    assert!(matches!(late, Err(ServiceError::Closed { .. })), "the hour is over");
    // Who is in may leave, and what is answered always is.
    let caller = crate::ports::Caller::Operator;
    let tell = TellService { caller, request: waits.request.id, name: "leave".to_owned(), input: json!({"gate": 1}) };
    assert_eq!(town.hub.tell_service(key("leave"), tell).await.unwrap().status, ServiceStatus::Done);
    let always = AskService { action: "gate".to_owned(), ..town.ask(&["done"]) };
    let refused = town.hub.ask_service(key("gate"), always).await.unwrap_err();
    assert!(
        matches!(refused, ServiceError::WayNotAccepted { .. }),
        "asked, and refused for another reason: {refused:?}"
    );
}

#[tokio::test]
async fn what_is_open_of_a_service_that_was_taken_away_goes_on_until_it_ended_and_nothing_new_begins() {
    let town = configured(|own| own.keep_days = Some(30)).await;
    let bill = town.answer("bill", town.agreed(500, &["hold 500", "wait 86400000", "capture 300", "done"])).await;
    let timer = town.answer("timer", town.agreed(500, &["hold 500", "wait 60000", "capture 500", "done"])).await;
    assert_eq!([&bill.status, &timer.status], [&ServiceStatus::Open, &ServiceStatus::Open]);
    let own = InstanceConfig { keep_days: Some(30), ..config("north", town.merchant, town.gallery) };
    town.hub.set_services(Vec::new(), vec![words(&town, own)]);
    let refused = town.hub.ask_service(key("new"), town.ask(&["done"])).await.unwrap_err();
    assert_eq!(refused, ServiceError::ServiceNotFound("north".to_owned()));
    assert!(town.hub.services(&crate::ports::Caller::Operator).is_empty(), "nobody is offered it");
    // By a message, and by its own time.
    let caller = crate::ports::Caller::Operator;
    let tell = TellService { caller, request: bill.request.id, name: "leave".to_owned(), input: json!({"gate": 1}) };
    assert_eq!(town.hub.tell_service(key("leave"), tell).await.unwrap().status, ServiceStatus::Done);
    town.minutes(2).await;
    assert_eq!(town.now(timer.request.id).await.status, ServiceStatus::Done);
    let wallet = town.far_end.wallet();
    assert_eq!(
        (wallet.balance, wallet.captured),
        (9_200, 800),
        "one hold was taken in part, one whole; nothing stays held"
    );
    let page = crate::ports::Page { after: None, limit: 10 };
    let (listed, _) = town.hub.service_requests(&crate::ports::Caller::Operator, "north", page).await.unwrap();
    assert_eq!(listed.len(), 2);
    town.clock.jump_ms(31 * 86_400_000);
    town.minutes(61).await;
    assert!(
        town.store.service_request(timer.request.id).await.unwrap().is_none(),
        "kept as long as was said, no longer"
    );
}

#[tokio::test]
async fn while_the_plugin_is_away_the_operators_answer_is_given_and_only_then() {
    let away = json!({"refused": "ask.staff"});
    let town = configured(|own| own.fallback = BTreeMap::from([("visit".to_owned(), away.clone())])).await;
    let degraded = town.answer("away", town.ask(&["trap"])).await;
    assert_eq!((degraded.status.clone(), output(&degraded)), (ServiceStatus::Done, away));
    let noted = degraded.request.progress.noted.last().map(|noted| &noted.happened);
    assert_eq!(noted, Some(&Happened::Degraded { code: "plugin.trapped".to_owned() }));
    let once = town.answer("once", town.ask(&["trap once", "done"])).await;
    assert_eq!(output(&once)["claims"], json!(0), "what trapped once is told once more first");
    // What the plugin itself refuses, and what it began, is no matter of being away.
    for (word, script) in [("refuses", vec!["fail"]), ("began", vec!["wait 0", "trap"])] {
        let failed = town.answer(word, town.ask(&script)).await;
        let failed = if failed.status == ServiceStatus::Open {
            town.minutes(1).await;
            town.now(failed.request.id).await
        } else {
            failed
        };
        assert!(matches!(failed.status, ServiceStatus::Failed(_)), "{word}: {:?}", failed.status);
    }
    let other = AskService {
        action: "resident".to_owned(),
        attested: vec![("residence".into(), "1".into())],
        ..town.ask(&["trap"])
    };
    let other = town.answer("other", other).await;
    assert!(matches!(other.status, ServiceStatus::Failed(_)), "nothing is configured for this action");
}

#[tokio::test]
async fn pia_2_expo_19_a_service_looks_for_the_faces_of_those_only_who_agreed_to_its_own_purpose() {
    let town = configured(|own| own.purposes = vec!["park_entry".to_owned()]).await;
    let face = |word: &'static str| {
        let who = Who::Face { image: b"hanako".to_vec(), pin: None };
        town.hub.ask_service(key(word), AskService { who, ..town.ask(&["done"]) })
    };
    let unknown = ServiceError::NotRecognised { code: "face.not_recognised" };
    assert_eq!(face("undeclared").await.unwrap_err(), unknown, "what is not declared is agreed to by nobody");
    let mut purposes = Purposes::clone(&town.hub.purposes());
    purposes.list.push(Purpose { id: "park_entry".to_owned(), version: "1".to_owned() });
    town.hub.declare_purposes(purposes);
    assert_eq!(face("unasked").await.unwrap_err(), unknown);
    town.answer("card", town.ask(&["done"])).await;
    say(&town.hub, town.hanako, "park_entry", ConsentState::Given).await.unwrap();
    assert_eq!(face("agreed").await.unwrap().request.asked.person, Some(town.hanako));
    say(&town.hub, town.hanako, "park_entry", ConsentState::Withdrawn).await.unwrap();
    assert_eq!(face("withdrawn").await.unwrap_err(), unknown);
    let named = Who::PersonWithFace { person: town.hanako, by: "card".to_owned(), image: b"hanako".to_vec() };
    let compared = town.hub.ask_service(key("named"), AskService { who: named, ..town.ask(&["done"]) }).await;
    assert_eq!(compared.unwrap_err(), ServiceError::NotRecognised { code: "face.not_enrolled" });
}

#[tokio::test]
async fn a_request_is_forgotten_when_its_time_is_over_and_holds_nothing_any_more() {
    let town = configured(|own| own.keep_days = Some(30)).await;
    let done = town.answer("done", town.ask(&["done"])).await.request.id;
    let holds = town.answer("holds", town.agreed(500, &["hold 500", "done"])).await.request.id;
    let waits = town.answer("waits", town.ask(&["wait 9999999999", "done"])).await.request.id;
    town.clock.jump_ms(29 * 86_400_000);
    let young = town.answer("young", town.ask(&["done"])).await.request.id;
    town.minutes(1).await;
    let kept = async |id| town.store.service_request(id).await.unwrap().is_some();
    assert!(kept(done).await, "a day is left");
    town.clock.jump_ms(2 * 86_400_000);
    town.minutes(1).await;
    assert_eq!([kept(done).await, kept(waits).await, kept(young).await], [false, true, true]);
    // Its hold lasted an hour, so that it is over with the rest.
    town.minutes(61).await;
    assert!(!kept(holds).await);
    let gone = town.hub.service_request(&crate::ports::Caller::Operator, done).await.unwrap_err();
    assert_eq!(gone, ServiceError::RequestNotFound(done));
}

#[tokio::test]
async fn everything_wrong_with_a_configuration_is_named() {
    let town = configured(|_| ()).await;
    let mut own = config("north", town.merchant, town.gallery);
    own.hours = Some(Hours::new(HoursConfig { always: vec!["dance".to_owned()], ..hours() }).unwrap());
    own.keep_days = Some(0);
    own.fallback = BTreeMap::from([("dance".to_owned(), json!({})), ("visit".to_owned(), json!({"refused": 3}))]);
    let problems = ServiceInstance::new(own, Arc::new(WordService::new(town.store.clone()))).unwrap_err();
    let pointers: Vec<String> = problems.iter().map(InstanceProblem::pointer).collect();
    assert_eq!(pointers, ["/hours/always", "/fallback/dance", "/fallback/visit/refused", "/keep_days"]);
}
