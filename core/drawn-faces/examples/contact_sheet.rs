//! Writes a sheet of drawn people as a PPM picture: `contact_sheet KIND COLUMNS ROWS CELL_WIDTH CELL_HEIGHT FIRST OUT`.
//! KIND is frontal, kiosk, hard, screen, print, two, empty or same (one person per row).

use std::io::Write as _;

use tebura_drawn_faces::{Drawing, Scene};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, columns, rows, width, height, first, out] = arguments.as_slice() else {
        return Err("usage: contact_sheet KIND COLUMNS ROWS CELL_WIDTH CELL_HEIGHT FIRST OUT".into());
    };
    let (columns, rows): (usize, usize) = (columns.parse()?, rows.parse()?);
    let (width, height, first): (usize, usize, u64) = (width.parse()?, height.parse()?, first.parse()?);
    let mut sheet = vec![0u8; columns * width * rows * height * 3];
    for cell in 0..columns * rows {
        let (column, row) = (cell % columns, cell / columns);
        let mut drawing = scene(kind, first, row as u64, column as u64, cell as u64)?.draw(width, height);
        if kind != "frontal" {
            mark(&mut drawing);
        }
        for y in 0..height {
            let from = &drawing.pixels[y * width * 3..(y + 1) * width * 3];
            let start = ((row * height + y) * columns * width + column * width) * 3;
            sheet[start..start + width * 3].copy_from_slice(from);
        }
    }
    let mut file = std::fs::File::create(out)?;
    write!(file, "P6\n{} {}\n255\n", columns * width, rows * height)?;
    file.write_all(&sheet)?;
    Ok(())
}

fn scene(kind: &str, first: u64, row: u64, column: u64, cell: u64) -> Result<Scene, String> {
    Ok(match kind {
        "frontal" => Scene::frontal(first + cell),
        "kiosk" => Scene::kiosk(first + cell, 0),
        "same" => Scene::kiosk(first + row, column),
        "samehard" => Scene::hard(first + row, column),
        "hard" => Scene::hard(first + cell, 0),
        "screen" => Scene::screen_replay(first + cell, 0),
        "print" => Scene::print(first + cell, 0),
        "two" => Scene::two(first + cell, first + cell + 1, 0),
        "empty" => Scene::empty(first + cell),
        other => return Err(format!("unknown kind {other}")),
    })
}

/// Puts a green dot on every landmark.
fn mark(drawing: &mut Drawing) {
    if std::env::var_os("MARK").is_none() {
        return;
    }
    for [x, y] in drawing.faces.iter().flat_map(|face| face.landmarks) {
        for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
            let (column, row) = ((x + dx).round(), (y + dy).round());
            if column >= 0.0 && row >= 0.0 && (column as usize) < drawing.width && (row as usize) < drawing.height {
                let at = (row as usize * drawing.width + column as usize) * 3;
                drawing.pixels[at..at + 3].copy_from_slice(&[0, 255, 0]);
            }
        }
    }
}
