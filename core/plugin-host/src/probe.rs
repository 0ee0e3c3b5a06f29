//! Compiling a component in a process of its own, under limits, before the hub compiles it.
//!
//! A component can be written so that compiling it takes for ever or all memory, and that is no fault of the compiler's. So
//! another process tries first: with limits on time and memory, and with nothing in it that is worth stealing. What it
//! compiled, the hub compiles once more. Twice the work at each installation buys that no compiled code is ever taken from
//! a file or a pipe, which would be native code that nobody checked.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::component::Component;

use crate::contract::printable;
use crate::engine::{self, Metering, Slots};
use crate::limits;

/// What the process that tries may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeLimits {
    /// Of all its threads together.
    pub cpu_seconds: u64,
    /// Of addresses; the program itself, its threads' stacks and the compiler.
    pub memory_mib: u64,
}

impl Default for ProbeLimits {
    /// A component of 100 kB takes a tenth of a second and some 100 MiB.
    fn default() -> Self {
        Self { cpu_seconds: 20, memory_mib: 4096 }
    }
}

/// The program that tries, and its arguments: it calls [`probe`].
#[derive(Clone, Debug)]
pub struct Prober {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

/// How long the other process may take, waiting included.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Prober {
    /// Has the other process compile a component.
    ///
    /// # Errors
    /// Why it did not, for the operator.
    pub(crate) fn try_out(&self, component: &[u8]) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("the process that compiles cannot be run: {error}");
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            // Nothing of the hub's goes along: no key, no address of a database.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A process that ended early says why by how it ended.
            let _ = stdin.write_all(component);
        }
        let status = wait(&mut child).map_err(failed)?;
        let mut said = String::new();
        if let Some(stdout) = child.stdout.take() {
            let _ = stdout.take(4096).read_to_string(&mut said);
        }
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(ended(status, &said)),
            None => Err(format!("compiling it was not over after {} s", PATIENCE.as_secs())),
        }
    }
}

/// Waits, and ends what does not end by itself. `None`: it had to be ended.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let looks = PATIENCE.as_millis() / LOOK_EVERY.as_millis();
    for _ in 0..looks {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(LOOK_EVERY);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn ended(status: ExitStatus, said: &str) -> String {
    let said = printable(said.trim(), limits::MESSAGE_CHARS);
    if said.is_empty() { format!("compiling it took more time or memory than is allowed ({status})") } else { said }
}

/// What the other process does: limits itself, then compiles the component that it reads.
///
/// # Errors
/// Why it cannot be compiled. Where a limit ends the process nothing is returned.
pub fn probe(limits: ProbeLimits, component: impl std::io::Read) -> Result<(), String> {
    let limit = |resource, most: u64| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|error| format!("a limit cannot be set: {error}"))
    };
    limit(Resource::Core, 0)?;
    limit(Resource::Cpu, limits.cpu_seconds)?;
    limit(Resource::As, limits.memory_mib << 20)?;
    let mut bytes = Vec::new();
    let most = crate::limits::COMPONENT_BYTES as u64;
    component.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let (engine, _) = engine::start(Metering::Fuel, Slots::OnDemand, 1).map_err(|error| error.to_string())?;
    match Component::from_binary(&engine, &bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(printable(error.root_cause(), crate::limits::MESSAGE_CHARS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prober(script: &str) -> Prober {
        Prober { program: "/bin/sh".into(), arguments: vec!["-c".to_owned(), script.to_owned()] }
    }

    #[test]
    fn how_the_other_process_ended_is_told() {
        assert_eq!(prober("cat >/dev/null").try_out(b"component"), Ok(()));
        assert_eq!(prober("cat >/dev/null; echo no; exit 1").try_out(b""), Err("no".to_owned()));
        let killed = prober("kill -9 $$").try_out(&[0; 1 << 20]).unwrap_err();
        assert!(killed.starts_with("compiling it took more time or memory than is allowed (signal: 9"), "{killed}");
        let none = Prober { program: "/nowhere".into(), arguments: Vec::new() }.try_out(b"").unwrap_err();
        assert!(none.starts_with("the process that compiles cannot be run"), "{none}");
    }

    #[test]
    fn nothing_of_the_hubs_goes_along() {
        assert_eq!(prober("cat >/dev/null; test -z \"$CARGO_MANIFEST_DIR\"").try_out(b""), Ok(()));
    }
}
