//! Rows by id, which of them changed since they were last taken, and how to put one back.

use std::collections::BTreeMap;

use crate::changes::Change;

/// Rows of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows<K, T> {
    rows: BTreeMap<K, T>,
    /// Changed rows; true for one that was never loaded.
    dirty: BTreeMap<K, bool>,
}

/// A row and its mark as they were before a change.
pub(crate) struct Was<K, T> {
    key: K,
    row: Option<T>,
    dirty: Option<bool>,
}

impl<K: Ord + Copy, T: Clone> Rows<K, T> {
    pub(crate) fn new() -> Self {
        Self { rows: BTreeMap::new(), dirty: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: K) -> Option<&T> {
        self.rows.get(&key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// Puts in a row that the store has, unless the book has it already.
    pub(crate) fn load(&mut self, key: K, row: T) {
        self.rows.entry(key).or_insert(row);
    }

    /// Puts in a changed row.
    pub(crate) fn put(&mut self, key: K, row: T) -> Was<K, T> {
        let was = self.rows.insert(key, row);
        let dirty = self.dirty.get(&key).copied();
        self.dirty.entry(key).or_insert(was.is_none());
        Was { key, row: was, dirty }
    }

    /// Takes a change back.
    pub(crate) fn put_back(&mut self, was: Was<K, T>) {
        match was.row {
            Some(row) => self.rows.insert(was.key, row),
            None => self.rows.remove(&was.key),
        };
        match was.dirty {
            Some(is_new) => self.dirty.insert(was.key, is_new),
            None => self.dirty.remove(&was.key),
        };
    }

    /// The changed rows in key order; afterwards none counts as changed.
    pub(crate) fn take_changes(&mut self) -> Vec<Change<T>> {
        core::mem::take(&mut self.dirty)
            .into_iter()
            .filter_map(|(key, is_new)| self.rows.get(&key).map(|row| Change { row: row.clone(), is_new }))
            .collect()
    }
}
