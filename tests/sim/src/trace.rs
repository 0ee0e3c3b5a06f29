//! What happened in a run, line by line: the hash tells two runs apart, the end of it tells why one failed.

use std::collections::VecDeque;

use sha2::{Digest, Sha256};

/// Lines kept for the report of a failure.
const KEPT: usize = 40;

/// The lines of one run.
#[derive(Default)]
pub struct Trace {
    hash: Sha256,
    lines: u64,
    tail: VecDeque<String>,
    all: Option<Vec<String>>,
}

impl Trace {
    /// A trace that keeps every line when `whole`, else only the last ones.
    pub fn new(whole: bool) -> Self {
        Trace { all: whole.then(Vec::new), ..Trace::default() }
    }

    /// Adds a line.
    pub fn say(&mut self, line: String) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        self.lines += 1;
        if self.tail.len() == KEPT {
            self.tail.pop_front();
        }
        if let Some(all) = &mut self.all {
            all.push(line.clone());
        }
        self.tail.push_back(line);
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// SHA-256 over all lines, in hexadecimal digits.
    pub fn hash(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The last lines, or all of them where they were kept.
    pub fn told(&self) -> Vec<String> {
        self.all.clone().unwrap_or_else(|| self.tail.iter().cloned().collect())
    }
}
