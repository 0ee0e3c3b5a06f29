//! What people say about their own data counts at once, in every process, and what is kept long enough is deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::faces::{agree, capture, furnish, say};
use super::world::{FarEnd, JumpingClock, hub_on, key, yen};
use crate::Hub;
use crate::consent::{
    AUTHENTICATE, ConsentActor, ConsentError, ConsentState, NARROW, OWN_PURPOSES, PAYMENT, Purpose, Purposes,
};
use crate::ids::{PersonId, TillId};
use crate::memory::MemoryStore;
use crate::pay_by_face::PayByFace;
use crate::payment::PaymentStatus;
use crate::privacy::Kept;
use crate::rights::{EraseError, NewRightsRequest, Retention, RightsKind, RightsState};

/// Two processes of one hub: a desk, and the till's.
struct Town {
    desk: Hub,
    till_hub: Hub,
    clock: Arc<JumpingClock>,
    till: TillId,
    hanako: PersonId,
}

impl Town {
    async fn open() -> Town {
        let (store, far_end) = (Arc::new(MemoryStore::new(3)), Arc::new(FarEnd::with_balance(10_000)));
        let clock = super::world::clock();
        let desk = hub_on(store.clone(), far_end.clone(), clock.clone(), false);
        let (till, _, hanako) = furnish(&desk, true, None).await;
        clock.jump_ms(60_000);
        let till_hub = hub_on(store, far_end, clock.clone(), false);
        till_hub.load_galleries(|_| {}).await.unwrap();
        Town { desk, till_hub, clock, till, hanako }
    }

    /// What paying with Hanako's face at the other process leads to.
    async fn pays(&self) -> Result<(), String> {
        self.clock.jump_ms(1);
        let (amount, image) = (yen(100), b"hanako".to_vec());
        let command = PayByFace { till: self.till, amount, image, pin: None };
        let paid = self.till_hub.pay_by_face(key(&format!("pay {}", self.clock_ms())), command).await.unwrap();
        match paid.status {
            PaymentStatus::Paid => Ok(()),
            PaymentStatus::Refused { code } => Err(code),
            other => panic!("{other:?}"),
        }
    }

    fn clock_ms(&self) -> i64 {
        self.desk.now().millis()
    }
}

fn refused(code: &str) -> Result<(), String> {
    Err(code.to_owned())
}

#[tokio::test]
async fn pia_3_expo_17_a_withdrawal_counts_at_the_next_search_of_every_process() {
    let town = Town::open().await;
    assert_eq!(town.pays().await, Ok(()));
    for (purpose, code) in [(PAYMENT, "consent.payment"), (NARROW, "face.not_recognised")] {
        say(&town.desk, town.hanako, purpose, ConsentState::Withdrawn).await.unwrap();
        assert_eq!(town.pays().await, refused(code), "{purpose}");
        // Taken back and given again: nothing but the word had changed.
        agree(&town.desk, town.hanako, &[purpose]).await;
        assert_eq!(town.pays().await, Ok(()), "{purpose}");
    }
    say(&town.desk, town.hanako, AUTHENTICATE, ConsentState::Withdrawn).await.unwrap();
    assert_eq!(town.pays().await, refused("face.not_recognised"));
    assert!(town.desk.store().references_of(town.hanako).await.unwrap().is_empty());
    // Whoever agrees again is enrolled again first.
    agree(&town.desk, town.hanako, &[AUTHENTICATE]).await;
    assert_eq!(town.pays().await, refused("face.not_recognised"));
    capture(&town.desk, town.hanako, "hanako").await.unwrap();
    town.till_hub.load_galleries(|_| {}).await.unwrap();
    assert_eq!(town.pays().await, Ok(()));
}

#[tokio::test]
async fn expo_19_a_purpose_that_is_not_declared_is_agreed_to_by_nobody() {
    let town = Town::open().await;
    let undeclared = say(&town.desk, town.hanako, "marketing", ConsentState::Given).await.unwrap_err();
    assert_eq!(undeclared, ConsentError::PurposeUndeclared("marketing".to_owned()));
    assert!(!town.desk.agreed(town.hanako, &["marketing"]).await.unwrap());
    let fewer = Purposes {
        list: vec![Purpose { id: AUTHENTICATE.to_owned(), version: "1".to_owned() }],
        notice_sha256: [1; 32],
    };
    town.till_hub.declare_purposes(fewer);
    assert_eq!(town.pays().await, refused("face.not_recognised"), "searching a gallery is not declared any more");
}

#[tokio::test]
async fn pia_2_another_text_asks_again_and_a_guardian_is_somebody_else() {
    let town = Town::open().await;
    let reworded = |id: &str| Purpose { id: id.to_owned(), version: "2".to_owned() };
    let reworded = Purposes { list: OWN_PURPOSES.map(reworded).into(), notice_sha256: [2; 32] };
    town.desk.declare_purposes(reworded.clone());
    town.till_hub.declare_purposes(reworded);
    assert_eq!(town.pays().await, refused("face.not_recognised"));
    let standing = town.desk.consents(town.hanako).await.unwrap();
    assert!(standing.iter().all(|(_, last, counts)| last.is_some() && !counts), "said, of another text");
    agree(&town.desk, town.hanako, &OWN_PURPOSES).await;
    assert_eq!(town.pays().await, Ok(()));
    let said = town.desk.store().consents_of(town.hanako).await.unwrap();
    assert_eq!(said.len(), 2 * OWN_PURPOSES.len(), "what was said is never changed");
    let own = crate::consent::NewConsent {
        person: town.hanako,
        purpose: AUTHENTICATE.to_owned(),
        state: ConsentState::Given,
        actor: ConsentActor::Guardian(town.hanako),
        language: "ja".to_owned(),
    };
    let refused = town.desk.record_consent(key("own guardian"), own.clone()).await.unwrap_err();
    assert_eq!(refused, ConsentError::GuardianOfHerself(town.hanako));
    let stranger = super::guardians::person(&town.desk, "stranger", None).await;
    let own = crate::consent::NewConsent { actor: ConsentActor::Guardian(stranger), ..own };
    let refused = town.desk.record_consent(key("no guardian"), own).await.unwrap_err();
    assert_eq!(refused, ConsentError::GuardianRefused { code: "guardian.not_linked" });
}

#[tokio::test]
async fn pia_3_who_was_erased_is_nowhere_and_erased_once() {
    let town = Town::open().await;
    let asked = NewRightsRequest { person: town.hanako, kind: RightsKind::Correction, note: Some("名前".to_owned()) };
    let asked = town.desk.ask_about_data(key("asked"), asked).await.unwrap().row;
    assert!(asked.is_open() && asked.due_at > town.desk.now());
    let erased = town.desk.erase_person(key("leave"), town.hanako, ConsentActor::Person).await.unwrap();
    assert!(matches!(erased.state, RightsState::Done { .. }));
    let again = town.desk.erase_person(key("leave"), town.hanako, ConsentActor::Person).await.unwrap();
    assert_eq!(again.id, erased.id);
    let nobody = town.desk.erase_person(key("twice"), town.hanako, ConsentActor::Person).await.unwrap_err();
    assert_eq!(nobody, EraseError::PersonNotFound(town.hanako));
    assert_eq!(town.pays().await, refused("face.not_recognised"));
    assert!(town.desk.held_about(town.hanako).await.unwrap().is_none());
    let kept = town.desk.store().consents_of(town.hanako).await.unwrap();
    assert_eq!(kept.last().map(|row| row.state), Some(ConsentState::Withdrawn), "what she said stays, and ends here");
}

#[tokio::test]
async fn pia_6_cam_10_what_is_kept_long_enough_is_deleted_and_counted() {
    let town = Town::open().await;
    let kept_ms = BTreeMap::from([(Kept::Template, 30 * 60_000), (Kept::CaptureSession, 60 * 60_000)]);
    town.till_hub.sweeper().set(Retention { kept_ms, ..Retention::default() });
    assert_eq!(town.till_hub.tick().await.unwrap().swept, 0);
    town.clock.jump_ms(31 * 60_000);
    assert_eq!(town.till_hub.tick().await.unwrap().swept, 3, "the three faces of the street");
    assert!(town.desk.store().references_of(town.hanako).await.unwrap().is_empty());
    assert_eq!(town.pays().await, refused("face.not_recognised"));
    assert_eq!(town.till_hub.tick().await.unwrap().swept, 0, "it looks once a minute");
    town.clock.jump_ms(60 * 60_000);
    assert_eq!(town.till_hub.tick().await.unwrap().swept, 3, "their sessions");
    let swept = town.till_hub.sweeper().swept();
    assert_eq!(swept.deleted, BTreeMap::from([(Kept::CaptureSession, 3), (Kept::Template, 3)]));
    assert_eq!(swept.at, Some(town.till_hub.now()));
}
