//! Both ways: what is a card number however it is written, and what only looks like one.

use super::{holds_card_number, holds_card_number_encoded, is_like_a_card_number, mask};

/// The test numbers that schemes and acquirers publish.
const NUMBERS: [&str; 22] = [
    "4242424242424242",
    "4111111111111111",
    "4012888888881881",
    "4000002500003155",
    "4222222222222",
    "4000000000000000006",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "3566002020360505",
    "3530111333300000",
    "30569309025904",
    "38520000023237",
    "36227206271667",
    "6011111111111117",
    "6200000000000005",
    "6205500000000000004",
    "6304000000000000",
    "5018000000000009",
    "8171999927660000",
];

#[test]
fn published_numbers_are_found_however_they_are_written() {
    for number in NUMBERS {
        let wide: String = number.chars().map(|digit| char::from_u32(digit as u32 + 0xfee0).unwrap()).collect();
        for text in [
            number.to_owned(),
            format!("card: {number}."),
            format!("{{\"note\":\"{number}\"}}"),
            format!("{{\"note\":{number},\"x\":1}}"),
            format!("PAN{number}"),
            format!("{number}円"),
            format!("カード番号は{number}です"),
            format!("a_{number}_b"),
            format!("/v1/holds/{number}"),
            format!("1234 {number}"),
            wide,
        ] {
            assert!(holds_card_number(&text), "{text}");
        }
    }
    for text in [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242\u{2010}4242\u{2010}4242\u{2010}4242",
        "4242\u{3000}4242\u{3000}4242\u{3000}4242",
        "3782 822463 10005",
        "3056 930902 5904",
        "my card is 4242 4242 4242 4242 thanks",
        "exp 12 4242 4242 4242 4242 123",
        "6205 5000 0000 0000 004",
    ] {
        assert!(holds_card_number(text), "{text}");
    }
    assert!(holds_card_number_encoded("note=4242+4242+4242+4242"));
    assert!(holds_card_number_encoded("note=4242%204242%204242%204242"));
    assert!(holds_card_number_encoded("note=%34%32%34242424242424242"));
}

#[test]
fn what_only_looks_like_one_is_left_alone() {
    let times = (0..2_000_u64).map(|second| (1_763_821_910_000 + second * 1_001).to_string());
    for time in times {
        assert!(!holds_card_number(&time), "milliseconds {time}");
        assert!(!holds_card_number(format!("{time}123")), "microseconds {time}");
        assert!(!holds_card_number(format!("{time}123456")), "nanoseconds {time}");
    }
    for text in [
        "",
        "4242424242424241",
        "424242424242",
        "42424242424242424242",
        "op_4242424242424242abcdef0123456789",
        "a4242424242424242",
        "019aab3c-4242-4242-8424-242424242424",
        "42424242-4242-4242-4242-424242424242",
        "pm_1N4242424242424242Xy7",
        "0.4242424242424242",
        "12.4242424242424242",
        "4242424242424242.5",
        "9223372036854775807",
        "4,242,424,242,424,242",
        "4242, 4242, 4242, 4242",
        "2026-11-22 14:31:50",
        "+81 3 1234 5678 9012",
        "1111111111111117",
        "9999999999999995",
        "0000000000000000",
        // A JAN code that passes the check of Luhn as well.
        "4901234567894",
        "4512345678906",
    ] {
        assert!(!holds_card_number(text), "{text}");
    }
}

#[test]
fn every_article_number_of_japan_passes() {
    for article in 0..20_000_u64 {
        for prefix in [45, 49] {
            let body = format!("{prefix}{:010}", article * 7_919);
            let weighed =
                body.bytes().enumerate().map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 3 });
            let check = (10 - weighed.sum::<u32>() % 10) % 10;
            assert!(!holds_card_number(format!("{body}{check}")), "{body}{check}");
        }
    }
}

#[test]
fn ids_digests_and_encoded_bytes_pass() {
    let mut random = fastrand::Rng::with_seed(7);
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for _ in 0..2_000 {
        let hex: String = (0..32).map(|_| char::from(b"0123456789abcdef"[random.usize(..16)])).collect();
        // All decimal is one in three million.
        assert!(!holds_card_number(format!("hold_{hex}")) || hex.bytes().all(|byte| byte.is_ascii_digit()), "{hex}");
        let base64: String = (0..1_000).map(|_| char::from(alphabet[random.usize(..64)])).collect();
        assert!(!holds_card_number(&base64), "{base64}");
        let bytes: Vec<u8> = (0..1_000).map(|_| random.u8(..)).collect();
        assert!(!holds_card_number(&bytes), "{bytes:?}");
        let fraction = random.f64();
        assert!(!holds_card_number(fraction.to_string()), "{fraction}");
    }
}

#[test]
fn a_token_is_not_like_a_card_number_of_any_issuer() {
    for number in NUMBERS.into_iter().chain(["9999999999999995", "9999 9999 9999 9995", "0000-0000-0000-0000"]) {
        assert!(is_like_a_card_number(number), "{number}");
    }
    for token in ["9999999999999996", "pm_9999999999999995", "hanako", "", "99999", "99999999999999999999995"] {
        assert!(!is_like_a_card_number(token), "{token}");
    }
}

#[test]
fn what_is_found_is_taken_out_and_nothing_else() {
    let text = "paid with 4242 4242 4242 4242, before with PAN4111111111111111; ref op_0123";
    assert_eq!(mask(text), "paid with [card number], before with PAN[card number]; ref op_0123");
    assert_eq!(mask("カード４２４２４２４２４２４２４２４２でした"), "カード[card number]でした");
    assert!(matches!(mask("nothing here"), std::borrow::Cow::Borrowed(_)));
}
