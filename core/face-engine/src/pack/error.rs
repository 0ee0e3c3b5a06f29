//! Why a pack is refused before any model runs.

use crate::engine::{Abandoned, NetError};

/// Why a folder is not a usable pack, in the order of the checks; each names the file and the fix.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PackError {
    /// A file that is named is not there.
    #[error("{file}: the file is missing; copy it into the pack's folder or correct its name in pack.toml")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file cannot be read.
    #[error("{file}: {reason}; check the file's permissions")]
    Read {
        /// The file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// A file is larger than any model this hub runs.
    #[error("{file}: {bytes} bytes, and a pack's file has at most {limit}")]
    TooLarge {
        /// The file.
        file: String,
        /// Its bytes.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// `pack.toml` or `golden.json` is not what the format asks for.
    #[error("{file}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// The parser's words, with line and column.
        reason: String,
    },
    /// A value is well-formed and makes no sense.
    #[error("pack.toml: `{field}` {problem}")]
    Field {
        /// The key, with its table.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A model is not the file that the pack was made with.
    #[error(
        "{file}: its SHA-256 is {found} and pack.toml names {expected}; fetch the file again from the pack's source, never change the digest to fit"
    )]
    Digest {
        /// The file.
        file: String,
        /// The digest in pack.toml.
        expected: String,
        /// The digest of the file.
        found: String,
    },
    /// The engine does not take the model.
    #[error("{file}: {source}; try the other engine (--engine ort or --engine rten)")]
    Load {
        /// The file.
        file: String,
        /// What the engine says.
        source: NetError,
    },
    /// The engine did not come back.
    #[error("{file}: {fault}")]
    Abandoned {
        /// The file.
        file: String,
        /// What happened.
        fault: Abandoned,
    },
    /// The model runs and its output is not what pack.toml says.
    #[error("{file}: {problem}")]
    Output {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

impl PackError {
    pub(crate) fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { field: field.into(), problem: problem.into() }
    }
}
