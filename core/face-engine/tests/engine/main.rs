//! The face engine from outside: packs, pictures, refusals, workers.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bad_pictures;
mod drawn_demo;
mod measuring_pack;
mod opencv_zoo;
mod packs;
mod refused_packs;
mod turned_pictures;
mod workers;
