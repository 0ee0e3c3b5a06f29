//! Keeps the Individual Number (個人番号) out: twelve digits whose last one checks the others. Nothing else is known of it
//! here, and no use of it is meant.

use std::borrow::Cow;

use serde_json::Value;

/// Digits of an Individual Number.
const DIGITS: usize = 12;
/// How cards and forms group them.
const GROUP: usize = 4;
/// Amounts of money may have twelve digits, and are no text that people write numbers into.
const AMOUNTS: [&str; 3] = ["amount", "minor", "max"];

/// Whether some text, number or name in a JSON value reads as an Individual Number. One in eleven of all other numbers of
/// twelve digits does; numbers under a name that says `amount`, `minor` or `max` are left alone.
pub fn is_in_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => is_in(&number.to_string()),
        Value::String(text) => is_in(text),
        Value::Array(items) => items.iter().any(is_in_json),
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let is_amount = value.is_number() && AMOUNTS.iter().any(|word| name.contains(word));
            is_in(name) || (!is_amount && is_in_json(value))
        }),
    }
}

/// Whether a text holds one: twelve digits together or in three groups, ASCII or full-width, as a word of their own. What
/// stands beside a letter or another digit, as in an id, is another word.
pub fn is_in(text: &str) -> bool {
    spans(text).next().is_some()
}

/// The text with every digit of such numbers hidden, for logs.
pub fn hidden(text: &str) -> Cow<'_, str> {
    let spans: Vec<(usize, usize)> = spans(text).collect();
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let within = |at: usize| spans.iter().any(|(from, until)| (*from..*until).contains(&at));
    let mask = |(at, c): (usize, char)| if digit(c).is_some() && within(at) { '•' } else { c };
    Cow::Owned(text.char_indices().map(mask).collect())
}

/// Where they begin and end, in bytes.
fn spans(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut rest = text.char_indices().peekable();
    let mut before = None;
    std::iter::from_fn(move || {
        loop {
            let (from, first) = rest.next()?;
            let starts = digit(first).is_some() && !before.is_some_and(is_word);
            before = Some(first);
            if !starts {
                continue;
            }
            let mut run = vec![digit(first)?];
            let (mut groups, mut last, mut until) = (vec![1_usize], first, from + first.len_utf8());
            while let Some((at, c)) = rest.peek().copied() {
                if let Some(digit) = digit(c) {
                    run.push(digit);
                    match groups.last_mut() {
                        Some(group) if !is_gap(last) => *group += 1,
                        Some(_) | None => groups.push(1),
                    }
                    until = at + c.len_utf8();
                } else if !is_gap(c) || is_gap(last) {
                    break;
                }
                last = c;
                rest.next();
            }
            before = Some(last);
            let ends = is_gap(last) || !rest.peek().is_some_and(|(_, c)| is_word(*c));
            let grouped = groups.len() == 1 || groups == [GROUP; DIGITS / GROUP];
            if ends && grouped && checks(&run) {
                return Some((from, until));
            }
        }
    })
}

/// ASCII and full-width digits.
fn digit(character: char) -> Option<u32> {
    match character {
        '0'..='9' => Some(u32::from(character) - u32::from('0')),
        '０'..='９' => Some(u32::from(character) - u32::from('０')),
        _ => None,
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || digit(character).is_some()
}

fn is_gap(character: char) -> bool {
    matches!(character, ' ' | '-' | '\u{3000}' | '\u{2010}'..='\u{2015}' | '\u{ff0d}')
}

/// The check digit of the ordinance on the Individual Number (平成26年総務省令第85号, article 5): the eleven digits before it,
/// counted from the right, have the weights 2 to 7 and then 2 to 6; a rest of 0 or 1 gives 0.
fn checks(run: &[u32]) -> bool {
    let Some((last, digits)) = run.split_last().filter(|_| run.len() == DIGITS) else { return false };
    let weights = (2..=7).chain(2..=6);
    let sum: u32 = digits.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
    let rest = sum % 11;
    *last == if rest <= 1 { 0 } else { 11 - rest }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Made up: eleven digits of a row, and the digit that checks them.
    const NUMBER: &str = "123456789018";

    #[test]
    fn the_check_digit_is_the_ordinances() {
        // 1·6+2·5+3·4+4·3+5·2+6·7+7·6+8·5+9·4+0·3+1·2 = 212 = 19·11 + 3, and 11 − 3 = 8.
        let found: Vec<String> =
            (0..10).map(|last| format!("12345678901{last}")).filter(|number| is_in(number)).collect();
        assert_eq!(found, [NUMBER]);
        // A rest of 1 gives 0, and so does a rest of 0.
        assert!(is_in("000000000060") && is_in("000000000000"));
    }

    #[test]
    fn it_is_found_however_people_write_it() {
        let wide: String = NUMBER.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for text in [NUMBER, "1234 5678 9018", "番号は1234-5678-9018です", "(123456789018)", " 123456789018.", &wide]
        {
            assert!(is_in(text), "{text}");
            assert!(is_in_json(&json!({ "a": [text] })), "{text}");
            assert!(!is_in(&hidden(text)), "{}", hidden(text));
        }
        assert!(is_in_json(&json!({ NUMBER: 1 })) && is_in_json(&json!({ "number": 123_456_789_018_u64 })));
        assert_eq!(hidden("a 1234-5678-9018, b 12"), "a ••••-••••-••••, b 12");
    }

    #[test]
    fn ids_amounts_and_other_numbers_pass() {
        for text in [
            "123456789017",
            "1234567890187",
            "1767225600000",
            "090-1234-5678",
            "",
            "pay_0190f123456789018abc",
            "a123456789018",
            "123456789018z",
            "12345678-9018-4a5b-8c9d-123456789018a",
            "12 34 56 78 90 18",
        ] {
            assert!(!is_in(text), "{text}");
        }
        assert!(!is_in_json(&json!({ "amount": 123_456_789_018_u64, "max_amount": 123_456_789_018_u64 })));
        assert!(is_in_json(&json!({ "amount": NUMBER })));
    }
}
