//! `/v1/events`: what happened, in order, as often as one likes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tebura_hub::sites::Scope;
use tebura_ledger::Shard;

use super::holds::limit_of;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::Asked;
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{EventBody, EventListBody, ListQuery};

/// Events of the merchant's holds after a cursor. `next` is always there: poll with it, nothing is missed.
///
/// Events of one hold come in the order of `hold_version`; between holds there is no order to rely on.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    params(ListQuery),
    responses(
        (status = 200, description = "A page", body = EventListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_events(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<EventListBody>, Problem> {
    principal.may(Scope::Read)?;
    let limit = limit_of(&query)?;
    let mut read = match &query.after {
        Some(cursor) => positions(cursor).ok_or_else(malformed)?,
        None => BTreeMap::new(),
    };
    let after: Vec<_> = read.iter().map(|(shard, seq)| (*shard, *seq)).collect();
    let events = app.hub.store().events(&principal.caller(), &after, limit).await?;
    for event in &events {
        let seq = read.entry(event.shard).or_insert(event.seq);
        *seq = event.seq.max(*seq);
    }
    Ok(Json(EventListBody { items: events.iter().map(EventBody::from).collect(), next: cursor(&read) }))
}

pub(super) fn malformed() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "request.cursor_malformed",
        "Give `after` the `next` of an earlier page, unchanged, or leave it out to start at the beginning.",
    )
}

/// How far each shard was read, as one opaque word: shard and sequence by turns, the sequence seven bits a byte.
pub(super) fn cursor(read: &BTreeMap<Shard, u64>) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    for (shard, seq) in read {
        bytes.push(shard.number());
        let mut rest = *seq;
        while rest >= 0x80 {
            bytes.push((rest as u8 & 0x7f) | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

const CURSOR_VERSION: u8 = 1;

pub(super) fn positions(cursor: &str) -> Option<BTreeMap<Shard, u64>> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let mut rest = bytes.strip_prefix(&[CURSOR_VERSION])?.iter();
    let mut read = BTreeMap::new();
    while let Some(shard) = rest.next() {
        let mut seq = 0_u64;
        for place in 0.. {
            let byte = *rest.next()?;
            let bits = u64::from(byte & 0x7f);
            seq |= bits.checked_shl(place * 7).filter(|shifted| shifted >> (place * 7) == bits)?;
            if byte & 0x80 == 0 {
                break;
            }
        }
        read.insert(Shard::new(*shard), seq).is_none().then_some(())?;
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        for read in [
            BTreeMap::new(),
            BTreeMap::from([(Shard::new(0), 1), (Shard::new(255), u64::MAX), (Shard::new(7), 127)]),
            BTreeMap::from([(Shard::new(3), 0), (Shard::new(4), 128), (Shard::new(5), 1 << 40)]),
        ] {
            assert_eq!(positions(&cursor(&read)), Some(read));
        }
    }

    #[test]
    fn a_word_that_is_no_cursor_is_none() {
        let cut = URL_SAFE_NO_PAD.encode([1, 3, 0x80]);
        let twice = URL_SAFE_NO_PAD.encode([1, 3, 1, 3, 2]);
        let endless = URL_SAFE_NO_PAD.encode([[1, 3].as_slice(), &[0xff; 12]].concat());
        let other = URL_SAFE_NO_PAD.encode([2]);
        for word in ["", "é", "AAAA", &cut, &twice, &endless, &other] {
            assert_eq!(positions(word), None, "{word}");
        }
    }
}
