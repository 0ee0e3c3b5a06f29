//! `tebura plugin build`: the Rust compiler for Wasm, then component encoding, without any other tool.
//!
//! Two ways to a standard library for `wasm32-unknown-unknown`: rustup's, or Debian's compiler that brings the library's
//! source (`rustc-web`, `rust-web-src`). Whichever is there is used; where neither is, the error says what to install.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tebura_plugin_host::{component_digest, encode_component};

use super::super::{Outcome, print};
use super::manifest_of;

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Small, without unwinding: what a sandbox runs.
const PROFILE: [&str; 5] = ["opt-level=\"s\"", "lto=true", "codegen-units=1", "panic=\"abort\"", "strip=true"];

type Failure = Box<dyn Error + Send + Sync>;

/// Writes `FOLDER/NAME.wasm`.
pub(super) fn run(folder: &Path) -> Outcome {
    let (_, manifest) = manifest_of(folder)?;
    let built = build(folder)?;
    let path = folder.join(format!("{}.wasm", built.package));
    std::fs::write(&path, &built.component)?;
    print::line(&format!("built with {}", built.toolchain));
    print::line(&format!(
        "{} {} {}: {} bytes, sha256 {:?}",
        path.display(),
        manifest.id.0,
        manifest.version,
        print::grouped(built.component.len() as u64),
        component_digest(&built.component)
    ));
    print::line(&format!("Next: tebura plugin sign {}", folder.display()));
    Ok(())
}

/// A component, and what made it.
pub(super) struct Built {
    pub(super) package: String,
    pub(super) component: Vec<u8>,
    pub(super) toolchain: String,
}

/// Builds a plugin's component and writes nothing but cargo's own folder.
pub(super) fn build(folder: &Path) -> Result<Built, Failure> {
    let toolchain = Toolchain::find(folder)?;
    let target = match std::env::var_os("TEBURA_GUEST_TARGET") {
        Some(path) => PathBuf::from(path),
        None => std::path::absolute(folder)?.join("target/guest"),
    };
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args([
        "rustc",
        "--quiet",
        "--release",
        "--lib",
        "--crate-type",
        "cdylib",
        "--target",
        TARGET,
    ]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    for setting in PROFILE {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    // Paths of this machine stay out of the component, so that the same toolchain builds the same bytes anywhere.
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let source = std::path::absolute(folder)?.canonicalize()?;
    let mut remap = format!("--remap-path-prefix={}=/plugin", source.display());
    if let Ok(home) = home {
        remap.push_str(&format!(" --remap-path-prefix={home}=/cargo"));
    }
    remap.push_str(&format!(" --remap-path-prefix={}/lib/rustlib/src/rust=/rust", toolchain.sysroot));
    remap.push_str(&format!(" --remap-path-prefix={}=/target", target.display()));
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", remap).env("CARGO_INCREMENTAL", "0");
    cargo.env("CARGO_TARGET_DIR", &target).env("RUSTC", &toolchain.rustc);
    if let Some(linker) = &toolchain.own_library {
        cargo.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    let output = cargo.stderr(std::process::Stdio::inherit()).output().map_err(|error| no_rust(&error))?;
    if !output.status.success() {
        return Err(format!("{} does not build for {TARGET}; correct what cargo says above", folder.display()).into());
    }
    let (package, module) = artifact(&output.stdout)
        .ok_or_else(|| format!("{} builds no library; it needs a src/lib.rs", folder.display()))?;
    let component = encode_component(&std::fs::read(&module)?)?;
    Ok(Built { package, component, toolchain: toolchain.name })
}

/// The last `.wasm` that cargo reports, and the package that it belongs to.
fn artifact(messages: &[u8]) -> Option<(String, String)> {
    let messages = String::from_utf8_lossy(messages);
    messages.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let files = message["filenames"].as_array()?;
        let module = files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".wasm"))?;
        let name = message["target"]["name"].as_str()?.replace('_', "-");
        Some((name, module.to_owned()))
    })
}

/// A compiler with a standard library for Wasm.
struct Toolchain {
    name: String,
    rustc: String,
    sysroot: String,
    /// Set where the library has to be built too: the linker that Debian's compiler does not bring.
    own_library: Option<PathBuf>,
}

impl Toolchain {
    fn find(folder: &Path) -> Result<Toolchain, Failure> {
        let sysroot = ask(folder, "rustc", &["--print", "sysroot"]).map_err(|error| no_rust(&error))?;
        if Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
            let name = ask(folder, "rustc", &["--version"])?;
            return Ok(Toolchain { name, rustc: "rustc".to_owned(), sysroot, own_library: None });
        }
        let missing = || {
            format!(
                "there is no standard library for {TARGET}. Install one of these and try again:\n\
                 \x20 with rustup:          rustup target add {TARGET}\n\
                 \x20 on Debian 12, as root: apt-get install --no-install-recommends rustc-web rust-web-src"
            )
        };
        let debian = ask(folder, DEBIAN_RUSTC, &["--print", "sysroot"]).map_err(|_| missing())?;
        if !Path::new(&debian).join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
            return Err(missing().into());
        }
        let linker = linker(folder, &[&sysroot, &debian]).ok_or(
            "Debian's compiler is here and no linker for Wasm is; install Rust with rustup (https://rustup.rs), whose toolchains carry rust-lld",
        )?;
        let name = format!("{} and its own standard library", ask(folder, DEBIAN_RUSTC, &["--version"])?);
        Ok(Toolchain { name, rustc: DEBIAN_RUSTC.to_owned(), sysroot: debian, own_library: Some(linker) })
    }
}

fn linker(folder: &Path, sysroots: &[&str]) -> Option<PathBuf> {
    let version = ask(folder, "rustc", &["-vV"]).ok()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "))?;
    let places = sysroots.iter().map(|sysroot| Path::new(sysroot).join("lib/rustlib").join(host).join("bin/rust-lld"));
    places.into_iter().find(|path| path.is_file())
}

fn ask(folder: &Path, program: &str, arguments: &[&str]) -> std::io::Result<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output()?;
    if !output.status.success() {
        return Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn no_rust(error: &std::io::Error) -> String {
    format!("the Rust compiler cannot be run ({error}); install Rust: https://rustup.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_the_last_wasm_that_cargo_names() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"serde"},"filenames":["/t/libserde.rlib"]}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"machi_pay"},"filenames":["/t/machi_pay.wasm"]}"#,
            "\nnot json\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = Some(("machi-pay".to_owned(), "/t/machi_pay.wasm".to_owned()));
        assert_eq!(artifact(messages.as_bytes()), found);
        assert_eq!(artifact(b"{}"), None);
    }
}
