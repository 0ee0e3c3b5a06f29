//! `tebura config`: services from files. `check`, `explain` and `schema` need no hub; the others talk to the one that runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use reqwest::Method;

use super::plugin::{Far, HubArguments, agreed};
use super::{Failure, Outcome, print};
use crate::config::Config;
use crate::messages::{Language, fill, text};
use crate::services::{Against, Applied, Checked, Files, Look, Packaged, Told, check, explain, published};
use crate::wire::service_sets::{ApplyBody, FilesBody, RollBackBody, VersionBody};

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Say everything that is wrong with the files: against the plugins' packages, or with --online against the hub.
    Check(CheckArguments),
    /// Say in plain words what the files will do.
    Explain(CheckArguments),
    /// Say what would change in the hub that runs. Changes nothing.
    Diff(OnlineArguments),
    /// Make the files what runs, all of them or none, without a restart.
    Apply(ApplyArguments),
    /// The versions that were applied, newest first.
    History {
        #[command(flatten)]
        hub: HubArguments,
    },
    /// Make an earlier version what runs.
    Rollback(RollBackArguments),
    /// Write the files of a version into a folder.
    Files(FilesArguments),
    /// Print the JSON Schema of the files, for editors: what these plugins take.
    Schema(PackageArguments),
}

#[derive(Args)]
pub(super) struct FolderArguments {
    /// The hub's configuration, which names the folders of services and of plugins.
    #[arg(long, default_value = "tebura.toml")]
    config: PathBuf,
    /// The folder of the services' files.
    #[arg(long)]
    services: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct PackageArguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// The folder of a plugin, besides those of the configuration.
    #[arg(long = "plugin", value_name = "FOLDER")]
    plugins: Vec<PathBuf>,
}

#[derive(Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    packages: PackageArguments,
    /// Ask the hub that runs: it knows its plugins, merchants and galleries.
    #[arg(long)]
    online: bool,
    #[command(flatten)]
    hub: HubArguments,
}

#[derive(Args)]
pub(super) struct OnlineArguments {
    #[command(flatten)]
    folder: FolderArguments,
    #[command(flatten)]
    hub: HubArguments,
}

#[derive(Args)]
pub(super) struct ApplyArguments {
    #[command(flatten)]
    online: OnlineArguments,
    /// Why, for the history.
    #[arg(long, default_value = "")]
    note: String,
    /// Do it without being asked.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub(super) struct RollBackArguments {
    /// The version to go back to.
    version: u32,
    /// Why, for the history.
    #[arg(long, default_value = "")]
    note: String,
    /// Do it without being asked.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    hub: HubArguments,
}

#[derive(Args)]
pub(super) struct FilesArguments {
    /// The version.
    version: u32,
    /// The folder; files that are there are written over.
    folder: PathBuf,
    #[command(flatten)]
    hub: HubArguments,
}

pub(super) async fn run(command: ConfigCommand) -> Outcome {
    let language = Language::of_process();
    match command {
        ConfigCommand::Check(arguments) => {
            let (count, _) = looked(&arguments, language).await?;
            print::line(&fill(language, "config.right", &[("count", &count.to_string())]));
            Ok(())
        }
        ConfigCommand::Explain(arguments) => {
            let (_, explained) = looked(&arguments, language).await?;
            explained.iter().for_each(|lines| tell(lines));
            Ok(())
        }
        ConfigCommand::Diff(arguments) => {
            let (_, look) = asked(&arguments, language).await?;
            show(&look, language);
            Ok(())
        }
        ConfigCommand::Apply(arguments) => apply(arguments, language).await,
        ConfigCommand::History { hub } => history(&hub, language).await,
        ConfigCommand::Rollback(arguments) => roll_back(arguments, language).await,
        ConfigCommand::Files(arguments) => files(arguments, language).await,
        ConfigCommand::Schema(arguments) => {
            let packaged = packages(&arguments)?;
            let schema = published(packaged.all().map(|service| service.descriptor()));
            print::line(&serde_json::to_string_pretty(&schema)?);
            Ok(())
        }
    }
}

/// How many services are right, and what they do. What is wrong is an error.
async fn looked(arguments: &CheckArguments, language: Language) -> Result<(usize, Vec<Vec<String>>), Failure> {
    let files = read(&arguments.packages.folder, language)?;
    if arguments.online {
        let far = Far::new(&arguments.hub)?;
        let look: Look = far.send(Method::POST, "/operator/services/look", Some(&FilesBody { files })).await?;
        refuse(&look.wrong, language)?;
        let explained = match language {
            Language::Japanese => look.ja,
            Language::English => look.en,
        };
        return Ok((explained.len(), explained));
    }
    let packaged = packages(&arguments.packages)?;
    let Checked { services, wrong } = check(&files, &packaged, Against::Nothing).await?;
    refuse(&wrong, language)?;
    Ok((services.len(), services.iter().map(|service| explain(service, language)).collect()))
}

/// What the hub says of the files.
async fn asked(arguments: &OnlineArguments, language: Language) -> Result<(Files, Look), Failure> {
    let files = read(&arguments.folder, language)?;
    let (far, body) = (Far::new(&arguments.hub)?, FilesBody { files });
    let look: Look = far.send(Method::POST, "/operator/services/look", Some(&body)).await?;
    refuse(&look.wrong, language)?;
    Ok((body.files, look))
}

async fn apply(arguments: ApplyArguments, language: Language) -> Outcome {
    let (files, look) = asked(&arguments.online, language).await?;
    show(&look, language);
    if !arguments.yes && !agreed("config.apply")? {
        return Err(text(language, "config.not_applied").into());
    }
    let body = ApplyBody { files, against: look.version, note: arguments.note };
    let far = Far::new(&arguments.online.hub)?;
    let applied: Applied = far.send(Method::POST, "/operator/services", Some(&body)).await?;
    print::line(&fill(language, "config.applied", &[("version", &applied.version.to_string())]));
    Ok(())
}

async fn versions(far: &Far) -> Result<Vec<VersionBody>, Failure> {
    far.send(Method::GET, "/operator/services/history", None::<&()>).await
}

async fn history(hub: &HubArguments, language: Language) -> Outcome {
    let versions = versions(&Far::new(hub)?).await?;
    if versions.is_empty() {
        print::line(text(language, "config.no_versions"));
    }
    for version in versions {
        let restores = version.restores.map(|earlier| format!(" (= {earlier})")).unwrap_or_default();
        let services: Vec<&str> = version.files.keys().map(String::as_str).collect();
        print::line(&format!("{}{restores}  {}  {}  {}", version.version, version.at, version.by, services.join(", ")));
        if !version.note.is_empty() {
            print::line(&format!("    {}", version.note));
        }
    }
    Ok(())
}

async fn roll_back(arguments: RollBackArguments, language: Language) -> Outcome {
    let far = Far::new(&arguments.hub)?;
    let files = of_version(&far, arguments.version, language).await?;
    let look: Look = far.send(Method::POST, "/operator/services/look", Some(&FilesBody { files })).await?;
    refuse(&look.wrong, language)?;
    show(&look, language);
    if !arguments.yes && !agreed("config.apply")? {
        return Err(text(language, "config.not_applied").into());
    }
    let body = RollBackBody { to: arguments.version, against: look.version, note: arguments.note };
    let applied: Applied = far.send(Method::POST, "/operator/services/rollback", Some(&body)).await?;
    print::line(&fill(language, "config.applied", &[("version", &applied.version.to_string())]));
    Ok(())
}

async fn files(arguments: FilesArguments, language: Language) -> Outcome {
    let files = of_version(&Far::new(&arguments.hub)?, arguments.version, language).await?;
    std::fs::create_dir_all(&arguments.folder)?;
    for (name, text) in files {
        let path = arguments.folder.join(format!("{name}.toml"));
        std::fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        print::line(&path.display().to_string());
    }
    Ok(())
}

async fn of_version(far: &Far, version: u32, language: Language) -> Result<Files, Failure> {
    let found = versions(far).await?.into_iter().find(|own| own.version == version);
    let missing = || fill(language, "config.no_version", &[("version", &version.to_string())]);
    Ok(found.ok_or_else(missing)?.files)
}

/// What is wrong, each with its line; nothing: go on.
fn refuse(wrong: &[Told], language: Language) -> Outcome {
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.iter().for_each(|told| print::line(told.said(language)));
    Err(fill(language, "config.wrong", &[("count", &wrong.len().to_string())]).into())
}

fn show(look: &Look, language: Language) {
    let version = look.version.to_string();
    if look.changes.is_empty() {
        print::line(&fill(language, "config.same", &[("version", &version)]));
        return;
    }
    print::line(&fill(
        language,
        "config.changes",
        &[("version", &version), ("count", &look.changes.len().to_string())],
    ));
    look.changes.iter().for_each(|change| print::line(&change.line()));
    for gone in look.changes.iter().filter(|change| change.is_end()) {
        print::line(&fill(language, "config.taken_away", &[("service", &gone.path)]));
    }
}

fn tell(lines: &[String]) {
    for (nth, line) in lines.iter().enumerate() {
        print::line(&if nth == 0 { line.clone() } else { format!("  {line}") });
    }
    print::line("");
}

fn config_of(arguments: &FolderArguments) -> Result<Config, Failure> {
    if arguments.config.exists() {
        return Ok(Config::read(&arguments.config)?);
    }
    Ok(Config { services: Some(PathBuf::from("services")), ..Config::default() })
}

fn packages(arguments: &PackageArguments) -> Result<Packaged, Failure> {
    let (config, mut packaged) = (config_of(&arguments.folder)?, Packaged::default());
    let named = arguments.plugins.iter().map(PathBuf::as_path);
    for folder in config.plugin_folders().chain(named) {
        packaged.add(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(packaged)
}

/// The files of the folder, by the names of the services.
fn read(arguments: &FolderArguments, language: Language) -> Result<Files, Failure> {
    let folder = match &arguments.services {
        Some(folder) => folder.clone(),
        None => config_of(arguments)?.services.unwrap_or_default(),
    };
    let unreadable = |path: &Path, error: std::io::Error| {
        let path = path.display().to_string();
        fill(language, "config.unreadable", &[("path", &path), ("why", &error.to_string())])
    };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
        let path = entry.map_err(|error| unreadable(&folder, error))?.path();
        if path.extension().is_some_and(|end| end == "toml")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            files.insert(name.to_owned(), text);
        }
    }
    Ok(files)
}
