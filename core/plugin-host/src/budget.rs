//! One memory budget for a call: all memories and tables together.

use wasmtime::{ResourceLimiter, Result};

/// A table element is a pointer in the host.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

/// Counts what a call's memories and tables take, and refuses what goes beyond.
pub(crate) struct Budget {
    limit_bytes: usize,
    used_bytes: usize,
    /// A refusal usually makes the guest abort; this tells why it did.
    refused: bool,
}

impl Budget {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, used_bytes: 0, refused: false }
    }

    /// Most that was taken: memories never shrink.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    fn take(&mut self, more: usize) -> bool {
        match self.used_bytes.checked_add(more) {
            Some(used) if used <= self.limit_bytes => {
                self.used_bytes = used;
                true
            }
            Some(_) | None => {
                self.refused = true;
                false
            }
        }
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(self.take(desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT_BYTES)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_budget() {
        let mut budget = Budget::new(1_000);
        assert!(budget.memory_growing(0, 600, None).unwrap());
        assert!(budget.table_growing(0, 50, None).unwrap());
        assert!(!budget.refused());
        assert!(!budget.memory_growing(600, 601, None).unwrap());
        assert!(budget.refused());
        assert_eq!(budget.used_bytes(), 1_000);
        assert!(!budget.memory_growing(600, usize::MAX, None).unwrap());
    }
}
