//! Enrolling a face: live, once, in time, by the device that began, and never from one picture.

use tebura_face::{FrameRefusal, LivenessRefusal, Prompt};

use super::faces::{agree, capture, say};
use super::world::{JumpingClock, hub, key};
use crate::Hub;
use crate::consent::{AUTHENTICATE, ConsentState};
use crate::enroll_face::{EnrollFaceError, Frame, MAX_LOOKS, SESSION_MS};
use crate::ids::PersonId;
use crate::people::CaptureSession;
use crate::perform::KeyRequest;

struct Booth {
    hub: Hub,
    clock: std::sync::Arc<JumpingClock>,
    person: PersonId,
}

impl Booth {
    async fn open() -> Booth {
        let (hub, _, clock) = hub();
        let person = hub.register_person(key("hanako"), "hanako", None).await.unwrap().row.id;
        agree(&hub, person, &[AUTHENTICATE]).await;
        Booth { hub, clock, person }
    }

    async fn session(&self, word: &str) -> CaptureSession {
        self.hub.open_capture_session(key(word), self.person, false).await.unwrap()
    }

    async fn frame(&self, word: &str, session: &CaptureSession, picture: &str) -> Result<Frame, EnrollFaceError> {
        self.hub.take_frame(key(word), session.id, picture.as_bytes().to_vec()).await
    }
}

fn doing(prompt: Prompt) -> String {
    format!("hanako {}", prompt.word())
}

#[tokio::test]
async fn expo_14_a_capture_session_enrols_once_live_and_in_time() {
    let booth = Booth::open().await;
    let session = booth.session("s").await;
    let screen = booth.frame("screen", &session, "hanako on a screen").await.unwrap_err();
    assert_eq!(screen, EnrollFaceError::Frame(FrameRefusal::Liveness(LivenessRefusal::Attack)));
    let [first, second, third] = session.prompts;
    assert_eq!(first, Prompt::LookStraight);
    let next = booth.frame("1", &session, &doing(first)).await.unwrap();
    assert_eq!(next, Frame::Next { prompt: second, taken: 1, replayed: false });
    let again = booth.frame("1", &session, "nobody").await.unwrap();
    assert_eq!(again, Frame::Next { prompt: second, taken: 1, replayed: true }, "a repeat looks at no picture");
    booth.frame("2", &session, &doing(second)).await.unwrap();
    let Frame::Enrolled(enrolled) = booth.frame("3", &session, &doing(third)).await.unwrap() else {
        panic!("three frames enrol");
    };
    let Frame::Enrolled(repeat) = booth.frame("3", &session, "nobody").await.unwrap() else {
        panic!("a repeat is told of the face");
    };
    assert_eq!((repeat.reference, repeat.replayed, enrolled.replayed), (enrolled.reference, true, false));
    let over = booth.frame("4", &session, &doing(first)).await.unwrap_err();
    assert_eq!(over, EnrollFaceError::SessionOver);
    assert_eq!(booth.hub.store().references_of(booth.person).await.unwrap().len(), 1);
    let kept = booth.hub.store().capture_session(session.id).await.unwrap().unwrap();
    assert!(kept.shots.is_empty(), "what was seen on the way is gone");

    let late = booth.session("s2").await;
    booth.clock.jump_ms(SESSION_MS);
    assert_eq!(booth.frame("late", &late, &doing(first)).await.unwrap_err(), EnrollFaceError::SessionOver);
}

#[tokio::test]
async fn expo_14_an_old_photograph_sent_again_and_again_does_not_enrol() {
    let booth = Booth::open().await;
    let session = booth.session("s").await;
    let [first, second, _] = session.prompts;
    booth.frame("1", &session, &doing(first)).await.unwrap();
    for word in ["2", "3", "4"] {
        let repeated = booth.frame(word, &session, &doing(first)).await.unwrap_err();
        assert_eq!(repeated, EnrollFaceError::Frame(FrameRefusal::Repeated));
    }
    let other = Prompt::ALL.into_iter().find(|prompt| !session.prompts.contains(prompt)).unwrap();
    let wrong = booth.frame("5", &session, &doing(other)).await.unwrap_err();
    assert_eq!(wrong, EnrollFaceError::Frame(FrameRefusal::NotFollowed(second)), "a film of something else");
    let another = booth.frame("6", &session, &format!("taro {}", second.word())).await.unwrap_err();
    assert_eq!(another, EnrollFaceError::Frame(FrameRefusal::OtherPerson));
    assert!(booth.hub.store().references_of(booth.person).await.unwrap().is_empty());
    assert!(matches!(booth.frame("7", &session, &doing(second)).await, Ok(Frame::Next { taken: 2, .. })), "it goes on");
}

#[tokio::test]
async fn a_session_is_its_openers_and_ends_after_too_many_frames() {
    let booth = Booth::open().await;
    let session = booth.session("s").await;
    let stranger = KeyRequest { scope: "another device".to_owned(), ..key("1") };
    let picture = doing(Prompt::LookStraight).into_bytes();
    let other = booth.hub.take_frame(stranger, session.id, picture).await.unwrap_err();
    assert_eq!(other, EnrollFaceError::OtherDevice);
    let busy = booth.frame("busy", &session, "a busy engine").await.unwrap_err();
    assert!(matches!(busy, EnrollFaceError::Sample(_)));
    for look in 0..MAX_LOOKS {
        let none = booth.frame(&format!("look {look}"), &session, "nobody").await.unwrap_err();
        assert_eq!(none, EnrollFaceError::Sample(tebura_face::SampleRefusal::NoFace));
    }
    let over = booth.frame("one more", &session, &doing(Prompt::LookStraight)).await.unwrap_err();
    assert_eq!(over, EnrollFaceError::TooManyFrames);
}

#[tokio::test]
async fn expo_13_a_face_that_is_enrolled_again_takes_the_place_of_the_first() {
    let booth = Booth::open().await;
    let first = capture(&booth.hub, booth.person, "hanako").await.unwrap();
    booth.clock.jump_ms(1_000);
    let second = capture(&booth.hub, booth.person, "hanako").await.unwrap();
    let kept = booth.hub.store().references_of(booth.person).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|row| row.id).collect();
    assert_eq!(kept, [second.reference]);
    assert_ne!(first.reference, second.reference);
}

#[tokio::test]
async fn expo_17_nobody_is_enrolled_without_consent_or_after_taking_it_back() {
    let (hub, _, _) = hub();
    let person = hub.register_person(key("taro"), "taro", None).await.unwrap().row.id;
    let unasked = hub.open_capture_session(key("s"), person, false).await.unwrap_err();
    assert_eq!(unasked, EnrollFaceError::ConsentMissing);
    agree(&hub, person, &[AUTHENTICATE]).await;
    let session = hub.open_capture_session(key("s2"), person, false).await.unwrap();
    say(&hub, person, AUTHENTICATE, ConsentState::Withdrawn).await.unwrap();
    let picture = format!("taro {}", session.prompts[0].word()).into_bytes();
    let withdrawn = hub.take_frame(key("1"), session.id, picture).await.unwrap_err();
    assert_eq!(withdrawn, EnrollFaceError::ConsentMissing);
}
