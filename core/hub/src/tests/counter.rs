//! Claims by a document that staff saw.

use super::world::{hub, key};
use crate::Hub;
use crate::ids::{ApiKeyId, PersonId};
use crate::proofing::{COUNTER, Document, ProofingError, ProofingStatus, Seen, SeenError};

const DAY_MS: i64 = 86_400_000;

async fn person(hub: &Hub) -> PersonId {
    hub.register_person(key("person"), "加賀 次郎", None).await.unwrap().row.id
}

fn seen(hub: &Hub, person: PersonId, document: Document, claims: &[(&str, &str)]) -> Seen {
    Seen {
        person,
        document,
        number: Some("S-0042".to_owned()),
        claims: claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        valid_until: hub.now().plus_ms(100 * DAY_MS),
        agreed: true,
        seen_by: ApiKeyId::from_uuid(tebura_ledger::Uuid::from_u128(7)),
    }
}

async fn names(hub: &Hub, person: PersonId) -> Vec<(String, String)> {
    hub.claims(person).await.unwrap().into_iter().map(|claim| (claim.name, claim.value)).collect()
}

#[tokio::test]
async fn tran_3_who_is_a_student_is_so_by_a_document_and_until_it_ends() {
    let (hub, _, clock) = hub();
    let jiro = person(&hub).await;
    let student = || seen(&hub, jiro, Document::StudentCard, &[("student", "high")]);
    let noted = hub.see_document(key("card"), student()).await.unwrap();
    assert_eq!((noted.row.status(), noted.replayed), (ProofingStatus::Proven, false));
    let again = hub.see_document(key("card"), student()).await.unwrap();
    assert_eq!((again.row.id, again.replayed), (noted.row.id, true));

    let claims = hub.claims(jiro).await.unwrap();
    assert_eq!((claims[0].source.0.as_str(), claims[0].ial, claims.len()), (COUNTER, 1, 1));
    assert_eq!(names(&hub, jiro).await, [("student".to_owned(), "high".to_owned())]);
    let other = Seen { number: Some("S-0043".to_owned()), ..student() };
    let other = hub.see_document(key("other card"), other).await.unwrap();
    assert_ne!(hub.claims(jiro).await.unwrap()[0].evidence_digest, claims[0].evidence_digest);
    assert_eq!(hub.claims(jiro).await.unwrap()[0].proofing, other.row.id, "the newest counts");

    clock.jump_ms(100 * DAY_MS);
    assert!(names(&hub, jiro).await.is_empty(), "it ends by itself");
}

#[tokio::test]
async fn park_2_a_proof_is_taken_back_when_somebody_moves_out() {
    let (hub, _, _) = hub();
    let jiro = person(&hub).await;
    let record = seen(&hub, jiro, Document::ResidenceRecord, &[("municipality", "17206"), ("household", "加賀 7")]);
    let lived_here = hub.see_document(key("record"), record).await.unwrap().row;
    let school = seen(&hub, jiro, Document::StudentCard, &[("student", "elementary")]);
    hub.see_document(key("school"), school).await.unwrap();
    assert_eq!(names(&hub, jiro).await.len(), 3);

    let taken = hub.withdraw_proof(key("moved"), lived_here.id).await.unwrap();
    assert_eq!((taken.row.status(), taken.replayed), (ProofingStatus::Refused, false));
    assert!(hub.withdraw_proof(key("moved"), lived_here.id).await.unwrap().replayed);
    assert_eq!(names(&hub, jiro).await, [("student".to_owned(), "elementary".to_owned())]);
    let twice = hub.withdraw_proof(key("again"), lived_here.id).await.unwrap_err();
    assert_eq!(twice, ProofingError::NothingProven(ProofingStatus::Refused));
}

#[tokio::test]
async fn law_5_a_disability_is_noted_only_by_its_certificate_and_with_the_persons_word() {
    let (hub, _, _) = hub();
    let jiro = person(&hub).await;
    let certificate = |claims: &[(&str, &str)]| seen(&hub, jiro, Document::DisabilityCertificate, claims);
    let class = [("disability", "class_1")];
    let refused = [
        (Seen { agreed: false, ..certificate(&class) }, "send `agreed: true`"),
        (
            seen(&hub, jiro, Document::StudentCard, &class),
            "student_card does not prove \"disability\"; it proves: student",
        ),
        (certificate(&[("disability", "severe")]), "write class_1 or class_2"),
        (certificate(&[]), "name at least one claim"),
        (certificate(&[class[0], class[0]]), "each once"),
        (Seen { valid_until: hub.now(), ..certificate(&class) }, "it has ended already"),
        (Seen { valid_until: hub.now().plus_ms(2_000 * DAY_MS), ..certificate(&class) }, "1830 days at most"),
        (Seen { number: Some("1234 5678 9018".to_owned()), ..certificate(&class) }, "Individual Number"),
        (seen(&hub, jiro, Document::DrivingLicence, &[("birth_date", "1985-00-00")]), "leave an unknown one out"),
        (seen(&hub, jiro, Document::MunicipalRegister, &[("municipality", "加賀市")]), "five digits"),
    ];
    for (number, (seen, expected)) in refused.into_iter().enumerate() {
        let said = hub.see_document(key(&format!("refused {number}")), seen).await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    let stranger = PersonId::from_uuid(tebura_ledger::Uuid::from_u128(9));
    let of_nobody = Seen { person: stranger, ..certificate(&class) };
    assert_eq!(hub.see_document(key("nobody"), of_nobody).await.unwrap_err(), SeenError::PersonNotFound(stranger));
    assert!(names(&hub, jiro).await.is_empty());

    hub.see_document(key("noted"), certificate(&class)).await.unwrap();
    assert_eq!(hub.claims(jiro).await.unwrap()[0].ial, 2);
}
