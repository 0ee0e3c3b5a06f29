//! The gallery: every enrolled template, once, and the sections of it among which one may look.
//!
//! Everything is done through a shared reference: a search holds one block's lock at a time, and enrolling, admitting and
//! removing go on meanwhile. A search answers for the moment it began.
//! Absent: who the subjects are, the rule that admits them to a section, and the templates themselves: codes are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::block::{BLOCK_ROWS, Block, Coded, Rows};
use crate::rotation::Rotation;
use crate::sketch::LANES;
use crate::template::Template;

/// Templates of many subjects, a subject having one or several.
pub struct Gallery {
    dims: usize,
    rotation: Rotation,
    index: RwLock<Index>,
}

/// What is where. Locked before a block, never after one.
#[derive(Default)]
struct Index {
    blocks: Blocks,
    /// Rows that were freed, across all blocks; those after the last that was ever used are not named.
    free: Vec<usize>,
    used: usize,
    rows_of: BTreeSet<(u128, usize)>,
    /// Subject and section.
    members: BTreeSet<(u128, u128)>,
    sections: BTreeMap<u128, Section>,
    /// How many templates were ever inserted.
    inserted: u64,
}

/// The blocks, shared with the searches that began before the list last grew.
type Blocks = Arc<Vec<Arc<RwLock<Block>>>>;
/// The rows of a section by block, shared with the searches that began before it last changed.
type Section = Arc<BTreeMap<usize, Rows>>;

/// A gallery as it stood when a search began.
pub(crate) struct Snapshot {
    pub(crate) blocks: Blocks,
    /// Nothing for the whole gallery.
    pub(crate) section: Option<Section>,
    /// How many templates had been inserted. A row that was filled later is somebody whom the search must not find: it
    /// may be in no section that the search looks at.
    pub(crate) began: u64,
}

/// Why a template does not go into a gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GalleryError {
    /// The template is of another model than the gallery.
    #[error(
        "the gallery holds templates of {gallery} numbers and this one has {template}: it was made by another model pack, enrol the person again with the installed pack"
    )]
    Dimensions {
        /// Numbers in each of the gallery's templates.
        gallery: usize,
        /// Numbers in the template that was offered.
        template: usize,
    },
}

impl Gallery {
    /// Makes an empty gallery for templates of `dims` numbers, in a space that everybody knows.
    #[must_use]
    pub fn new(dims: usize) -> Self {
        Self::turned(Rotation::known(dims))
    }

    /// Makes an empty gallery whose codes stand in the space of a rotation, so that a copy of this memory fits nothing
    /// elsewhere while nobody has the rotation. Answers are the same.
    #[must_use]
    pub fn turned(rotation: Rotation) -> Self {
        Self { dims: rotation.dims(), rotation, index: RwLock::default() }
    }

    pub(crate) fn rotation(&self) -> &Rotation {
        &self.rotation
    }

    /// Returns how many numbers each template has.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Returns how many templates are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().rows_of.len()
    }

    /// Tells whether no template is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many templates a search of a section compares a probe with.
    #[must_use]
    pub fn section_len(&self, section: u128) -> usize {
        let rows = self.read().sections.get(&section).cloned().unwrap_or_default();
        rows.values().flatten().map(|group| group.count_ones() as usize).sum()
    }

    /// Tells whether the subject has a template here.
    #[must_use]
    pub fn contains(&self, subject: u128) -> bool {
        self.read().rows_of(subject).next().is_some()
    }

    /// Adds one more template of a subject, to every section that she is in.
    ///
    /// # Errors
    /// Refuses a template of another length than the gallery's.
    pub fn insert(&self, subject: u128, template: &Template) -> Result<(), GalleryError> {
        if template.dims() != self.dims {
            return Err(GalleryError::Dimensions { gallery: self.dims, template: template.dims() });
        }
        let coded = Coded::new(template, &self.rotation);
        let mut index = self.write();
        let row = index.take_row(self.dims);
        index.inserted += 1;
        write(&index.blocks[row / BLOCK_ROWS]).fill(row % BLOCK_ROWS, subject, &coded, index.inserted);
        index.rows_of.insert((subject, row));
        for section in index.sections_of(subject) {
            index.mark(section, row, true);
        }
        Ok(())
    }

    /// Takes every template of a subject out, overwrites them, and returns how many there were. The sections that she is
    /// in expect her back.
    pub fn remove(&self, subject: u128) -> usize {
        let mut index = self.write();
        let rows: Vec<usize> = index.rows_of(subject).collect();
        let sections = index.sections_of(subject);
        for row in &rows {
            for section in &sections {
                index.mark(*section, *row, false);
            }
            write(&index.blocks[row / BLOCK_ROWS]).clear(row % BLOCK_ROWS);
            index.rows_of.remove(&(subject, *row));
            index.free.push(*row);
        }
        rows.len()
    }

    /// Lets a subject be found in a section, now or as soon as she has a template. Returns whether she was not in it.
    pub fn admit(&self, section: u128, subject: u128) -> bool {
        self.set_member(section, subject, true)
    }

    /// Lets a subject no longer be found in a section. Returns whether she was in it.
    pub fn dismiss(&self, section: u128, subject: u128) -> bool {
        self.set_member(section, subject, false)
    }

    fn set_member(&self, section: u128, subject: u128, present: bool) -> bool {
        let mut index = self.write();
        let member = (subject, section);
        let changed = if present { index.members.insert(member) } else { index.members.remove(&member) };
        if changed {
            for row in index.rows_of(subject).collect::<Vec<_>>() {
                index.mark(section, row, present);
            }
        }
        changed
    }

    /// The gallery as it stands, in whole or the rows of a section.
    pub(crate) fn snapshot(&self, section: Option<u128>) -> Snapshot {
        let index = self.read();
        let section = section.map(|section| index.sections.get(&section).cloned().unwrap_or_default());
        Snapshot { blocks: Arc::clone(&index.blocks), section, began: index.inserted }
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn rows_of(&self, subject: u128) -> impl Iterator<Item = usize> {
        self.rows_of.range((subject, 0)..=(subject, usize::MAX)).map(|(_, row)| *row)
    }

    fn sections_of(&self, subject: u128) -> Vec<u128> {
        self.members.range((subject, 0)..=(subject, u128::MAX)).map(|(_, section)| *section).collect()
    }

    fn take_row(&mut self, dims: usize) -> usize {
        if let Some(row) = self.free.pop() {
            return row;
        }
        if self.used.is_multiple_of(BLOCK_ROWS) {
            Arc::make_mut(&mut self.blocks).push(Arc::new(RwLock::new(Block::new(dims))));
        }
        self.used += 1;
        self.used - 1
    }

    fn mark(&mut self, section: u128, row: usize, present: bool) {
        let blocks = Arc::make_mut(self.sections.entry(section).or_default());
        let (block, group, bit) = (row / BLOCK_ROWS, row % BLOCK_ROWS / LANES, 1 << (row % LANES));
        let rows = blocks.entry(block).or_insert([0; BLOCK_ROWS / LANES]);
        if present {
            rows[group] |= bit;
        } else {
            rows[group] &= !bit;
        }
        if *rows == [0; BLOCK_ROWS / LANES] {
            blocks.remove(&block);
        }
        if blocks.is_empty() {
            self.sections.remove(&section);
        }
    }
}

fn write(block: &RwLock<Block>) -> RwLockWriteGuard<'_, Block> {
    block.write().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Gallery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Gallery({} templates of {} numbers, hidden)", self.len(), self.dims)
    }
}
