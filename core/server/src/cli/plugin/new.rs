//! `tebura plugin new rail`: a folder with one source file that compiles, passes its tests and has the SDK beside it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Outcome, print};
use super::sdk;

#[derive(Args)]
pub(in crate::cli) struct RailArguments {
    /// Lower-case letters, digits and dashes: `machi-pay`. The folder is named so too.
    name: String,
    /// The rail's name in holds; `jp.example.` and the name when it is left out.
    #[arg(long)]
    id: Option<String>,
    /// The folder `sdk` of a checkout of Tebura, instead of a copy of the SDK beside the plugin.
    #[arg(long)]
    sdk: Option<PathBuf>,
}

const SOURCE: &str = include_str!("template/lib.rs");
const MANIFEST: &str = include_str!("template/plugin.toml");
const REPLIES: &str = include_str!("template/replies.json");
const VERSION: &str = "0.1.0";
/// What the template uses besides the SDK.
const DIRECT: [&str; 2] = ["serde", "serde_json"];

pub(super) fn rail(arguments: &RailArguments) -> Outcome {
    let name = arguments.name.as_str();
    check_name(name)?;
    let folder = Path::new(name);
    if folder.exists() {
        return Err(format!("{name} is there already; choose another name, or remove it").into());
    }
    let id = arguments.id.clone().unwrap_or_else(|| format!("jp.example.{name}"));
    let manifest = MANIFEST.replace("jp.example.machi-pay", &id).replace("MachiPay", &title(name));
    // What is written has to be right: a wrong --id is refused before anything is.
    tebura_plugin_host::Manifest::parse(manifest.as_bytes())?;
    let sdk_folder = match &arguments.sdk {
        Some(path) => checked_sdk(path)?,
        None => {
            sdk::write(&folder.join("tebura-sdk"))?;
            PathBuf::from("tebura-sdk/sdk")
        }
    };
    std::fs::create_dir_all(folder.join("src"))?;
    std::fs::write(folder.join("src/lib.rs"), SOURCE.replace("MachiPay", &title(name)))?;
    std::fs::write(folder.join("plugin.toml"), manifest)?;
    std::fs::write(folder.join("replies.json"), REPLIES)?;
    std::fs::write(folder.join("Cargo.toml"), cargo(name, &sdk_folder)?)?;
    std::fs::write(folder.join("Cargo.lock"), sdk::lock(name, VERSION, &DIRECT))?;
    std::fs::write(folder.join(".gitignore"), "/target\n")?;
    for line in [
        format!("{name}/"),
        "  src/lib.rs      the rail, and its tests".to_owned(),
        "  plugin.toml     what it may do".to_owned(),
        "  replies.json    what its far end answers".to_owned(),
        match &arguments.sdk {
            Some(path) => format!("  Cargo.toml      names the SDK in {}", path.display()),
            None => "  tebura-sdk/     the SDK's source, from this program; serde and a few more come from crates.io"
                .to_owned(),
        },
        format!("Next: tebura plugin test {name}"),
    ] {
        print::line(&line);
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let letter = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let fits = letter && name.len() <= 40 && name.bytes().all(plain) && !name.ends_with('-') && !name.contains("--");
    if fits {
        return Ok(());
    }
    Err(format!("{name:?} cannot name a plugin; write lower-case letters, digits and single dashes, such as machi-pay"))
}

/// `machi-pay` as a Rust type.
fn title(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    name.split('-').map(word).collect()
}

/// The SDK of a checkout, as a path that does not depend on where the plugin lies.
fn checked_sdk(path: &Path) -> Result<PathBuf, String> {
    let missing = |why: String| format!("{} is no SDK ({why}); name the folder sdk of a checkout", path.display());
    let path = path.canonicalize().map_err(|error| missing(error.to_string()))?;
    let found = ["plugin/Cargo.toml", "plugin-test/Cargo.toml"].iter().all(|file| path.join(file).is_file());
    if found { Ok(path) } else { Err(missing("it has no plugin and plugin-test".to_owned())) }
}

fn cargo(name: &str, sdk_folder: &Path) -> Result<String, toml::ser::Error> {
    let sdk_folder = sdk_folder.display();
    let (serde, serde_json) = (sdk::dependency("serde")?, sdk::dependency("serde_json")?);
    Ok(format!(
        "[package]\nname = \"{name}\"\ndescription = \"A payment rail for Tebura.\"\nversion = \"{VERSION}\"\nedition = \"2024\"\n\
         publish = false\n\n\
         # The SDK is not on crates.io yet: `tebura plugin new` wrote its source beside this file, or named a checkout.\n\
         [dependencies]\ntebura-plugin = {{ path = \"{sdk_folder}/plugin\" }}\nserde = {serde}\n\n\
         [dev-dependencies]\ntebura-plugin-test = {{ path = \"{sdk_folder}/plugin-test\" }}\nserde_json = {serde_json}\n\n\
         # A workspace of its own, wherever it lies.\n[workspace]\nexclude = [\"tebura-sdk\"]\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(title("machi-pay-2"), "MachiPay2");
        for good in ["a", "machi-pay", "x9"] {
            assert_eq!(check_name(good), Ok(()));
        }
        for bad in ["", "Machi", "9x", "-x", "x-", "a--b", "a_b", "../x", "町"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_template_is_a_manifest() {
        let manifest = tebura_plugin_host::Manifest::parse(MANIFEST.as_bytes()).unwrap();
        assert_eq!(manifest.id.0, "jp.example.machi-pay");
        assert!(cargo("machi-pay", Path::new("sdk")).unwrap().parse::<toml::Table>().is_ok());
    }
}
