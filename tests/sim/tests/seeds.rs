//! Seeds: a few hundred new ones, those that failed once, the same one twice, and planted defects that must be found.

use tebura_sim::defect::Defect;
use tebura_sim::{Options, simulate};

/// Seeds of every check. More: `just sim 10000`.
const SEEDS: u64 = 200;

fn all_well(seeds: impl Iterator<Item = u64>) {
    let failures: Vec<String> =
        seeds.filter_map(|seed| simulate(seed, Options::default()).err()).map(|failure| failure.to_string()).collect();
    assert!(failures.is_empty(), "{} seeds failed\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn a_few_hundred_seeds_end_well() {
    all_well(0..SEEDS);
}

#[test]
fn seeds_that_failed_once_end_well() {
    let seeds: Vec<u64> = include_str!("../seeds.txt")
        .lines()
        .filter_map(|line| line.split('#').next())
        .filter_map(|word| word.trim().parse().ok())
        .collect();
    assert!(!seeds.is_empty(), "seeds.txt has a number a line");
    all_well(seeds.into_iter());
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let mut hashes = std::collections::BTreeSet::new();
    for seed in 1_000..1_010 {
        let (first, again) = (simulate(seed, Options::default()).unwrap(), simulate(seed, Options::default()).unwrap());
        assert_eq!((&first.hash, &first.trace), (&again.hash, &again.trace), "seed {seed}");
        hashes.insert(first.hash);
    }
    assert_eq!(hashes.len(), 10, "other seeds give other runs");
}

/// Runs seeds with a planted defect until one fails; says how many it took.
fn seeds_until_found(defect: Defect) -> u64 {
    let options = Options { defect: Some(defect), ..Options::default() };
    let found = (0..100).find(|seed| simulate(*seed, options).is_err());
    1 + found.unwrap_or_else(|| panic!("{} was planted and not found", defect.name()))
}

#[test]
fn every_planted_defect_is_found() {
    for defect in Defect::ALL {
        println!("{}: found by seed {}", defect.name(), seeds_until_found(defect));
    }
}
