//! Ids in text and their shard.

use crate::{AccountId, HoldId, IdError, OperationId, RailId, RailIdError, Shard, Timestamp, Uuid};

#[test]
fn an_id_reads_back_what_it_wrote() {
    let id = HoldId::from_uuid(Uuid::from_u128(0x0192_6a3c_7e4d_7b11_9c22_1234_5678_90fe));
    assert_eq!(id.to_string(), "hold_01926a3c7e4d7b119c221234567890fe");
    assert_eq!(format!("{id:?}"), "hold_01926a3c7e4d7b119c221234567890fe");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(id.shard(), Shard::new(0xfe));
}

#[test]
fn an_id_of_another_kind_is_refused() {
    let text = "hold_01926a3c7e4d7b119c221234567890fe";
    assert_eq!(text.parse::<AccountId>(), Err(IdError::WrongPrefix { expected: "acct_" }));
    assert_eq!("".parse::<OperationId>(), Err(IdError::WrongPrefix { expected: "op_" }));
}

#[test]
fn only_one_spelling_of_an_id_is_accepted() {
    for digits in [
        "",
        "01926a3c7e4d7b119c221234567890f",
        "01926a3c7e4d7b119c221234567890fe0",
        "01926A3C7E4D7B119C221234567890FE",
        "01926a3c-7e4d-7b11-9c22-1234567890fe",
        "{1926a3c7e4d7b119c221234567890fe}",
        "01926a3c7e4d7b119c221234567890f\u{e9}",
        " 1926a3c7e4d7b119c221234567890fe",
    ] {
        let read = format!("hold_{digits}").parse::<HoldId>();
        assert_eq!(read, Err(IdError::Malformed { expected: "hold_" }), "{digits}");
    }
}

#[test]
fn ids_sort_by_their_bytes() {
    let low = HoldId::from_uuid(Uuid::from_u128(1));
    let high = HoldId::from_uuid(Uuid::from_u128(2));
    assert!(low < high);
}

#[test]
fn a_rail_has_a_plain_name() {
    for name in ["house", "wallet", "my-number.v2", "a", "7pay", &"x".repeat(64)] {
        assert_eq!(RailId::new(name).unwrap().as_str(), name);
    }
    for name in ["", "-x", ".x", "House", "a b", "a/b", "財布", &"x".repeat(65)] {
        assert_eq!(RailId::new(name), Err(RailIdError), "{name}");
    }
}

#[test]
fn time_stays_in_its_range() {
    let last = Timestamp::from_millis(i64::MAX);
    assert_eq!(last.plus_ms(1), last);
    assert_eq!(last.since_ms(Timestamp::from_millis(-1)), i64::MAX);
    assert_eq!(Timestamp::from_millis(7).since_ms(Timestamp::from_millis(10)), -3);
}
