//! `sim [--from N] [--seeds N] [--seed N] [--trace] [--defect NAME]`: runs seeds and says which went wrong.

use std::process::ExitCode;

use tebura_sim::check::Counts;
use tebura_sim::defect::Defect;
use tebura_sim::{Options, simulate};

const USAGE: &str = "usage: sim [--from N] [--seeds N] [--seed N] [--trace] [--defect NAME]";

struct Arguments {
    from: u64,
    seeds: u64,
    options: Options,
}

fn read(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut arguments = Arguments { from: 0, seeds: 1_000, options: Options::default() };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--from" => arguments.from = words.next()?.parse().ok()?,
            "--seeds" => arguments.seeds = words.next()?.parse().ok()?,
            "--seed" => (arguments.from, arguments.seeds) = (words.next()?.parse().ok()?, 1),
            "--trace" => arguments.options.whole_trace = true,
            "--defect" => arguments.options.defect = Some(Defect::from_name(&words.next()?)?),
            _ => return None,
        }
    }
    Some(arguments)
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line")]
fn main() -> ExitCode {
    let Some(Arguments { from, seeds, options }) = read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (mut wrong, mut counts) = (Vec::new(), Counts::default());
    for seed in from..from.saturating_add(seeds) {
        match simulate(seed, options) {
            Ok(report) => {
                if options.whole_trace {
                    report.trace.iter().for_each(|line| println!("{line}"));
                }
                counts.add(&report.counts);
            }
            Err(failure) => {
                println!("{failure}\n");
                wrong.push(seed);
            }
        }
    }
    println!("{seeds} seeds from {from}: {} requests, {} holds", counts.requests, counts.holds);
    println!("{:>10} {:>9} {:>9} {:>9}", "", "settled", "declined", "unknown");
    for (kind, [settled, declined, unknown]) in counts.operations {
        println!("{kind:>10} {settled:>9} {declined:>9} {unknown:>9}");
    }
    let endings: Vec<String> = counts.contracts.iter().map(|(ending, count)| format!("{ending} {count}")).collect();
    println!("contracts: {}", endings.join(", "));
    if wrong.is_empty() {
        println!("nothing is wrong");
        ExitCode::SUCCESS
    } else {
        println!("wrong: {wrong:?}");
        ExitCode::FAILURE
    }
}
