//! The one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tebura_server::cli::main()
}
