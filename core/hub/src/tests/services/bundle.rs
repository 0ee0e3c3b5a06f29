//! Whom a device may recognise without a network, and what its word about them counts for.

use serde_json::{Value, json};
use tebura_ledger::instant::rfc3339;

use super::desk::output;
use super::offline::{Device, HOUR_MS, asked};
use crate::consent::{AUTHENTICATE, ConsentState};
use crate::ids::PersonId;
use crate::ports::Caller;
use crate::services::{BundleError, OfflineBundle, TakenOutcome};
use crate::statements::SignedStatement;
use crate::tests::faces::{enrol, say};
use crate::tests::world::key;

const RECIPIENT: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

impl Device {
    fn request(&self, said: Value) -> SignedStatement {
        let at = rfc3339(self.town.hub.now());
        let mut body = json!({"service": "north", "device": self.party.to_string(), "recipient": RECIPIENT, "at": at});
        body.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        self.sign(&body)
    }

    async fn bundle(&self, word: &str) -> Result<OfflineBundle, BundleError> {
        self.bundle_of(word, &self.request(json!({}))).await
    }

    async fn bundle_of(&self, word: &str, request: &SignedStatement) -> Result<OfflineBundle, BundleError> {
        self.town.hub.make_offline_bundle(&Caller::Operator, "north", key(word), request).await
    }
}

fn people(bundle: &OfflineBundle) -> Vec<PersonId> {
    bundle.people.iter().map(|one| one.person).collect()
}

#[tokio::test]
async fn shel_4_a_bundle_holds_who_is_in_the_gallery_and_agrees_to_be_found() {
    let device = Device::open().await;
    let (hub, hanako, taro) = (&device.town.hub, device.town.hanako, device.town.taro);
    let elsewhere = hub.create_gallery(key("elsewhere"), "elsewhere").await.unwrap().row.id;
    enrol(hub, "jiro", elsewhere, None).await;
    let bundle = device.bundle("all").await.unwrap();
    let mut both = vec![hanako, taro];
    both.sort();
    assert_eq!((people(&bundle), bundle.expires_at), (both, hub.now().plus_ms(72 * HOUR_MS)));
    let names: Vec<&str> = bundle.people.iter().map(|one| one.masked_name.as_str()).collect();
    assert!(names.contains(&"h＊＊＊＊") && bundle.people.iter().all(|one| one.templates.len() == 1), "{names:?}");
    assert_eq!((bundle.policy.threshold(), bundle.sandbox), (hub.pack().policy.threshold(), true));
    let margin = bundle.policy.margin() - 2.0 * hub.pack().policy.margin();
    assert!(margin.abs() < 1e-6, "no PIN stands beside the face");
    assert!(!format!("{bundle:?}").contains('＊'), "no name in what is logged");

    say(hub, taro, AUTHENTICATE, ConsentState::Withdrawn).await.unwrap();
    assert_eq!(people(&device.bundle("later").await.unwrap()), [hanako]);
    hub.set_bundle_life(HOUR_MS);
    assert_eq!(device.bundle("short").await.unwrap().expires_at, hub.now().plus_ms(HOUR_MS));
    say(hub, hanako, AUTHENTICATE, ConsentState::Withdrawn).await.unwrap();
    assert!(matches!(device.bundle("nobody").await, Err(BundleError::Nobody)));
}

#[tokio::test]
async fn shel_4_a_bundle_is_made_for_the_device_that_signed_and_once_for_a_request() {
    let device = Device::open().await;
    let hub = &device.town.hub;
    let request = device.request(json!({}));
    let first = device.bundle_of("one", &request).await.unwrap();
    device.town.clock.jump_ms(HOUR_MS);
    let again = device.bundle_of("one", &request).await.unwrap();
    assert_eq!((&again.id, again.expires_at), (&first.id, first.expires_at), "the same bundle, with the same end");
    let forged = SignedStatement { body: [request.body.clone(), b" ".to_vec()].concat(), ..request.clone() };
    assert!(matches!(device.bundle_of("forged", &forged).await, Err(BundleError::SignatureWrong)));
    let yesterday = device.request(json!({"at": rfc3339(hub.now().plus_ms(-25 * HOUR_MS))}));
    let early = device.bundle_of("yesterday", &yesterday).await;
    assert!(matches!(early, Err(BundleError::NotNow { .. } | BundleError::KeyUnknown)), "{early:?}");
    for (wrong, expected) in [
        (json!({"service": "south"}), "it is for another service"),
        (json!({"recipient": "AQ"}), "`recipient` is no X25519 key"),
        (json!({"at": "now"}), "`at` is no time"),
        (json!({"mood": "good"}), "unknown field `mood`"),
    ] {
        let refused = device.bundle_of("wrong", &device.request(wrong)).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    let other = hub.create_merchant(key("other"), "他市", true, tebura_ledger::Currency::JPY).await.unwrap().row.id;
    let theirs = hub.register_party(key("theirs"), "西小学校", Some(other)).await.unwrap().row.id;
    let foreign = device.request(json!({"device": theirs.to_string()}));
    assert!(matches!(device.bundle_of("foreign", &foreign).await, Err(BundleError::DeviceNotFound(_))));
    hub.revoke_party_key(&Caller::Operator, device.party, device.kid).await.unwrap();
    assert!(matches!(device.bundle("revoked").await, Err(BundleError::TerminalRevoked)));
}

#[tokio::test]
async fn shel_4_a_face_that_a_bundle_recognised_counts_as_a_face_while_the_bundle_counted() {
    let mut device = Device::open().await;
    let bundle = device.bundle("bundle").await.unwrap().id;
    let at = |device: &Device, hours: i64| rfc3339(device.town.hub.now().plus_ms(hours * HOUR_MS));
    let hanako = device.town.hanako.to_string();
    // The action asks for a face; so far it could not be asked without a network.
    let seen = |at: String, bundle: &str| {
        let who = json!({"person": hanako, "by": "face", "action": "gate", "bundle": bundle, "at": at});
        who.as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| **value != "")
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    device.write(Value::Object(seen(at(&device, 0), &bundle)));
    device.write(Value::Object(seen(at(&device, 0), "")));
    device.write(Value::Object(seen(at(&device, 0), &"0".repeat(32))));
    device.write(Value::Object(seen(at(&device, -1), &bundle)));
    device.write(json!({"person": hanako, "by": "card", "action": "gate", "at": at(&device, 0)}));
    device.town.clock.jump_ms(72 * HOUR_MS);
    device.write(Value::Object(seen(at(&device, 0), &bundle)));
    let (taken, error) = device.send(&device.log).await;
    assert_eq!(error, None);
    let TakenOutcome::Asked(answer) = &taken[0].outcome else { panic!("{taken:?}") };
    assert_eq!(answer.request.asked.recognised_by, ["face"]);
    assert_eq!((answer.request.asked.person, output(answer)["claims"].as_u64()), (Some(device.town.hanako), Some(0)));
    let refused: Vec<Value> = taken[1..].iter().map(|one| asked(one)["refused"].clone()).collect();
    let card = "recognition.way_not_accepted";
    assert_eq!(refused, ["bundle.unknown", "bundle.unknown", "bundle.not_yet", card, "bundle.expired"]);
    let (again, _) = device.send(&device.log).await;
    assert!(again.iter().all(|one| one.replayed));
}
