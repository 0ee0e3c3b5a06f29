//! Keeps the Individual Number (個人番号) out: twelve digits whose last one checks the others. Nothing else is known of it
//! here, and no use of it is meant.

use serde_json::Value;

/// Digits of an Individual Number.
const DIGITS: usize = 12;

/// Whether some text, number or name in a JSON value is an Individual Number, however its digits are grouped or written.
/// One in eleven of all other numbers of twelve digits is taken for one.
pub fn holds_individual_number(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => is_in(&number.to_string()),
        Value::String(text) => is_in(text),
        Value::Array(items) => items.iter().any(holds_individual_number),
        Value::Object(fields) => fields.iter().any(|(name, value)| is_in(name) || holds_individual_number(value)),
    }
}

/// Looks at each run of digits, single spaces and hyphens within it left out.
pub(super) fn is_in(text: &str) -> bool {
    let mut run: Vec<u32> = Vec::new();
    let mut gap = false;
    for character in text.chars().chain(std::iter::once('\n')) {
        if let Some(digit) = digit(character) {
            run.push(digit);
            gap = false;
        } else if is_gap(character) && !gap && !run.is_empty() {
            gap = true;
        } else {
            if checks(&run) {
                return true;
            }
            run.clear();
            gap = false;
        }
    }
    false
}

/// ASCII and full-width digits.
fn digit(character: char) -> Option<u32> {
    match character {
        '0'..='9' => Some(u32::from(character) - u32::from('0')),
        '０'..='９' => Some(u32::from(character) - u32::from('０')),
        _ => None,
    }
}

fn is_gap(character: char) -> bool {
    matches!(character, ' ' | '-' | '\u{3000}' | '\u{2010}'..='\u{2015}' | '\u{ff0d}')
}

/// The check digit of 総務省令第85号, article 5: weights 2 to 7, then 2 to 6, from the right.
fn checks(run: &[u32]) -> bool {
    let Some((last, digits)) = run.split_last().filter(|_| run.len() == DIGITS) else { return false };
    let weight = |place: usize| u32::try_from(if place < 6 { place + 2 } else { place - 4 }).unwrap_or(0);
    let sum: u32 = digits.iter().rev().enumerate().map(|(place, digit)| digit * weight(place)).sum();
    let rest = sum % 11;
    *last == if rest <= 1 { 0 } else { 11 - rest }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Twelve digits with their right check digit.
    fn number() -> String {
        let digits = "12345678901";
        (0..10).map(|last| format!("{digits}{last}")).find(|text| is_in(text)).unwrap()
    }

    #[test]
    fn it_is_found_however_it_is_written() {
        let number = number();
        let (one, two, three) = (&number[..4], &number[4..8], &number[8..]);
        let wide: String = number.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for text in [number.clone(), format!("{one} {two} {three}"), format!("番号は{one}-{two}-{three}です"), wide]
        {
            assert!(holds_individual_number(&json!({"a": [text]})), "{text}");
        }
        assert!(holds_individual_number(&json!({ number.as_str(): 1 })));
        assert!(holds_individual_number(&json!(number.parse::<u64>().unwrap())));
    }

    #[test]
    fn other_numbers_pass() {
        let number = number();
        let wrong = format!("{}{}", &number[..11], (number[11..].parse::<u32>().unwrap() + 1) % 10);
        let longer = format!("{number}7");
        for text in [wrong.as_str(), longer.as_str(), "1767225600000", "090-1234-5678", "", "12345"] {
            assert!(!holds_individual_number(&json!(text)), "{text}");
        }
    }
}
