//! `tebura fares`: checks the fares of a GTFS feed, and writes them as the settings of a bus or train.

mod archive;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use tebura_fares::{Compiled, Files, compile};

use super::{Outcome, print};
use crate::messages::{Language, fill};

/// Files of a feed that fares are read from; the others, which may be large, stay closed.
const READ: [&str; 12] = [
    "areas.txt",
    "fare_attributes.txt",
    "fare_leg_rules.txt",
    "fare_products.txt",
    "fare_rules.txt",
    "rider_categories.txt",
    "route_networks.txt",
    "routes.txt",
    "stop_areas.txt",
    "stop_times.txt",
    "stops.txt",
    "trips.txt",
];

#[derive(Subcommand)]
pub(super) enum FaresCommand {
    /// Check a route's fares; print what is wrong with file and line.
    Check {
        /// A folder of .txt files, or a .zip.
        feed: PathBuf,
        /// The `route_id`.
        #[arg(long)]
        route: String,
    },
    /// Write a route's fares as TOML, for the settings of a service.
    Compile {
        /// A folder of .txt files, or a .zip.
        feed: PathBuf,
        /// The `route_id`.
        #[arg(long)]
        route: String,
        /// The table's name in the file that it goes into.
        #[arg(long, default_value = "settings.fares")]
        table: String,
    },
}

pub(super) fn run(command: FaresCommand) -> Outcome {
    match command {
        FaresCommand::Check { feed, route } => {
            let compiled = compiled(&feed, &route)?;
            let (rides, stops) = (compiled.rides.to_string(), compiled.table.stops.len().to_string());
            let way = if compiled.fares_v2 { "fare_leg_rules.txt" } else { "fare_rules.txt" };
            let values = [("route", route.as_str()), ("rides", &rides), ("stops", &stops), ("way", way)];
            print::line(&fill(Language::of_process(), "cli.fares.good", &values));
            Ok(())
        }
        FaresCommand::Compile { feed, route, table } => {
            let compiled = compiled(&feed, &route)?;
            print::raw(&compiled.table.as_toml(&table));
            Ok(())
        }
    }
}

fn compiled(feed: &Path, route: &str) -> Result<Compiled, super::Failure> {
    let files = if feed.is_dir() { folder(feed)? } else { archive::read(feed, &READ)? };
    let problems = match compile(&files, route) {
        Ok(compiled) => return Ok(compiled),
        Err(problems) => problems,
    };
    let language = Language::of_process();
    for problem in &problems {
        print::line(&match language {
            Language::Japanese => problem.japanese(),
            Language::English => problem.to_string(),
        });
    }
    let (count, feed) = (problems.len().to_string(), feed.display().to_string());
    Err(fill(language, "cli.fares.wrong", &[("feed", &feed), ("count", &count)]).into())
}

fn folder(feed: &Path) -> Result<Files, super::Failure> {
    let mut files = Files::new();
    for name in READ {
        match std::fs::read(feed.join(name)) {
            Ok(bytes) => drop(files.insert(name.to_owned(), text(name, bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{name}: {error}").into()),
        }
    }
    Ok(files)
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String, super::Failure> {
    String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8, which GTFS asks for; save it as UTF-8").into())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use tebura_fares::FareTable;
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;

    fn kaga() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kaga/gtfs-jp")
    }

    #[test]
    fn tran_1_a_feed_becomes_settings_that_say_the_same() {
        let compiled = compiled(&kaga(), "sea").unwrap();
        let text = compiled.table.as_toml("services.settings.fares");
        let read: toml::Table = text.parse().unwrap();
        let table = read["services"]["settings"]["fares"].clone();
        assert_eq!(table.try_into::<FareTable>().unwrap(), compiled.table);
    }

    #[test]
    fn tran_1_a_zipped_feed_is_read_as_its_folder_is_and_a_broken_one_is_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (nth, name) in READ.iter().enumerate() {
            let Ok(bytes) = std::fs::read(kaga().join(name)) else { continue };
            let method = [CompressionMethod::Stored, CompressionMethod::Deflated][nth % 2];
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(&bytes).unwrap();
        }
        let zip = writer.finish().unwrap().into_inner();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.zip");
        std::fs::write(&path, &zip).unwrap();
        assert_eq!(compiled(&path, "sea").unwrap(), compiled(&kaga(), "sea").unwrap());
        for cut in [0, 10, zip.len() / 2, zip.len() - 22] {
            std::fs::write(&path, &zip[..cut]).unwrap();
            assert!(compiled(&path, "sea").is_err(), "{cut} bytes");
        }
        // A byte of the first file that is there, behind its header and name.
        let mut spoiled = zip;
        spoiled[30 + READ[1].len() + 5] ^= 0xff;
        std::fs::write(&path, &spoiled).unwrap();
        assert!(compiled(&path, "sea").is_err());
    }
}
