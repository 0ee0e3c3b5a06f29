//! `tebura bench`: prints the benchmark tables.

use std::path::PathBuf;

use clap::Subcommand;
use tebura_hub::ports::Clock;

use super::{Outcome, in_runtime, print};
use crate::bench::{GalleriesBench, GatesBench, HoldsBench, contracts, faces, galleries, gates, holds, plugins};
use crate::clock::SystemClock;
use crate::start::faces::read_pack;
use crate::start::rails::DEMO_KEYRING;
use crate::start::wallet_package;

#[derive(Subcommand)]
pub(super) enum BenchCommand {
    /// Hold and capture pairs a second over HTTP, against one transaction a request.
    Holds {
        /// `postgres://…`; a new SQLite file when it is left out.
        #[arg(long, env = "TEBURA_DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
        /// Where the SQLite file goes: the disk whose fsync counts.
        #[arg(long, default_value = "target/bench")]
        directory: PathBuf,
        /// Connections that each wait for one answer before they ask again.
        #[arg(long, default_value_t = 64)]
        clients: usize,
        /// Accounts that pay.
        #[arg(long, default_value_t = 10_000)]
        payers: usize,
        /// Seconds counted for each line.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// A line of the table as `clients:merchants`; several for several lines.
        #[arg(long = "line", value_parser = line)]
        lines: Vec<(usize, usize)>,
        /// Leaves out one transaction a request.
        #[arg(long)]
        without_single: bool,
    },
    /// Checking a contract, one step of it, and telling a running one, beside a plain capture.
    Contracts {
        /// Where the SQLite file goes: the disk whose fsync counts.
        #[arg(long, default_value = "target/bench")]
        directory: PathBuf,
    },
    /// Each stage from picture to person, both engines, 100,000 people in the gallery.
    Faces {
        /// A model pack's folder; the pack that the program carries when it is left out.
        #[arg(long)]
        pack: Option<PathBuf>,
    },
    /// Enrolling a city, and filling the galleries from the sealed rows.
    Galleries {
        /// Where the SQLite file goes; it takes about 3 KB a person.
        #[arg(long, default_value = "target/bench")]
        directory: PathBuf,
        /// How many.
        #[arg(long, default_value_t = 1_200_000)]
        people: usize,
        /// Numbers in a template.
        #[arg(long, default_value_t = 512)]
        dims: usize,
    },
    /// A venue's gates under load: ticket and face, one check a second at each, over HTTP and through the gate plugin.
    Gates {
        /// Where the SQLite file goes: the disk whose fsync counts.
        #[arg(long, default_value = "target/bench")]
        directory: PathBuf,
        /// The gate plugin's package.
        #[arg(long, default_value = "plugins/gate")]
        plugin: PathBuf,
        /// Gates.
        #[arg(long, default_value_t = 51)]
        gates: usize,
        /// People with a pass that is bound to them and a face that is enrolled.
        #[arg(long, default_value_t = 100_000)]
        passes: usize,
        /// Seconds counted for each line.
        #[arg(long, default_value_t = 60)]
        seconds: usize,
        /// Numbers in a template.
        #[arg(long, default_value_t = 512)]
        dims: usize,
    },
    /// A call of the wallet plugin, with and without fuel.
    Plugins,
}

pub(super) fn run(command: BenchCommand) -> Outcome {
    match command {
        BenchCommand::Holds { database_url, directory, clients, payers, seconds, lines, without_single } => {
            std::fs::create_dir_all(&directory)?;
            let bench = HoldsBench { database_url, directory, clients, payers, seconds, lines, without_single };
            in_runtime(async move {
                print::raw(&holds(&bench).await?);
                Ok(())
            })
        }
        BenchCommand::Contracts { directory } => {
            std::fs::create_dir_all(&directory)?;
            in_runtime(async move {
                print::raw(&contracts(&directory).await?);
                Ok(())
            })
        }
        BenchCommand::Faces { pack } => {
            print::raw(&faces(&read_pack(pack.as_deref())?)?.0);
            Ok(())
        }
        BenchCommand::Galleries { directory, people, dims } => {
            std::fs::create_dir_all(&directory)?;
            let bench = GalleriesBench { directory, people, dims };
            in_runtime(async move {
                print::raw(&galleries(&bench).await?);
                Ok(())
            })
        }
        BenchCommand::Gates { directory, plugin, gates: count, passes, seconds, dims } => {
            std::fs::create_dir_all(&directory)?;
            let bench = GatesBench { directory, plugin, gates: count, passes, seconds, dims };
            in_runtime(async move {
                print::raw(&gates(&bench).await?);
                Ok(())
            })
        }
        BenchCommand::Plugins => {
            let package = wallet_package().ok_or("this program carries no wallet plugin; run scripts/build-plugins")?;
            let (table, sandbox_us) = plugins(&package, DEMO_KEYRING, SystemClock::default().now())?;
            let (_, look_us) = faces(&read_pack(None)?)?;
            print::raw(&table);
            // A hold and a capture are two starts and two resumes; commits and the provider's answers come on top.
            let share = 100.0 * sandbox_us as f64 / (look_us + sandbox_us) as f64;
            print::raw(&format!(
                "\nOne payment by face: {sandbox_us} µs in the sandbox beside {look_us} µs of looking: {share:.1} % at most.\n"
            ));
            Ok(())
        }
    }
}

fn line(text: &str) -> Result<(usize, usize), String> {
    let numbers =
        text.split_once(':').and_then(|(clients, merchants)| Some((clients.parse().ok()?, merchants.parse().ok()?)));
    numbers
        .filter(|(clients, merchants)| *clients > 0 && *merchants > 0)
        .ok_or_else(|| "a line is clients:merchants, such as 64:1".to_owned())
}
