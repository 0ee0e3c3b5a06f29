//! The inbox in memory.

use std::collections::{BTreeMap, BTreeSet};

use tebura_ledger::{OperationId, RailId, Timestamp};

use super::{Notice, NoticeKey, NoticeWrite};

/// One map a table.
#[derive(Default)]
pub(crate) struct NoticeTables {
    inbox: BTreeMap<NoticeKey, Notice>,
    named: BTreeSet<(RailId, String, OperationId)>,
}

impl NoticeTables {
    pub(crate) fn write(&mut self, write: NoticeWrite) {
        match write {
            NoticeWrite::Kept(notice) => {
                let over = self.inbox.get(&notice.key).is_some_and(|row| row.due_at.is_none());
                if !over {
                    self.inbox.insert(notice.key.clone(), notice);
                }
            }
            NoticeWrite::Forgotten { before } => {
                self.inbox.retain(|_, row| row.due_at.is_some() || row.at >= before);
            }
            NoticeWrite::Named { rail, reference, operation } => {
                self.named.insert((rail, reference, operation));
            }
        }
    }

    pub(crate) fn find(&self, key: &NoticeKey) -> Option<Notice> {
        self.inbox.get(key).cloned()
    }

    pub(crate) fn due(&self, now: Timestamp, limit: u16) -> Vec<Notice> {
        let due = |row: &&Notice| row.due_at.is_some_and(|due| due <= now);
        let mut rows: Vec<Notice> = self.inbox.values().filter(due).cloned().collect();
        rows.sort_by_key(|row| (row.due_at, row.key.clone()));
        rows.truncate(usize::from(limit));
        rows
    }

    pub(crate) fn named(&self, rail: &RailId, reference: &str) -> Vec<OperationId> {
        let of = |row: &&(RailId, String, OperationId)| row.0 == *rail && row.1 == reference;
        self.named.iter().filter(of).map(|row| row.2).collect()
    }
}
