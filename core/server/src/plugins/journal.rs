//! What was decided about plugins, in order: one line an entry, only appended to, each linked to the one before.
//!
//! The journal is the state: approvals, trusted keys, switches and revocations are read from it at the start. Somebody
//! who may write the file can write all of it anew; the head that the hub logs at its start tells, when it was kept.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tebura_ledger::Timestamp;

use super::binding::Grants;
use crate::hex;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// The operator trusts a key: the text of a keyring.
    Trusted {
        keyring: String,
    },
    /// The operator approved what a plugin asks for.
    Approved {
        plugin: String,
        version: String,
        /// SHA-256, hexadecimal.
        component: String,
        manifest: String,
        powers: Vec<String>,
        grants: Grants,
    },
    Disabled {
        plugin: String,
        reason: String,
    },
    Enabled {
        plugin: String,
    },
    Revoked {
        key: String,
        reason: String,
    },
    /// Nothing new is reserved on a rail.
    RailStopped {
        rail: String,
        reason: String,
    },
    RailResumed {
        rail: String,
    },
    /// A component that never runs again.
    Withdrawn {
        /// SHA-256, hexadecimal.
        component: String,
        reason: String,
    },
}

/// A decision with its place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    seq: u64,
    at: i64,
    decision: Decision,
    /// SHA-256 of the entry before; 64 zeros before the first.
    prev: String,
    /// SHA-256 of this entry without this field.
    hash: String,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error("{} cannot be used ({source}); check the data folder's permissions and space", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// A line that is not what was written.
    #[error("{}: line {line} {what}; restore the file from a backup", path.display())]
    Broken { path: PathBuf, line: usize, what: &'static str },
    /// A digest that no hub wrote.
    #[error("the journal of plugins names {component:?} as a digest; restore the file from a backup")]
    Digest { component: String },
}

/// The open journal.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    seq: u64,
    head: String,
}

/// The file as it lies there; nothing is changed by reading it.
struct Written {
    /// Bytes of the file.
    length: usize,
    /// Bytes up to the end of the last whole line. A crash cuts the line that was being written: nobody was told that it
    /// counts, so it does not.
    whole: usize,
    head: String,
    decisions: Vec<Decision>,
}

impl Written {
    fn read(path: &Path) -> Result<Written, JournalError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(JournalError::File { path: path.to_owned(), source }),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let (mut head, mut decisions) = ("0".repeat(64), Vec::new());
        for (index, line) in text.get(..whole).unwrap_or_default().lines().enumerate() {
            let broken = |what| JournalError::Broken { path: path.to_owned(), line: index + 1, what };
            let entry: Entry = serde_json::from_str(line).map_err(|_| broken("is not an entry"))?;
            if entry.seq != index as u64 + 1 || entry.prev != head {
                return Err(broken("does not follow the one before"));
            }
            if entry.hash != hash(&entry) {
                return Err(broken("was changed"));
            }
            head = entry.hash;
            decisions.push(entry.decision);
        }
        Ok(Written { length: text.len(), whole, head, decisions })
    }
}

/// All decisions, checked that they follow each other. Changes nothing: a hub may be writing meanwhile.
pub(super) fn decisions(path: &Path) -> Result<Vec<Decision>, JournalError> {
    Written::read(path).map(|written| written.decisions)
}

impl Journal {
    /// Reads all decisions, checks that they follow each other, and opens the file for more.
    pub(super) fn open(path: &Path) -> Result<(Journal, Vec<Decision>), JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let Written { length, whole, head, decisions } = Written::read(path)?;
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
        if whole < length {
            tracing::warn!(
                line = decisions.len() + 1,
                "a decision about plugins was cut off by a crash; decide it again"
            );
            file.set_len(whole as u64).and_then(|()| file.sync_data()).map_err(failed)?;
        }
        Ok((Journal { path: path.to_owned(), file, seq: decisions.len() as u64, head }, decisions))
    }

    /// Writes a decision down, durably.
    pub(super) fn append(&mut self, decision: Decision, now: Timestamp) -> Result<(), JournalError> {
        let mut entry =
            Entry { seq: self.seq + 1, at: now.millis(), decision, prev: self.head.clone(), hash: String::new() };
        entry.hash = hash(&entry);
        let failed = |source| JournalError::File { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&entry).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(failed)?;
        (self.seq, self.head) = (entry.seq, entry.hash);
        Ok(())
    }

    /// How many decisions there are, and the hash of the last.
    pub(super) fn head(&self) -> (u64, &str) {
        (self.seq, &self.head)
    }
}

fn hash(entry: &Entry) -> String {
    let bare = Entry { hash: String::new(), ..entry.clone() };
    hex::encode(&Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disabled(reason: &str) -> Decision {
        Decision::Disabled { plugin: "jp.example.x".to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn what_was_decided_is_read_again_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let now = Timestamp::from_millis(1_795_300_000_000);
        let (mut journal, none) = Journal::open(&path).unwrap();
        assert_eq!(none, []);
        journal.append(disabled("one"), now).unwrap();
        journal.append(disabled("two"), now).unwrap();
        let head = journal.head().1.to_owned();
        let (mut journal, found) = Journal::open(&path).unwrap();
        assert_eq!((found, journal.head()), (vec![disabled("one"), disabled("two")], (2, head.as_str())));
        journal.append(disabled("three"), now).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1.len(), 3);
    }

    #[test]
    fn a_line_that_a_crash_cut_is_dropped_and_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let now = Timestamp::from_millis(1_795_300_000_000);
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.append(disabled("one"), now).unwrap();
        let one = std::fs::read_to_string(&path).unwrap();
        journal.append(disabled("two"), now).unwrap();
        let two = std::fs::read_to_string(&path).unwrap();
        for cut in [one.len() + 1, two.len() - 1] {
            std::fs::write(&path, &two[..cut]).unwrap();
            let (mut journal, found) = Journal::open(&path).unwrap();
            assert_eq!(found, [disabled("one")], "cut at {cut}");
            journal.append(disabled("three"), now).unwrap();
            assert_eq!(Journal::open(&path).unwrap().1, [disabled("one"), disabled("three")]);
        }
    }

    #[test]
    fn a_changed_and_a_missing_line_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let now = Timestamp::from_millis(1_795_300_000_000);
        let (mut journal, _) = Journal::open(&path).unwrap();
        for reason in ["one", "two", "three"] {
            journal.append(disabled(reason), now).unwrap();
        }
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        for (text, words) in [
            (whole.replace("two", "2"), "line 2 was changed"),
            (format!("{}\n{}\n", lines[0], lines[2]), "line 2 does not follow the one before"),
            (whole.replace("\"seq\":1", "\"seq\":x"), "line 1 is not an entry"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Journal::open(&path).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}
