# Every task of the repository. `just check` is what CI runs.

# List the tasks.
_default:
    @just --list --unsorted

# Start the demo city on http://127.0.0.1:8080.
demo:
    cargo run --release

# Everything that CI checks; `just check lint tests` runs single steps.
check *steps:
    scripts/check {{ steps }}

# All tests; PostgreSQL's run when its server binaries are installed.
test *args:
    cargo test --workspace {{ args }}

# Only the rules of the repository: arrows, names, lengths, words.
tidy:
    cargo test -p tebura-tests tidy

# Simulates the hub from N seeds: crashes, lost replies, late sweeps. One seed again: just sim 1 --seed 37 --trace
sim seeds="1000" *args:
    cargo run -p tebura-sim -- --seeds {{ seeds }} {{ args }}

# Kills a hub under load so many times on SQLite and on PostgreSQL, and reads its database afterwards.
crash rounds="100":
    TEBURA_CRASH_ROUNDS={{ rounds }} cargo test -p tebura-tests crash:: -- --nocapture

# Formats all Rust code.
fmt:
    cargo fmt --all

# Lints as CI does.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Licences, second versions and sources of dependencies.
deny:
    scripts/check licences

# Builds the plugins to Wasm components and signs them with the demo key.
plugins:
    scripts/build-plugins

# Adds new files below specs/wit to the released ones.
release-specs:
    TEBURA_RELEASE=1 cargo test -p tebura-tests released

# Drives the till page in Chromium.
browser:
    scripts/check browser
