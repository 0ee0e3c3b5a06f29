//! Walks logs, and compares them with signed heads and with the rows that they tell of.

use std::collections::BTreeMap;
use std::iter::Peekable;

use tebura_ledger::{Shard, Timestamp};

use super::{Entry, Head, Link, Log, Record, SignedHead};
use crate::ports::ReadError;

/// What is wrong with a log: the first entry that is, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("shard {shard}: entry {seq} is missing; the log goes on with {found}: restore it from a backup", shard = shard.number())]
    Missing { shard: Shard, seq: u64, found: u64 },
    #[error("shard {shard}: entry {seq} was changed, or put in, after it was written: restore it from a backup", shard = shard.number())]
    Changed { shard: Shard, seq: u64 },
    #[error("shard {shard}: the log ends with entry {last}, but entry {seq} was signed: entries were cut off", shard = shard.number())]
    CutOff { shard: Shard, last: u64, seq: u64 },
    #[error("shard {shard}: the log says that it has {head} entries, and has {last}: entries were cut off or added", shard = shard.number())]
    HeadDiffers { shard: Shard, head: u64, last: u64 },
    #[error("shard {shard}: up to entry {seq} the log is not the one that was signed: it was written anew", shard = shard.number())]
    Rewritten { shard: Shard, seq: u64 },
    #[error("shard {shard}: the signature of the head at entry {seq} is not of the key {key}: the head was forged, or the key is another", shard = shard.number())]
    Forged { shard: Shard, seq: u64, key: String },
}

/// What an audit found in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries that follow each other, over all shards.
    pub entries: u64,
    /// Signed heads that the log agrees with.
    pub heads: usize,
    /// Rows that are as the log says they were last written.
    pub records: usize,
    /// What no signed head covers yet, by shard: whoever can write to the database could link it anew.
    pub unsigned: Vec<Unsigned>,
}

/// The end of a shard's log that no signed head covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsigned {
    pub shard: Shard,
    /// The first entry that is not covered.
    pub from: u64,
    /// The last entry of the log.
    pub to: u64,
}

/// Why an audit did not end well.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Unread(#[from] ReadError),
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("{name} {id} was changed behind the log's back: restore it from a backup")]
    RecordChanged { name: String, id: String },
    #[error("{name} {id} was removed behind the log's back: restore it from a backup")]
    RecordRemoved { name: String, id: String },
    #[error("{name} {id} was put in behind the log's back: remove it and find out who did it")]
    RecordAdded { name: String, id: String },
    #[error("money does not add up: {0}")]
    Contradiction(String),
}

/// Entries that are read at once.
const PAGE: u16 = 1_000;
/// Records whose rows change in parts, so that the last entry does not tell the whole row.
const IN_PARTS: [&str; 2] = ["person", "pin_tries"];

/// What the log says last of each record: when, and the digests of that moment.
type LastWritten = BTreeMap<(String, String), (Timestamp, Vec<Option<[u8; 32]>>)>;

/// Walks all logs, compares them with the signed heads, and rows with what the log says of them.
///
/// `signed`: heads, from the store and from elsewhere. `is_genuine` says whether a signature is right.
///
/// # Errors
/// [`AuditError`]: the first thing that is not in order.
pub async fn verify(
    log: &dyn Log,
    signed: &[SignedHead],
    is_genuine: &(dyn Fn(&SignedHead) -> bool + Send + Sync),
    now: Timestamp,
) -> Result<Report, AuditError> {
    if let Some(SignedHead { head, key, .. }) = signed.iter().find(|signed| !is_genuine(signed)) {
        return Err(Broken::Forged { shard: head.shard, seq: head.seq, key: key.clone() }.into());
    }
    let mut last = LastWritten::new();
    let mut report = Report::default();
    for head in log.heads(now).await? {
        let mut due: Vec<&Head> =
            signed.iter().map(|signed| &signed.head).filter(|of| of.shard == head.shard).collect();
        due.sort_by_key(|head| head.seq);
        let covered = due.last().map_or(0, |head| head.seq);
        let mut due = due.into_iter().peekable();
        let mut walk = Walk::new(head.shard);
        report.heads += agree(&mut due, &walk)?;
        loop {
            let entries = log.entries(head.shard, walk.seq, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            for (entry, link) in entries {
                walk.take(&entry, link)?;
                report.heads += agree(&mut due, &walk)?;
                if let Entry::Record { record, .. } = entry {
                    note(&mut last, record);
                }
            }
        }
        report.entries += walk.seq;
        if covered < walk.seq {
            report.unsigned.push(Unsigned { shard: head.shard, from: covered + 1, to: walk.seq });
        }
        if let Some(cut) = due.next() {
            return Err(Broken::CutOff { shard: head.shard, last: walk.seq, seq: cut.seq }.into());
        }
        if (head.seq, head.link) != (walk.seq, walk.link) {
            return Err(Broken::HeadDiffers { shard: head.shard, head: head.seq, last: walk.seq }.into());
        }
    }
    report.records = compare(last, log.records().await?)?;
    match log.contradictions().await?.into_iter().next() {
        Some(contradiction) => Err(AuditError::Contradiction(contradiction)),
        None => Ok(report),
    }
}

/// Compares the heads that are due at this place of the walk.
fn agree<'a>(due: &mut Peekable<impl Iterator<Item = &'a Head>>, walk: &Walk) -> Result<usize, Broken> {
    let mut agreed = 0;
    while let Some(head) = due.next_if(|due| due.seq == walk.seq) {
        if head.link != walk.link {
            return Err(Broken::Rewritten { shard: head.shard, seq: head.seq });
        }
        agreed += 1;
    }
    Ok(agreed)
}

/// Keeps what was written last of a record. Shards have no common order: of one millisecond any may be the last.
fn note(last: &mut LastWritten, record: Record) {
    let Record { name, id, digest, at } = record;
    let (latest, digests) = last.entry((name, id)).or_insert_with(|| (at, Vec::new()));
    if at > *latest {
        *latest = at;
        digests.clear();
    }
    if at == *latest {
        digests.push(digest);
    }
}

fn compare(mut last: LastWritten, now: Vec<Record>) -> Result<usize, AuditError> {
    let rows = now.len();
    for Record { name, id, digest, .. } in now {
        match last.remove(&(name.clone(), id.clone())) {
            None => return Err(AuditError::RecordAdded { name, id }),
            Some((_, digests)) if !digests.contains(&digest) => return Err(AuditError::RecordChanged { name, id }),
            Some(_) => {}
        }
    }
    last.retain(|(name, _), (_, digests)| !IN_PARTS.contains(&name.as_str()) && !digests.contains(&None));
    match last.into_keys().next() {
        Some((name, id)) => Err(AuditError::RecordRemoved { name, id }),
        None => Ok(rows),
    }
}

/// Walks the log of one shard, entry by entry, and says at the first that does not follow.
pub struct Walk {
    shard: Shard,
    seq: u64,
    link: Link,
}

impl Walk {
    /// Before the first entry.
    pub fn new(shard: Shard) -> Walk {
        Walk { shard, seq: 0, link: Link::genesis(shard) }
    }

    /// Takes the next entry, with the link that is stored beside it.
    ///
    /// # Errors
    /// [`Broken::Missing`], [`Broken::Changed`].
    pub fn take(&mut self, entry: &Entry, link: Link) -> Result<(), Broken> {
        let (shard, seq) = (self.shard, self.seq + 1);
        if entry.shard() != shard || entry.seq() < seq {
            return Err(Broken::Changed { shard, seq });
        }
        if entry.seq() > seq {
            return Err(Broken::Missing { shard, seq, found: entry.seq() });
        }
        let follows = self.link.then(&entry.text());
        if follows != link {
            return Err(Broken::Changed { shard, seq });
        }
        *self = Walk { shard, seq, link };
        Ok(())
    }

    /// How many entries followed so far, and the link of the last.
    pub fn position(&self) -> (u64, Link) {
        (self.seq, self.link)
    }
}

#[cfg(test)]
mod tests {
    use tebura_ledger::{AccountId, Currency, Event, EventKind, HoldId, Money, OperationId, Status, Uuid};

    use super::*;
    use crate::ports::StoredEvent;

    fn event(seq: u64) -> Entry {
        let id = Uuid::from_u128(u128::from(seq));
        let event = Event {
            kind: EventKind::HoldHeld,
            hold: Some(HoldId::from_uuid(id)),
            operation: Some(OperationId::from_uuid(id)),
            payer: Some(AccountId::from_uuid(id)),
            payee: None,
            request: None,
            amount: Some(Money::new(i64::MAX, Currency::JPY)),
            hold_version: Some(2),
            status: Some(Status::Held),
            at: Timestamp::from_millis(1_700_000_000_000),
        };
        Entry::Event(StoredEvent { shard: Shard::new(3), seq, event })
    }

    fn log(length: u64) -> Vec<(Entry, Link)> {
        let mut link = Link::genesis(Shard::new(3));
        (1..=length)
            .map(|seq| {
                link = link.then(&event(seq).text());
                (event(seq), link)
            })
            .collect()
    }

    fn walk(log: &[(Entry, Link)]) -> Result<u64, Broken> {
        let mut walk = Walk::new(Shard::new(3));
        log.iter().try_for_each(|(event, link)| walk.take(event, *link))?;
        Ok(walk.position().0)
    }

    #[test]
    fn an_entry_reads_as_canonical_json() {
        assert_eq!(
            event(1).text(),
            concat!(
                r#"{"amount":"9223372036854775807","at":1700000000000,"currency":"JPY","#,
                r#""hold":"hold_00000000000000000000000000000001","hold_version":2,"kind":"hold.held","#,
                r#""operation":"op_00000000000000000000000000000001","#,
                r#""payer":"acct_00000000000000000000000000000001","seq":1,"shard":3,"status":"held"}"#
            )
        );
        let value: serde_json::Value = serde_json::from_str(&event(1).text()).unwrap();
        assert_eq!(event(1).text(), serde_json_canonicalizer::to_string(&value).unwrap());
    }

    fn tamper(entry: &mut Entry) {
        let Entry::Event(stored) = entry else { panic!("the log has events only") };
        stored.event.hold_version = Some(3);
    }

    #[test]
    fn a_record_reads_as_canonical_json() {
        let record = Record {
            name: "plugin_value".to_owned(),
            id: "wallet \"月\"".to_owned(),
            digest: Some([0xab; 32]),
            at: Timestamp::from_millis(7),
        };
        let text = Entry::Record { shard: Shard::new(0), seq: 2, record }.text();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["id"], "wallet \"月\"");
        assert_eq!(text, serde_json_canonicalizer::to_string(&value).unwrap());
    }

    #[test]
    fn the_first_entry_that_does_not_follow_is_named() {
        let shard = Shard::new(3);
        assert_eq!(walk(&log(9)), Ok(9));

        let mut changed = log(9);
        tamper(&mut changed[4].0);
        assert_eq!(walk(&changed), Err(Broken::Changed { shard, seq: 5 }));

        let mut relinked = log(9);
        tamper(&mut relinked[4].0);
        relinked[4].1 = relinked[3].1.then(&relinked[4].0.text());
        assert_eq!(walk(&relinked), Err(Broken::Changed { shard, seq: 6 }));

        let mut missing = log(9);
        missing.remove(6);
        assert_eq!(walk(&missing), Err(Broken::Missing { shard, seq: 7, found: 8 }));

        let mut twice = log(9);
        twice.insert(3, twice[2].clone());
        assert_eq!(walk(&twice), Err(Broken::Changed { shard, seq: 4 }));

        let mut swapped = log(9);
        swapped.swap(1, 2);
        assert_eq!(walk(&swapped), Err(Broken::Missing { shard, seq: 2, found: 3 }));
    }

    #[test]
    fn another_shards_log_is_another_log() {
        let link = Link::genesis(Shard::new(4)).then(&event(1).text());
        assert!(Walk::new(Shard::new(3)).take(&event(1), link).is_err());
    }
}
