//! `tebura sandbox`: what the far side of a hub has, made up, for trying things out. Nothing of it counts in production.

mod card;

use clap::Subcommand;

use super::{Failure, Outcome, print};

#[derive(Subcommand)]
pub(super) enum SandboxCommand {
    /// My Number cards that do not exist: their roots, the cards, and what they sign.
    #[command(subcommand)]
    Card(card::CardCommand),
}

pub(super) fn run(command: SandboxCommand) -> Outcome {
    let SandboxCommand::Card(card) = command;
    card::run(card)
}
