//! Wallet rail: hold, capture, release, refund, inquire.
