//! The command line. Without a command it starts the demo city.

mod audit;
mod bench;
mod config;
mod contract;
mod demo;
mod doctor;
mod export;
mod fares;
mod offline;
mod operator;
mod pack;
mod pay;
mod plugin;
mod print;
mod reconcile;
mod said;
mod sandbox;
mod serve;
mod statement;
mod vpia;

use std::error::Error;
use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

type Failure = Box<dyn Error + Send + Sync>;

pub(crate) type Outcome = Result<(), Failure>;

/// 手ぶら: hold, capture, and pay with the face.
#[derive(Parser)]
#[command(name = "tebura", version, about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::DemoArguments,
}

#[derive(Subcommand)]
enum Command {
    /// Start a hub: for real, or with --demo the demo city.
    Serve(serve::ServeArguments),
    /// Try the demo city that runs.
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Check and install model packs.
    #[command(subcommand)]
    Pack(pack::PackCommand),
    /// Make, test, build, sign and install plugins.
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Check, explain, apply and take back what services do: files that a clerk writes.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Check hold contracts.
    #[command(subcommand)]
    Contract(contract::ContractCommand),
    /// Make parties' keys, write and sign statements.
    #[command(subcommand)]
    Statement(statement::StatementCommand),
    /// Keep a device's log while there is no network, and send it later.
    #[command(subcommand)]
    Offline(offline::OfflineCommand),
    /// What the far side has, made up: My Number cards that sign.
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// Compare a rail's statement with what the hub asked of it.
    Reconcile(reconcile::ReconcileArguments),
    /// Make the first operator key of a hub.
    OperatorKey(operator::OperatorKeyArguments),
    /// Say what this machine and this program have, and what is missing.
    Doctor(doctor::DoctorArguments),
    /// Print the API's description, OpenAPI 3.1.
    Openapi,
    /// Stop a rail for new holds, or let it take them again.
    #[command(subcommand)]
    Rail(RailSwitch),
    /// Check that nothing was changed behind the hub's back.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Check the fares of a GTFS feed, and write them as settings.
    #[command(subcommand)]
    Fares(fares::FaresCommand),
    /// Write the books in a format of others.
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// The value and privacy impact report.
    #[command(subcommand)]
    Vpia(vpia::VpiaCommand),
    /// Measure, each figure beside its baseline from the same run.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
}

#[derive(Subcommand)]
enum RailSwitch {
    /// Take no new holds; what is held is captured and released as before. Shows first what is open.
    Stop(plugin::SwitchArguments),
    /// Take new holds again.
    Resume(plugin::SwitchArguments),
}

#[derive(Subcommand)]
enum DemoCommand {
    /// Pay by face from a picture: shows the hold, the capture and both balances.
    Pay(pay::PayArguments),
    /// A scripted day of a city: dozens of drawn people, an outage, a crash, and a report in which every yen is accounted for.
    Kaga(demo::KagaArguments),
    /// A scripted day of a venue: gates with tickets and faces, stalls, wallet, card and CBDC, a night, and the same report.
    Expo(demo::ExpoArguments),
    /// Write the demo's pictures into a folder.
    Faces {
        /// The folder.
        folder: std::path::PathBuf,
    },
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Ok(program) = std::env::current_exe() {
        let _ = crate::start::rails::PROGRAM.set(program);
    }
    let outcome = match arguments.command {
        None => in_runtime(demo::run(arguments.demo)),
        Some(Command::Serve(serve)) => in_runtime(serve::run(serve)),
        Some(Command::Demo(DemoCommand::Pay(pay))) => in_runtime(pay::run(pay)),
        Some(Command::Demo(DemoCommand::Kaga(kaga))) => in_runtime(demo::kaga(kaga)),
        Some(Command::Demo(DemoCommand::Expo(expo))) => in_runtime(demo::expo(expo)),
        Some(Command::Demo(DemoCommand::Faces { folder })) => demo::write_faces(&folder),
        Some(Command::Pack(pack)) => pack::run(pack),
        Some(Command::Plugin(plugin)) => plugin::run(plugin),
        Some(Command::Config(config)) => in_runtime(config::run(config)),
        Some(Command::Contract(contract)) => contract::run(contract),
        Some(Command::Statement(statement)) => statement::run(statement),
        Some(Command::Offline(offline)) => in_runtime(offline::run(offline)),
        Some(Command::Sandbox(sandbox)) => sandbox::run(sandbox),
        Some(Command::Reconcile(reconcile)) => in_runtime(reconcile::run(reconcile)),
        Some(Command::Rail(RailSwitch::Stop(rail))) => in_runtime(plugin::switch_rail(rail, false)),
        Some(Command::Rail(RailSwitch::Resume(rail))) => in_runtime(plugin::switch_rail(rail, true)),
        Some(Command::Fares(fares)) => fares::run(fares),
        Some(Command::OperatorKey(operator)) => in_runtime(operator::run(operator)),
        Some(Command::Doctor(doctor)) => doctor::run(&doctor),
        Some(Command::Openapi) => {
            print::raw(&crate::openapi::text());
            Ok(())
        }
        Some(Command::Audit(audit)) => in_runtime(audit::run(audit)),
        Some(Command::Export(export)) => in_runtime(export::run(export)),
        Some(Command::Vpia(vpia)) => vpia::run(vpia),
        Some(Command::Bench(bench)) => bench::run(bench),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn in_runtime(work: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
