//! Times a search among 100,000 templates: `search [dims]`

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
    for subject in 0..PEOPLE {
        gallery.insert(u128::from(subject), &template()?)?;
    }
    let mut durations = Vec::with_capacity(SEARCHES);
    for _ in 0..SEARCHES {
        let probe = template()?;
        let started = now();
        let found = gallery.search(&probe, |_| true);
        durations.push(started.elapsed());
        assert!(found.second.is_some());
    }
    durations.sort();
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    println!(
        "{PEOPLE} templates of {dims}: median {:.2} ms, least {:.2} ms, p99 {:.2} ms",
        ms(durations[SEARCHES / 2]),
        ms(durations[0]),
        ms(durations[SEARCHES * 99 / 100])
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}
