//! Contracts that run: the twelve documents, deadlines, consent, exchange between rails, and everything refused.

mod desk;
mod exchange;
mod refused;
mod use_cases;
