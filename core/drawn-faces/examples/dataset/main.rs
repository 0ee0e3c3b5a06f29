//! Writes training data for the pack `drawn-demo` as raw arrays: `dataset KIND FIRST COUNT PICTURES OUT [THREADS]`.
//!
//! | KIND | COUNT × PICTURES | files in OUT |
//! |---|---|---|
//! | faces | people × pictures | `crops.u8` \[n,64,64,3\], `points.u8` \[n,64,64,3\], `points.f32` \[n,5,2\] fractions of the crop |
//! | scenes | scenes × 1 | `scenes.u8` \[n,160,160,3\], `scenes.f32` \[n,3,15\]: present, box, landmarks, in net pixels |
//! | attacks | scenes × 1 | `attacks.u8` \[n,64,64,3\], `attacks.f32` \[n\]: 1 for a direct look, 0 for a picture of a picture |
//! | conditions | scenes × 1 | `conditions.u8` \[n,64,64,3\], `conditions.f32` \[n,2\]: glasses, mask; 1 where worn |
//! | kiosk, hard, frontal, screen, print, masked, empty, two | people × takes | `pictures.u8` \[n,480,640,3\], `pictures.f32` \[n,2,15\] as in scenes |

mod align;
mod attacks;
mod conditions;
mod faces;
mod pictures;
mod scenes;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// One thread's share of one kind: bytes and numbers, by file.
#[derive(Default)]
pub(crate) struct Share {
    pub(crate) bytes: Vec<Vec<u8>>,
    pub(crate) numbers: Vec<Vec<f32>>,
}

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kind, first, count, pictures, out, threads) = match arguments.as_slice() {
        [kind, first, count, pictures, out] => (kind, first, count, pictures, out, "2"),
        [kind, first, count, pictures, out, threads] => (kind, first, count, pictures, out, threads.as_str()),
        _ => {
            return Err("usage: dataset KIND FIRST COUNT PICTURES OUT [THREADS]".into());
        }
    };
    let (first, count, pictures, threads): (u64, u64, u64, u64) =
        (first.parse()?, count.parse()?, pictures.parse()?, threads.parse()?);
    let (make, names): (Box<Make<'_>>, Names) = match kind.as_str() {
        "faces" => {
            (Box::new(|person, take| Some(faces::make(person, take))), (&["crops.u8", "points.u8"], &["points.f32"]))
        }
        "scenes" => (Box::new(|id, _| Some(scenes::make(id))), (&["scenes.u8"], &["scenes.f32"])),
        "attacks" => (Box::new(|id, _| Some(attacks::make(id))), (&["attacks.u8"], &["attacks.f32"])),
        "conditions" => (Box::new(|id, _| Some(conditions::make(id))), (&["conditions.u8"], &["conditions.f32"])),
        scene => {
            (Box::new(move |person, take| pictures::make(scene, person, take)), (&["pictures.u8"], &["pictures.f32"]))
        }
    };
    std::fs::create_dir_all(out)?;
    let shares = draw(&*make, first, count, pictures, threads.max(1))?;
    write(Path::new(out), &shares, names)
}

/// Draws number so and so, in its take so and so; `None`: there is no such kind.
type Make<'a> = dyn Fn(u64, u64) -> Option<Share> + Sync + 'a;

type Names = (&'static [&'static str], &'static [&'static str]);

fn draw(make: &Make<'_>, first: u64, count: u64, pictures: u64, threads: u64) -> Result<Vec<Share>, Error> {
    let part = count.div_ceil(threads);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let range = first + (thread * part).min(count)..first + ((thread + 1) * part).min(count);
                scope.spawn(move || {
                    range.flat_map(|id| (0..pictures).map(move |take| make(id, take))).collect::<Option<Vec<_>>>()
                })
            })
            .collect();
        let mut shares = Vec::new();
        for worker in workers {
            let share = worker.join().map_err(|_| "a drawing thread panicked")?;
            shares.extend(share.ok_or("there is no such kind; the head of the example lists them")?);
        }
        Ok(shares)
    })
}

fn write(out: &Path, shares: &[Share], (bytes, numbers): Names) -> Result<(), Error> {
    for (index, name) in bytes.iter().enumerate() {
        let mut file = std::io::BufWriter::new(File::create(out.join(name))?);
        for share in shares {
            file.write_all(&share.bytes[index])?;
        }
    }
    for (index, name) in numbers.iter().enumerate() {
        let mut file = std::io::BufWriter::new(File::create(out.join(name))?);
        for number in shares.iter().flat_map(|share| &share.numbers[index]) {
            file.write_all(&number.to_le_bytes())?;
        }
    }
    Ok(())
}
