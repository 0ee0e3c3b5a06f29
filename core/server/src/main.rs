//! The one binary.

use std::process::ExitCode;

/// Small objects that one thread makes and another frees: a request and its answer cross to the writer and back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tebura_server::cli::main()
}
