//! `tebura offline`: a device's log for the time without a network, written on the device and sent later; and the faces that it
//! may recognise in that time.

mod bundle;
mod face;
mod log;
mod send;

use clap::Subcommand;

use super::{Failure, Outcome, print, said};

#[derive(Subcommand)]
pub(super) enum OfflineCommand {
    /// Write one entry behind the last one, signed with the device's key.
    Write(log::WriteArguments),
    /// Show the entries, and whether the log is whole.
    Show {
        /// The device's log.
        log: std::path::PathBuf,
    },
    /// Send the log to the hub. Sending twice does nothing twice.
    Send(send::SendArguments),
    /// Ask for faces to recognise while there is no network: makes a key for them and a signed request for the operator.
    Request(bundle::RequestArguments),
    /// Have the hub make a bundle of faces for the device that asked. For the operator, while there is a network.
    Provision(bundle::ProvisionArguments),
    /// Check a bundle: whose it is, until when, and whether it opens here.
    Open(bundle::OpenArguments),
    /// Recognise people by their pictures with a bundle, and write an entry for each.
    Face(face::FaceArguments),
}

pub(super) async fn run(command: OfflineCommand) -> Outcome {
    match command {
        OfflineCommand::Write(arguments) => log::write(arguments),
        OfflineCommand::Show { log } => log::show(&log),
        OfflineCommand::Send(arguments) => send::run(arguments).await,
        OfflineCommand::Request(arguments) => bundle::request(&arguments),
        OfflineCommand::Provision(arguments) => bundle::provision(arguments).await,
        OfflineCommand::Open(arguments) => bundle::show(&arguments),
        OfflineCommand::Face(arguments) => face::run(arguments).await,
    }
}
