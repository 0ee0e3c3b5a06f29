//! How large a contract may be. The limits are part of hc/1, so that two hubs never disagree about a document.
//!
//! Counts of parties, legs, states and edges are in `specs/schemas/hold-contract-1.json`; here is what a schema cannot say.

/// Bytes of the document's text: four times the largest example, and small enough to be read by a person.
pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024;

/// Objects and arrays inside each other. The deepest legal document has ten.
pub const NESTING_MAX: usize = 12;

/// The longest duration: ten years of 365 days. Longer promises belong on paper.
pub const DURATION_MS_MAX: i64 = 3_650 * 24 * 60 * 60 * 1_000;

/// The largest whole number that JSON carries exactly between any two programs (RFC 8785 writes doubles): 2^53 - 1.
/// Eight legs of it stay far below 64 bits.
pub const AMOUNT_MAX: i64 = 9_007_199_254_740_991;

/// Times that all edges together may fire on the way through one contract: bounds the state that is kept.
pub const FIRINGS_MAX: u32 = 400;

/// Characters of the id of a command or statement.
pub const EVENT_ID_LEN_MAX: usize = 128;

/// Commands, statements and answers that one party can give in one contract: more than can ever fire, and an end to what
/// a party can make the hub keep. Each party has its own, so that nobody can use up another's.
pub const EVENTS_PER_PARTY_MAX: usize = 500;

/// Errors, and likewise warnings, that one look lists: nobody mends more at a time.
pub const FINDINGS_MAX: usize = 100;
