//! The gallery: every template that can be meant here, searched without an index that could be wrong.
//!
//! Each row is first compared in bytes, a quarter of the memory; only a row whose upper bound could change the
//! answer is compared in full. The answer is exactly that of comparing everything in full.
//! Absent: who the subjects are, and the rule that admits them.

use std::collections::BTreeMap;
use std::fmt;

use crate::block::{BLOCK_ROWS, Block, Probe};
use crate::template::{Similarity, Template};

/// Templates of many subjects, a subject having one or several.
pub struct Gallery {
    dims: usize,
    blocks: Vec<Block>,
    subjects: Vec<u128>,
    rows_of: BTreeMap<u128, Vec<usize>>,
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

/// One subject and its best similarity to the probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The subject, as it was inserted.
    pub subject: u128,
    /// The highest similarity among the subject's templates.
    pub similarity: Similarity,
}

/// The two nearest subjects of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidates {
    /// The nearest subject; nothing when the filter left nobody.
    pub best: Option<Candidate>,
    /// The nearest of all other subjects.
    pub second: Option<Candidate>,
}

impl Gallery {
    /// Makes an empty gallery for templates of `dims` numbers.
    #[must_use]
    pub fn new(dims: usize) -> Self {
        Self { dims, blocks: Vec::new(), subjects: Vec::new(), rows_of: BTreeMap::new() }
    }

    /// Returns how many numbers each template has.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Returns how many templates are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Tells whether no template is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Tells whether the subject has a template here.
    #[must_use]
    pub fn contains(&self, subject: u128) -> bool {
        self.rows_of.contains_key(&subject)
    }

    /// Adds one more template of a subject.
    ///
    /// # Errors
    /// Refuses a template of another length than the gallery's.
    pub fn insert(&mut self, subject: u128, template: &Template) -> Result<(), GalleryError> {
        if template.dims() != self.dims {
            return Err(GalleryError::Dimensions { gallery: self.dims, template: template.dims() });
        }
        let row = self.subjects.len();
        if row == self.blocks.len() * BLOCK_ROWS {
            self.blocks.push(Block::new(self.dims));
        }
        self.blocks[row / BLOCK_ROWS].push(template.values());
        self.subjects.push(subject);
        self.rows_of.entry(subject).or_default().push(row);
        Ok(())
    }

    /// Takes every template of a subject out, overwrites them, and returns how many there were.
    pub fn remove(&mut self, subject: u128) -> usize {
        let Some(mut rows) = self.rows_of.remove(&subject) else {
            return 0;
        };
        // From the last row down, the row that moves into a gap is never itself one to be removed.
        rows.sort_unstable_by(|left, right| right.cmp(left));
        for row in &rows {
            self.remove_row(*row);
        }
        rows.len()
    }

    /// Finds the two subjects nearest to the probe among those that the filter admits.
    ///
    /// The filter is asked only about a row that would change the answer, so it may be slow; it must
    /// answer the same for one subject throughout. Equal similarities go to the lower subject number. A
    /// probe of another length than the gallery's finds nobody.
    pub fn search(&self, probe: &Template, filter: impl Fn(u128) -> bool) -> Candidates {
        let mut found = Candidates::default();
        if probe.dims() != self.dims {
            return found;
        }
        let probe = Probe::new(probe.values());
        let mut bounds = [0.0; BLOCK_ROWS];
        for (block, subjects) in self.blocks.iter().zip(self.subjects.chunks(BLOCK_ROWS)) {
            block.bounds(&probe, &mut bounds);
            for (row, (subject, bound)) in subjects.iter().zip(&bounds).enumerate() {
                // A tie goes to the lower subject, so a row that can only draw level counts too.
                if found.second.is_none_or(|second| *bound >= second.similarity.value()) {
                    let similarity = block.similarity(row, &probe);
                    found.offer(Candidate { subject: *subject, similarity }, &filter);
                }
            }
        }
        found
    }

    /// Moves the last row into `row` and shortens the matrix by one.
    fn remove_row(&mut self, row: usize) {
        let last = self.subjects.len() - 1;
        let last_block = last / BLOCK_ROWS;
        let moved = self.blocks[last_block].pop();
        if row != last {
            self.blocks[row / BLOCK_ROWS].replace(row % BLOCK_ROWS, &moved);
            self.subjects[row] = self.subjects[last];
            if let Some(rows) = self.rows_of.get_mut(&self.subjects[last]) {
                for other in rows.iter_mut().filter(|other| **other == last) {
                    *other = row;
                }
            }
        }
        self.subjects.truncate(last);
        if last.is_multiple_of(BLOCK_ROWS) {
            self.blocks.truncate(last_block);
        }
    }
}

impl fmt::Debug for Gallery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Gallery({} templates of {} numbers, hidden)", self.len(), self.dims)
    }
}

impl Candidate {
    fn beats(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| {
            (self.similarity, std::cmp::Reverse(self.subject)) > (other.similarity, std::cmp::Reverse(other.subject))
        })
    }
}

impl Candidates {
    fn offer(&mut self, candidate: Candidate, filter: &impl Fn(u128) -> bool) {
        let is_best_subject = self.best.is_some_and(|best| best.subject == candidate.subject);
        if candidate.beats(self.best.as_ref()) {
            if !filter(candidate.subject) {
                return;
            }
            if !is_best_subject {
                self.second = self.best;
            }
            self.best = Some(candidate);
        } else if !is_best_subject && candidate.beats(self.second.as_ref()) && filter(candidate.subject) {
            self.second = Some(candidate);
        }
    }
}
