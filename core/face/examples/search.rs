//! Times a search among 100,000 templates, and comparing the probe with each of them in full: `search [dims]`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::time::{Duration, Instant};

use tebura_face::{Gallery, Template};

const PEOPLE: u32 = 100_000;
const SEARCHES: usize = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dims: usize = std::env::args().nth(1).map_or(Ok(128), |text| text.parse())?;
    let mut state = 1_u64;
    let mut template = || {
        let values = (0..dims)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect();
        Template::from_raw(values)
    };
    let mut gallery = Gallery::new(dims);
    let mut everybody = Vec::with_capacity(PEOPLE as usize);
    for subject in 0..PEOPLE {
        let template = template()?;
        gallery.insert(u128::from(subject), &template)?;
        everybody.push(template);
    }
    let mut searches = Vec::with_capacity(SEARCHES);
    let mut in_full = Vec::with_capacity(SEARCHES);
    for _ in 0..SEARCHES {
        let probe = template()?;
        let started = now();
        let found = gallery.search(&probe, |_| true);
        searches.push(started.elapsed());
        let started = now();
        let nearest = everybody.iter().map(|template| probe.similarity(template)).max();
        in_full.push(started.elapsed());
        assert_eq!(found.best.map(|best| best.similarity), nearest);
    }
    print("search", dims, &mut searches);
    print("in full", dims, &mut in_full);
    Ok(())
}

fn print(what: &str, dims: usize, durations: &mut [Duration]) {
    durations.sort();
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    println!(
        "{what}, {PEOPLE} templates of {dims}: median {:.2} ms, least {:.2} ms, p99 {:.2} ms",
        ms(durations[durations.len() / 2]),
        ms(durations[0]),
        ms(durations[durations.len() * 99 / 100])
    );
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}
