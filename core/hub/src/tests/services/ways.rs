//! The ways in which a service takes somebody for known: each gives the same answer.

use super::desk::{Town, town};
use crate::passes::PassKind;
use crate::services::{AskService, ServiceError, ServiceStatus, Who};
use crate::tests::guardians::family;
use crate::tests::other_ways::{code, soon};
use crate::tests::world::key;

async fn ask(town: &Town, word: &str, who: Who) -> Result<crate::services::ServiceAnswer, ServiceError> {
    town.hub.ask_service(key(word), AskService { who, ..town.ask(&["done"]) }).await
}

#[tokio::test]
async fn a_service_takes_each_way_and_gives_the_same_answer() {
    let town = town().await;
    town.hub.set_pass_key([7; 32]);
    let (hub, hanako) = (&town.hub, town.hanako);
    let (taro, _) = family(hub, hanako).await;
    let named = |by: &str| Who::Person { person: hanako, by: by.to_owned() };
    let ways = [
        ("face", Who::Face { image: b"hanako".to_vec(), pin: None }),
        ("qr", Who::Pass { code: code(hub, hanako).await, image: None }),
        ("card", named("card")),
        ("staff", named("staff")),
        ("guardian", Who::Guardian { ward: taro, code: code(hub, hanako).await }),
    ];
    let mut outputs = Vec::new();
    for (way, who) in ways {
        let answer = ask(&town, way, who).await.unwrap();
        assert_eq!(answer.status, ServiceStatus::Done, "{way}");
        assert_eq!(answer.request.asked.recognised_by, [way]);
        outputs.push(answer.request.progress.output.clone());
    }
    outputs.dedup();
    assert_eq!(outputs.len(), 1, "nobody is worse off: {outputs:?}");
}

#[tokio::test]
async fn a_code_names_one_person_whose_face_is_compared_and_somebody_elses_is_refused() {
    let town = town().await;
    town.hub.set_pass_key([7; 32]);
    let (hub, hanako) = (&town.hub, town.hanako);
    let merchant = town.merchant;
    let ticket = hub.issue_pass(hanako, PassKind::Ticket(merchant), soon(hub)).await.unwrap().code;
    let with = |image: &str| Who::Pass { code: ticket.clone(), image: Some(image.as_bytes().to_vec()) };
    let both = ask(&town, "1", with("hanako")).await.unwrap();
    assert_eq!(both.request.asked.recognised_by, ["qr", "face"]);
    let lent = ask(&town, "2", with("taro")).await.unwrap_err();
    assert_eq!(lent, ServiceError::NotRecognised { code: "face.other_person" });
    assert!(ask(&town, "3", with("hanako")).await.is_ok(), "a ticket is shown again");
    let own = code(hub, hanako).await;
    let once = || Who::Pass { code: own.clone(), image: None };
    ask(&town, "4", once()).await.unwrap();
    assert_eq!(ask(&town, "5", once()).await.unwrap_err(), ServiceError::PassRefused { code: "pass.used" });
    assert!(ask(&town, "4", once()).await.unwrap().replayed, "a repeat uses nothing up");
}
