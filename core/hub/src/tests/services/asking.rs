//! Who may ask what, and what is refused before a service hears of it.

use serde_json::json;

use super::desk::{config, output, town};
use crate::perform::KeyRequest;
use crate::ports::{Caller, CommitError, Service, Store};
use crate::services::*;
use crate::tests::world::{RAIL, key};

#[tokio::test]
async fn a_request_is_done_once_however_often_it_is_asked() {
    let town = town().await;
    let first = town.answer("visit", town.ask(&["tell entered", "done"])).await;
    assert_eq!((first.status.clone(), first.masked_name.as_deref()), (ServiceStatus::Done, Some("h＊＊＊＊")));
    let again = town.answer("visit", town.ask(&["tell entered", "done"])).await;
    assert!(again.replayed && again.request == first.request);
    let other = KeyRequest { fingerprint: [8; 32], ..key("visit") };
    let reused = town.hub.ask_service(other, town.ask(&["done"])).await.unwrap_err();
    assert_eq!(reused, ServiceError::Commit(CommitError::KeyReused));
    let strangers =
        AskService { caller: Caller::Merchant(crate::ids::MerchantId::from_uuid(uuid::Uuid::nil())), ..town.ask(&[]) };
    assert_eq!(
        town.hub.ask_service(key("other"), strangers).await.unwrap_err(),
        ServiceError::ServiceNotFound("north".to_owned())
    );
}

#[tokio::test]
async fn input_is_held_against_the_schema_and_against_the_individual_number() {
    let town = town().await;
    let refused = async |ask: AskService| town.hub.ask_service(key("x"), ask).await.unwrap_err();
    let wrong = AskService { input: json!({"did": 1}), ..town.ask(&[]) };
    assert!(matches!(refused(wrong).await, ServiceError::InputInvalid { problems } if problems[0].pointer == "/do"));
    let unknown = AskService { action: "dance".to_owned(), ..town.ask(&[]) };
    assert!(
        matches!(refused(unknown).await, ServiceError::ActionNotFound { known, .. } if known == "gate, lane, resident, visit")
    );
    let number = (0..10)
        .map(|last| format!("1234-5678-901{last}"))
        .find(|text| crate::individual_number::is_in_json(&json!(text)));
    let number = AskService { input: json!({"do": [], "number": number}), ..town.ask(&[]) };
    assert_eq!(refused(number).await, ServiceError::IndividualNumber);
}

#[tokio::test]
async fn expo_24_what_a_service_refuses_is_counted_by_terminal_and_period() {
    let town = town().await;
    let at = |terminal: &str, word: &str| KeyRequest { scope: terminal.to_owned(), ..key(word) };
    let face = |image: &str| AskService {
        action: "gate".to_owned(),
        who: Who::Face { image: image.as_bytes().to_vec(), pin: None },
        ..town.ask(&["done"])
    };
    let by_ticket = |image: &str| AskService {
        who: Who::PersonWithFace { person: town.hanako, by: "qr".to_owned(), image: image.as_bytes().to_vec() },
        ..face("")
    };
    let begun = town.hub.now();
    for (terminal, word, ask) in [
        ("east", "1", face("hanako")),
        ("east", "1", face("hanako")),
        ("east", "2", face("stranger")),
        ("west", "3", face("stranger")),
        ("west", "4", face("hanako on a screen")),
        ("west", "5", by_ticket("taro")),
        ("west", "6", town.ask(&["fail"])),
        ("west", "7", town.ask(&["wait 60000", "fail"])),
        ("west", "8", town.ask(&["say {\"refused\":\"lending.late\"}"])),
        ("west", "9", AskService { input: json!({"did": 1}), ..town.ask(&[]) }),
    ] {
        // Refused or not: what is counted is what counts here.
        drop(town.hub.ask_service(at(terminal, word), ask).await);
    }
    let until = town.hub.now().plus_ms(1);
    let counts = async |from, until| town.store.service_counts("north", from, until).await.unwrap();
    let row = |terminal: &str, code: Option<&str>, count| ((terminal.to_owned(), code.map(str::to_owned)), count);
    let expected = |waiting: Option<&str>| {
        let mut rows = ServiceCounts::from([
            row("east", None, 1),
            row("east", Some("face.not_recognised"), 1),
            row("west", Some("face.not_recognised"), 1),
            row("west", Some("face.other_person"), 1),
            row("west", Some("lending.late"), 1),
            row("west", Some("liveness.attack"), 1),
            row("west", Some("script.failed"), 1),
        ]);
        *rows.entry(row("west", waiting, 0).0).or_insert(0) += 1;
        rows
    };
    assert_eq!(counts(begun, until).await, expected(None), "a repeat counts once, a wrong input is nobody's fraud");
    town.minutes(3).await;
    assert_eq!(counts(begun, until).await, expected(Some("script.failed")), "what ends otherwise counts as it ended");
    assert!(counts(until, until.plus_ms(60_000)).await.is_empty());
    assert!(town.store.service_counts("south", begun, until).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_way_of_recognition_counts() {
    let town = town().await;
    let gate = |who| AskService { action: "gate".to_owned(), who, ..town.ask(&["done"]) };
    let refused = async |who| town.hub.ask_service(key("x"), gate(who)).await.unwrap_err();
    let (person, by) = (town.hanako, "qr".to_owned());
    assert_eq!(
        refused(Who::Person { person, by: by.clone() }).await,
        ServiceError::WayNotAccepted { accepted: "face".to_owned() }
    );
    // A ticket lent to somebody else has its own reason.
    let lent = Who::PersonWithFace { person, by: by.clone(), image: b"taro".to_vec() };
    assert_eq!(refused(lent).await, ServiceError::NotRecognised { code: "face.other_person" });
    // A mask is no lent ticket.
    let hidden = Who::PersonWithFace { person, by: by.clone(), image: b"taro in a mask".to_vec() };
    assert_eq!(refused(hidden).await, ServiceError::NotRecognised { code: "face.masked" });
    let stranger = Who::Face { image: b"stranger".to_vec(), pin: None };
    assert_eq!(refused(stranger).await, ServiceError::NotRecognised { code: "face.not_recognised" });
    let own = Who::PersonWithFace { person, by, image: b"hanako".to_vec() };
    let passed = town.answer("own", gate(own)).await;
    assert_eq!(passed.request.asked.recognised_by, ["qr", "face"]);
    let told = Who::Person { person, by: "rumour".to_owned() };
    assert_eq!(refused(told).await, ServiceError::WayUnknown("rumour".to_owned()));
}

#[tokio::test]
async fn an_action_may_want_to_hear_of_somebody_elses_face_and_then_nobody_is_recognised() {
    let town = town().await;
    let (person, by, image) = (town.hanako, "qr".to_owned(), b"taro".to_vec());
    let lane = |who| AskService { action: "lane".to_owned(), who, ..town.agreed(1_000, &["done"]) };
    let nobody = AskService { consent: None, ..lane(Who::PersonWithFace { person, by: by.clone(), image }) };
    let lent = town.answer("lent", nobody).await;
    assert_eq!((lent.request.asked.person, lent.masked_name.as_deref()), (None, None));
    assert_eq!(lent.request.asked.recognised_by, ["qr", "other-face"]);
    assert_eq!(output(&lent)["knows"], json!([]), "and nothing is known of what would be paid with");
    let own = town.answer("own", lane(Who::Person { person, by })).await;
    assert_eq!(output(&own)["knows"], json!([["rail", RAIL]]));
    // A word that only the hub says.
    let claimed = lane(Who::Nobody { by: Some("other-face".to_owned()) });
    let refused = town.hub.ask_service(key("claimed"), claimed).await.unwrap_err();
    assert_eq!(refused, ServiceError::WayUnknown("other-face".to_owned()));
}

#[tokio::test]
async fn claims_are_asked_for_and_only_some_are_taken_on_somebodys_word() {
    let town = town().await;
    let ask = |attested: &[(&str, &str)]| AskService {
        action: "resident".to_owned(),
        attested: attested.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..town.ask(&["done"])
    };
    let refused = async |ask| town.hub.ask_service(key("x"), ask).await.unwrap_err();
    assert_eq!(refused(ask(&[])).await, ServiceError::ClaimMissing { name: "residence".to_owned() });
    assert_eq!(
        refused(ask(&[("income", "1")])).await,
        ServiceError::AttestationNotAccepted { name: "income".to_owned() }
    );
    let shown = town.answer("ok", ask(&[("residence", "17206")])).await;
    assert_eq!(output(&shown)["claims"], 1);
}

#[tokio::test]
async fn a_waiting_request_answers_meanwhile_and_hears_what_it_is_told_once() {
    let town = town().await;
    let open =
        town.answer("visit", town.ask(&["tell entered", "wait 3600000", "tell entered", "wait 3600000", "done"])).await;
    assert_eq!((open.status.clone(), output(&open)["claims"].as_u64()), (ServiceStatus::Open, Some(0)));
    let tell =
        |input| TellService { caller: Caller::Operator, request: open.request.id, name: "leave".to_owned(), input };
    let wrong = town.hub.tell_service(key("a"), tell(json!({}))).await.unwrap_err();
    assert!(matches!(wrong, ServiceError::InputInvalid { .. }));
    let told = town.hub.tell_service(key("b"), tell(json!({"gate": 1}))).await.unwrap();
    let again = town.hub.tell_service(key("b"), tell(json!({"gate": 1}))).await.unwrap();
    assert_eq!(
        (told.status, told.request.progress.ordinal, again.request.progress.ordinal),
        (ServiceStatus::Open, 2, 2)
    );
    assert!(again.replayed);
    town.minutes(61).await;
    let ended = town.now(open.request.id).await;
    assert_eq!((ended.status, ended.request.progress.ordinal), (ServiceStatus::Done, 3));
    let late = town.hub.tell_service(key("c"), tell(json!({"gate": 1}))).await.unwrap_err();
    assert_eq!(late, ServiceError::NotWaiting);
}

#[tokio::test]
async fn somebody_who_was_admitted_is_found_in_the_gallery() {
    let town = town().await;
    let jiro = crate::tests::faces::enrol(&town.hub, "jiro", town.gallery, None).await;
    town.hub.set_gallery_member(town.gallery, jiro, false).await.unwrap();
    let by_face = |word: &'static str| {
        let ask = AskService { who: Who::Face { image: b"jiro".to_vec(), pin: None }, ..town.ask(&["done"]) };
        town.hub.ask_service(key(word), ask)
    };
    assert!(by_face("before").await.is_err());
    let ticket = Who::Person { person: jiro, by: "qr".to_owned() };
    town.answer("ticket", AskService { who: ticket, ..town.ask(&["admit", "done"]) }).await;
    assert_eq!(by_face("after").await.unwrap().request.asked.person, Some(jiro));
}

#[tokio::test]
async fn a_configuration_is_held_against_the_plugin() {
    let town = town().await;
    let service =
        || std::sync::Arc::new(super::desk::WordService::new(town.store.clone())) as std::sync::Arc<dyn Service>;
    let mut wrong = config("North Park", town.merchant, town.gallery);
    wrong.settings = json!({"price": "cheap"});
    wrong.payees = [("facilty".to_owned(), town.merchant)].into();
    wrong.galleries.clear();
    wrong.cap = 0;
    wrong.attested = vec!["income".to_owned()];
    let problems = ServiceInstance::new(wrong, service()).unwrap_err();
    let places: Vec<String> = problems.iter().map(InstanceProblem::pointer).collect();
    let expected =
        ["/id", "/settings/price", "/payees/facility", "/payees/facilty", "/galleries/today", "/cap", "/attested"];
    assert_eq!(places, expected);
    assert!(problems.iter().all(|problem| problem.to_string().contains(": ") || problem.to_string().contains('(')));
}
