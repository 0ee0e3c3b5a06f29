//! Parties and their keys, as they were written and as they ended.

use tebura_hub::ids::{MerchantId, PartyId, PartyKeyId};
use tebura_hub::parties::{Party, PartyKey, PartyWrite};
use tebura_hub::ports::Write;

use super::ground::{Ground, LATER, NOW};

pub(super) async fn a_party_and_its_keys_are_read_back(ground: &Ground) {
    let merchant = Some(MerchantId::from_uuid(ground.uuid(0)));
    let party = Party { id: PartyId::from_uuid(ground.uuid(1)), label: "検針".to_owned(), merchant, created_at: NOW };
    let other = Party { id: PartyId::from_uuid(ground.uuid(2)), merchant: None, ..party.clone() };
    let key = |shard, party: &Party, valid_until| PartyKey {
        id: PartyKeyId::from_uuid(ground.uuid(shard)),
        party: party.id,
        public_key: [shard; 32],
        valid_from: NOW,
        valid_until,
        revoked_at: None,
    };
    let keys = [key(1, &party, None), key(3, &party, Some(LATER)), key(2, &other, None)];
    let parties = [&party, &other].map(|party| Write::Party(PartyWrite::Party(party.clone())));
    ground.write(1, parties.to_vec()).await.unwrap();
    for key in &keys {
        ground.write(key.id.shard().number(), vec![Write::Party(PartyWrite::Key(key.clone()))]).await.unwrap();
    }
    let store = &ground.store;
    assert_eq!(store.party(party.id).await.unwrap(), Some(party.clone()));
    assert_eq!(store.party(other.id).await.unwrap(), Some(other.clone()));
    assert_eq!(store.party_key(keys[1].id).await.unwrap(), Some(keys[1].clone()));
    assert_eq!(store.party_keys(party.id).await.unwrap(), keys[..2]);
    assert_eq!(store.party_keys(other.id).await.unwrap(), keys[2..]);

    let nobody = PartyId::from_uuid(ground.uuid(1));
    assert_eq!(store.party(nobody).await.unwrap(), None);
    assert_eq!(store.party_key(PartyKeyId::from_uuid(ground.uuid(1))).await.unwrap(), None);
    assert!(store.party_keys(nobody).await.unwrap().is_empty());
}

pub(super) async fn a_replacement_and_a_revocation_leave_each_other_alone(ground: &Ground) {
    let key = PartyKey {
        id: PartyKeyId::from_uuid(ground.uuid(1)),
        party: PartyId::from_uuid(ground.uuid(1)),
        public_key: [7; 32],
        valid_from: NOW,
        valid_until: Some(LATER),
        revoked_at: None,
    };
    let write = async |write| ground.write(1, vec![Write::Party(write)]).await.unwrap();
    let read = async || ground.store.party_key(key.id).await.unwrap().unwrap();
    write(PartyWrite::Key(key.clone())).await;
    // A replacement never makes a key count longer.
    write(PartyWrite::Replaced { key: key.id, at: LATER.plus_ms(1) }).await;
    assert_eq!(read().await, key);
    tokio::join!(
        write(PartyWrite::Revoked { key: key.id, at: NOW.plus_ms(5) }),
        write(PartyWrite::Replaced { key: key.id, at: NOW.plus_ms(9) }),
    );
    let ended = PartyKey { valid_until: Some(NOW.plus_ms(9)), revoked_at: Some(NOW.plus_ms(5)), ..key.clone() };
    assert_eq!(read().await, ended);
    write(PartyWrite::Key(key.clone())).await;
    assert_eq!(read().await, ended);
}
