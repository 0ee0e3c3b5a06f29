//! Requests to services: what moves, what does not, and what happens once however often the hub stops.

mod asking;
mod bundle;
mod configured;
mod cut_off;
mod desk;
mod keys;
mod money;
mod offline;
mod own_faults;
mod ways;
