//! HTTP API, pages and the one binary.
//!
//! The only crate that names concrete adapters. It decides nothing about money or faces: handlers call one verb of
//! the hub each.

pub mod app;
pub mod audit;
pub mod auth;
pub mod bench;
pub mod cli;
pub mod clock;
mod clockwork;
pub mod config;
mod connections;
mod days;
pub mod demo;
pub mod desk;
pub mod extract;
pub mod faces_config;
mod hex;
pub mod idempotency;
pub mod journal;
pub mod key_file;
pub mod layers;
pub mod logging;
pub mod messages;
pub mod offline_bundle;
pub mod openapi;
pub mod plugins;
pub mod problem;
pub mod rates;
pub mod refusals;
mod refused_contracts;
mod refused_services;
pub mod regions;
pub mod routes;
pub mod serve;
pub mod services;
pub mod sessions;
pub mod signed;
pub mod start;
pub mod vpia;
pub mod webhooks;
pub mod wire;
