//! A device that had no network: its log counts once, in order, and only as it was signed.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_ledger::instant::rfc3339;

use super::desk::{Town, output, town_where};
use crate::ids::{MerchantId, PartyId, PartyKeyId};
use crate::parties::NewPartyKey;
use crate::ports::Caller;
use crate::services::{OfflineError, ServiceError, Taken, TakenOutcome, link_after};
use crate::statements::SignedStatement;
use crate::statements::jws::sign;
use crate::tests::world::key;

const TODAY_MS: i64 = 1_790_000_000_000;
pub(super) const HOUR_MS: i64 = 3_600_000;

/// A shelter's device, and the log that it keeps.
pub(super) struct Device {
    pub(super) town: Town,
    pub(super) party: PartyId,
    private: SigningKey,
    pub(super) kid: PartyKeyId,
    pub(super) log: Vec<SignedStatement>,
}

impl Device {
    pub(super) async fn open() -> Device {
        let town = town_where(None).await;
        town.clock.jump_ms(TODAY_MS);
        let party = town.hub.register_party(key("device"), "東小学校", Some(town.merchant)).await.unwrap().row.id;
        let private = SigningKey::from_bytes(&[5; 32]);
        let public_key = private.verifying_key().to_bytes();
        let new = NewPartyKey { party, public_key, valid_from: None, valid_until: None, replaces: None };
        let body = b"{}".to_vec();
        let proof = SignedStatement { signature: sign(&private, None, &body), body };
        let kid = town.hub.register_party_key(&Caller::Operator, key("key"), new, &proof).await.unwrap().row.id;
        town.clock.jump_ms(10 * HOUR_MS);
        Device { town, party, private, kid, log: Vec::new() }
    }

    fn entry(&self, said: Value) -> SignedStatement {
        let mut body = json!({
            "service": "north", "device": self.party.to_string(), "number": self.log.len() + 1,
            "before": link_after(self.log.last()), "at": rfc3339(self.town.hub.now().plus_ms(-HOUR_MS)),
            "action": "visit", "input": {"do": ["count", "done"]},
        });
        body.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        self.sign(&body)
    }

    pub(super) fn sign(&self, body: &Value) -> SignedStatement {
        let body = body.to_string().into_bytes();
        SignedStatement { signature: sign(&self.private, Some(&self.kid.to_string()), &body), body }
    }

    pub(super) fn write(&mut self, said: Value) {
        let entry = self.entry(said);
        self.log.push(entry);
    }

    pub(super) async fn send(&self, entries: &[SignedStatement]) -> (Vec<Taken>, Option<OfflineError>) {
        let caller = Caller::Merchant(self.town.merchant);
        self.town.hub.take_offline(&caller, "north", entries.to_vec()).await
    }

    async fn refused(&self, entry: SignedStatement) -> String {
        let (taken, error) = self.send(&[entry]).await;
        assert!(taken.is_empty());
        error.unwrap().to_string()
    }
}

pub(super) fn asked(taken: &Taken) -> Value {
    match &taken.outcome {
        TakenOutcome::Asked(answer) => output(answer),
        TakenOutcome::Refused(code) => json!({ "refused": code }),
    }
}

#[tokio::test]
async fn shel_4_a_log_that_was_kept_without_a_network_counts_once_however_often_it_is_sent() {
    let mut device = Device::open().await;
    let hanako = device.town.hanako.to_string();
    device.write(json!({"person": hanako, "by": "card"}));
    device.write(json!({"by": "staff"}));
    device.write(json!({"action": "dance"}));
    device.write(json!({"person": hanako, "by": "staff", "attested": {"residence": "17206"}, "action": "resident"}));
    let (taken, error) = device.send(&device.log).await;
    assert_eq!(error, None);
    assert_eq!(
        taken.iter().map(|one| (one.number, one.replayed)).collect::<Vec<_>>(),
        [1, 2, 3, 4].map(|n| (n, false))
    );
    let happened = device.town.hub.now().plus_ms(-HOUR_MS).millis().to_string();
    assert_eq!(asked(&taken[0])["knows"], json!([["rail", crate::tests::world::RAIL], ["happened_at", happened]]));
    assert_eq!(asked(&taken[2]), json!({"refused": "action.not_found"}), "the log goes on behind it");
    assert_eq!(asked(&taken[3])["claims"], 1);

    let (again, error) = device.send(&device.log).await;
    assert_eq!(error, None);
    assert!(again.iter().all(|one| one.replayed));
    assert_eq!(again.iter().map(asked).collect::<Vec<_>>(), taken.iter().map(asked).collect::<Vec<_>>());

    // Later, from where it stopped.
    device.write(json!({"by": "staff"}));
    let (more, error) = device.send(&device.log[4..]).await;
    assert_eq!((more.len(), more[0].replayed, error), (1, false, None));
}

#[tokio::test]
async fn shel_4_a_log_that_forks_or_leaves_one_out_goes_no_further() {
    let mut device = Device::open().await;
    device.write(json!({"by": "staff"}));
    let instead = device.entry(json!({"by": "qr"}));
    device.write(json!({"by": "staff"}));
    device.write(json!({"by": "staff"}));
    let gap = device.refused(device.log[1].clone()).await;
    assert_eq!(gap, "entry 2 comes after one that was never taken; send from entry 1 on");
    assert_eq!(device.send(&device.log[..1]).await.1, None);

    // The device was restored from a copy and wrote another second entry.
    let fork = device.entry(json!({"number": 2, "before": link_after(Some(&instead)), "by": "qr"}));
    assert!(device.refused(fork).await.contains("entry 2 is not the one that follows"));
    assert_eq!(device.send(&device.log[1..2]).await.1, None);
    let fork = device.entry(json!({"number": 2, "before": link_after(device.log.first()), "by": "qr"}));
    assert!(device.refused(fork).await.contains("two logs were kept"));
    let first = device.entry(json!({"number": 1, "before": link_after(None), "by": "qr"}));
    assert!(device.refused(first).await.contains("entry 1 is not the one"));

    // What holds goes on, up to what does not.
    let (taken, error) = device.send(&[device.log[2].clone(), device.log[2].clone(), instead]).await;
    assert_eq!(taken.iter().map(|one| one.replayed).collect::<Vec<_>>(), [false, true]);
    assert!(matches!(error, Some(OfflineError::Forked { number: 2 })), "{error:?}");
}

#[tokio::test]
async fn an_entry_counts_only_as_its_device_signed_it() {
    let device = Device::open().await;
    let good = device.entry(json!({"by": "staff"}));
    let changed = SignedStatement { body: [good.body.clone(), b" ".to_vec()].concat(), ..good.clone() };
    assert!(device.refused(changed).await.contains("does not fit"));
    let unsigned = SignedStatement { signature: String::new(), ..good.clone() };
    assert!(device.refused(unsigned).await.contains("header..signature"));
    let tomorrow = json!({"at": rfc3339(device.town.hub.now().plus_ms(24 * HOUR_MS))});
    assert!(device.refused(device.entry(tomorrow)).await.contains("which is not yet"));
    let before_the_key = json!({"at": rfc3339(device.town.hub.now().plus_ms(-11 * HOUR_MS))});
    assert!(device.refused(device.entry(before_the_key)).await.contains("does not count for this device"));
    for (wrong, expected) in [
        (json!({"service": "south"}), "it is for another service"),
        (json!({"number": 0}), "numbers begin at 1"),
        (json!({"at": "yesterday"}), "`at` is no time"),
        (json!({"device": "me"}), "`device` is no party's id"),
        (json!({"mood": "good"}), "unknown field `mood`"),
    ] {
        let said = device.refused(device.entry(wrong)).await;
        assert!(said.contains(expected), "{said}");
    }

    // Of another merchant, or to somebody else's service.
    let hub = &device.town.hub;
    let other = hub.create_merchant(key("other"), "他市", true, tebura_ledger::Currency::JPY).await.unwrap().row.id;
    let theirs = hub.register_party(key("theirs"), "西小学校", Some(other)).await.unwrap().row.id;
    let not_ours = device.refused(device.entry(json!({"device": theirs.to_string()}))).await;
    assert!(not_ours.contains("is not one of the service's merchant"), "{not_ours}");
    let caller: MerchantId = other;
    let (_, error) = hub.take_offline(&Caller::Merchant(caller), "north", vec![good.clone()]).await;
    let error = error.unwrap();
    assert!(
        matches!(&error, OfflineError::Service { error, .. } if matches!(**error, ServiceError::ServiceNotFound(_))),
        "{error:?}"
    );
    assert!(matches!(device.send(&[]).await.1, Some(OfflineError::Count)));

    // Stolen: whatever time it claims.
    hub.revoke_party_key(&Caller::Operator, device.party, device.kid).await.unwrap();
    assert!(device.refused(good).await.contains("signed with a key that was revoked"));
}
