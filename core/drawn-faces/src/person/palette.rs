//! The colours people come in.

use crate::math::{Rgb, blend, scaled};
use crate::random::Random;

const SKIN: [Rgb; 6] = [
    [0.985, 0.865, 0.785],
    [0.955, 0.795, 0.680],
    [0.890, 0.700, 0.555],
    [0.760, 0.560, 0.415],
    [0.590, 0.405, 0.290],
    [0.435, 0.285, 0.205],
];

const HAIR: [Rgb; 9] = [
    [0.085, 0.075, 0.085],
    [0.150, 0.105, 0.085],
    [0.255, 0.165, 0.115],
    [0.400, 0.265, 0.170],
    [0.560, 0.330, 0.170],
    [0.760, 0.590, 0.350],
    [0.620, 0.250, 0.140],
    [0.560, 0.560, 0.580],
    [0.860, 0.850, 0.840],
];

const IRIS: [Rgb; 6] = [
    [0.200, 0.120, 0.075],
    [0.360, 0.215, 0.105],
    [0.500, 0.375, 0.170],
    [0.300, 0.450, 0.285],
    [0.270, 0.460, 0.640],
    [0.430, 0.490, 0.540],
];

pub(crate) const FRAMES: [Rgb; 6] = [
    [0.09, 0.09, 0.10],
    [0.36, 0.20, 0.12],
    [0.62, 0.15, 0.17],
    [0.16, 0.26, 0.46],
    [0.72, 0.60, 0.34],
    [0.52, 0.53, 0.56],
];

pub(crate) fn skin(random: &mut Random) -> Rgb {
    let tone = between(&SKIN, random);
    let warmth = random.range(-0.022, 0.022);
    [tone[0] + warmth, tone[1], tone[2] - warmth]
}

pub(crate) fn hair(random: &mut Random) -> Rgb {
    let colour = if random.chance(0.45) { HAIR[random.index(3)] } else { HAIR[random.index(HAIR.len())] };
    scaled(colour, random.range(0.85, 1.15))
}

pub(crate) fn iris(random: &mut Random) -> Rgb {
    between(&IRIS, random)
}

pub(crate) fn lips(random: &mut Random, skin: Rgb) -> Rgb {
    let red = [skin[0] * 0.86, skin[1] * 0.55, skin[2] * 0.60];
    let painted = [[0.76, 0.16, 0.22], [0.82, 0.36, 0.40], [0.60, 0.17, 0.30]][random.index(3)];
    let paint = if random.chance(0.3) { random.range(0.25, 0.75) } else { 0.0 };
    blend(blend(skin, red, random.range(0.45, 1.0)), painted, paint)
}

fn between(colours: &[Rgb], random: &mut Random) -> Rgb {
    let position = random.range(0.0, (colours.len() - 1) as f32);
    let index = (position as usize).min(colours.len() - 2);
    blend(colours[index], colours[index + 1], position - index as f32)
}
