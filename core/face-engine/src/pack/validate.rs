//! From the text of `pack.toml` to recipes that the pipeline can run.

use tebura_face::{LivenessClaim, MatchPolicy, Scope, Similarity, Worn};

use super::error::PackError;
use super::manifest::{
    CheckTable, ClaimWord, ColourWord, ConditionsTable, DetectorDecoder, DetectorTable, EmbedderTable, LandmarksTable,
    LivenessNet, Manifest, PixelsWord, ResizeWord, ScopeWord, ShrinkWord,
};
use crate::align::{Colour, CropShape, InputShape, Shrink};
use crate::box_crop::BoxCrop;
use crate::conditions::ConditionsRecipe;
use crate::detect::{Decoder, DetectorRecipe};
use crate::embed::{EmbedderRecipe, LandmarksRecipe};
use crate::geometry::Point;
use crate::liveness::LivenessRecipe;
use crate::picture::Filter;

/// The format that this program reads.
const FORMAT: u32 = 1;
/// Sides of a network's input: below, no face; above, no camera.
const SIDES: std::ops::RangeInclusive<usize> = 16..=2_048;
/// The largest template of a published embedder is 2,048.
const DIMENSIONS: std::ops::RangeInclusive<usize> = 16..=4_096;
/// More passes than two do not move landmarks any more.
const MOST_PASSES: usize = 4;

/// A pack's values, checked and in the pipeline's own types.
#[derive(Clone, Debug)]
pub(crate) struct Recipes {
    pub(crate) scope: Scope,
    pub(crate) policy: MatchPolicy,
    pub(crate) verify: Similarity,
    pub(crate) claim: LivenessClaim,
    pub(crate) real_at_least: f32,
    pub(crate) detector: DetectorRecipe,
    pub(crate) landmarks: Option<LandmarksRecipe>,
    pub(crate) embedder: EmbedderRecipe,
    pub(crate) liveness: Vec<LivenessRecipe>,
    pub(crate) conditions: Option<ConditionsRecipe>,
}

pub(crate) fn validate(manifest: &Manifest) -> Result<Recipes, PackError> {
    check_words(manifest)?;
    let thresholds = &manifest.thresholds;
    let policy = MatchPolicy::new(thresholds.identify, thresholds.margin)
        .map_err(|error| PackError::field("thresholds", error.to_string()))?;
    let verify = MatchPolicy::new(thresholds.verify, 0.0)
        .map_err(|error| PackError::field("thresholds.verify", error.to_string()))?
        .threshold();
    let (claim, real_at_least) = match &manifest.liveness {
        None => (LivenessClaim::None, 0.0),
        Some(table) => {
            check_liveness(table.nets.is_empty(), table.real_at_least)?;
            let claim = match table.claim {
                ClaimWord::None => LivenessClaim::None,
                ClaimWord::Simulated => LivenessClaim::Simulated,
                ClaimWord::Vendor => LivenessClaim::Model,
            };
            (claim, table.real_at_least)
        }
    };
    Ok(Recipes {
        scope: match manifest.scope {
            ScopeWord::DrawnFacesOnly => Scope::DrawnFacesOnly,
            ScopeWord::People => Scope::People,
        },
        policy,
        verify,
        claim,
        real_at_least,
        detector: detector(&manifest.detector)?,
        landmarks: manifest.landmarks.as_ref().map(landmarks).transpose()?,
        embedder: embedder(&manifest.embedder)?,
        liveness: manifest
            .liveness
            .iter()
            .flat_map(|table| &table.nets)
            .enumerate()
            .map(|(index, net)| liveness(index, net))
            .collect::<Result<_, _>>()?,
        conditions: manifest.conditions.as_ref().map(conditions).transpose()?,
    })
}

fn check_words(manifest: &Manifest) -> Result<(), PackError> {
    if manifest.format != FORMAT {
        return Err(PackError::field("format", format!("is {} and this program reads {FORMAT}", manifest.format)));
    }
    let name_is_plain = !manifest.name.is_empty()
        && manifest.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !name_is_plain {
        return Err(PackError::field("name", "must be lower-case letters, digits and dashes"));
    }
    for (field, text) in [
        ("version", &manifest.version),
        ("licence", &manifest.licence),
        ("source", &manifest.source),
        ("training_data", &manifest.training_data),
        ("thresholds.measured_on", &manifest.thresholds.measured_on),
    ]
    .into_iter()
    .chain(manifest.conditions.iter().map(|table| ("conditions.note", &table.note)))
    {
        if text.trim().is_empty() {
            return Err(PackError::field(field, "is empty; a pack must say it"));
        }
    }
    for point in &manifest.thresholds.curve {
        let fits = (0.0..=1.0).contains(&point.fmr)
            && (0.0..=1.0).contains(&point.fnmr)
            && (-1.0..=1.0).contains(&point.threshold);
        if !fits {
            return Err(PackError::field("thresholds.curve", "has rates outside 0..1 or a threshold outside -1..1"));
        }
    }
    check_file("golden.file", &manifest.golden.file)?;
    let golden = &manifest.golden;
    if !(golden.landmark_px > 0.0 && golden.embedding > 0.0 && golden.score > 0.0) {
        return Err(PackError::field("golden", "needs tolerances above 0"));
    }
    match &manifest.check {
        CheckTable::Drawn { people, pictures, .. } if *people < 2 || *pictures < 2 => {
            Err(PackError::field("check", "needs at least 2 people and 2 pictures of each to form pairs"))
        }
        CheckTable::Images { folder, .. } => check_file("check.folder", folder),
        CheckTable::Drawn { .. } | CheckTable::None {} => Ok(()),
    }
}

fn check_liveness(has_no_nets: bool, real_at_least: f32) -> Result<(), PackError> {
    if has_no_nets {
        return Err(PackError::field("liveness.nets", "is empty; leave the whole table [liveness] out instead"));
    }
    if real_at_least > 0.0 && real_at_least < 1.0 {
        Ok(())
    } else {
        Err(PackError::field("liveness.real_at_least", "must be above 0 and below 1"))
    }
}

fn detector(table: &DetectorTable) -> Result<DetectorRecipe, PackError> {
    check_model("detector", &table.file, &table.sha256)?;
    let fail = |field: &str, problem: &str| Err(PackError::field(format!("detector.{field}"), problem));
    let strides_fit = !table.strides.is_empty()
        && table.strides.iter().all(|&s| s > 0 && table.width.is_multiple_of(s) && table.height.is_multiple_of(s));
    if !strides_fit {
        return fail("strides", "must each divide width and height");
    }
    if !(1..=16).contains(&table.anchors) {
        return fail("anchors", "must be 1 to 16");
    }
    if !(table.score > 0.0 && table.score < 1.0) {
        return fail("score", "must be above 0 and below 1");
    }
    if !(0.0..1.0).contains(&table.nms_iou) {
        return fail("nms_iou", "must be 0 or more and below 1");
    }
    if !(1..=100_000).contains(&table.top_k) {
        return fail("top_k", "must be 1 to 100000");
    }
    if !(table.max_upscale >= 1.0 && table.max_upscale <= 16.0) {
        return fail("max_upscale", "must be 1 to 16");
    }
    Ok(DetectorRecipe {
        input: input("detector", (table.width, table.height), table.colour, table.mean, table.std, table.pixels)?,
        decoder: match table.decoder {
            DetectorDecoder::Yunet => Decoder::Yunet,
            DetectorDecoder::Scrfd => Decoder::Scrfd { anchors: table.anchors },
        },
        strides: table.strides.clone(),
        filter: filter(table.resize),
        max_upscale: table.max_upscale,
        least_score: table.score,
        nms_iou: table.nms_iou,
        top_k: table.top_k,
    })
}

fn landmarks(table: &LandmarksTable) -> Result<LandmarksRecipe, PackError> {
    check_model("landmarks", &table.file, &table.sha256)?;
    if !(1..=MOST_PASSES).contains(&table.passes) {
        return Err(PackError::field("landmarks.passes", format!("must be 1 to {MOST_PASSES}")));
    }
    Ok(LandmarksRecipe {
        input: input("landmarks", (table.width, table.height), table.colour, table.mean, table.std, table.pixels)?,
        crop: crop("landmarks", table.width, table.height, &table.template, table.shrink)?,
        passes: table.passes,
    })
}

fn embedder(table: &EmbedderTable) -> Result<EmbedderRecipe, PackError> {
    check_model("embedder", &table.file, &table.sha256)?;
    if !DIMENSIONS.contains(&table.dimensions) {
        return Err(PackError::field("embedder.dimensions", "must be 16 to 4096"));
    }
    Ok(EmbedderRecipe {
        input: input("embedder", (table.width, table.height), table.colour, table.mean, table.std, table.pixels)?,
        crop: crop("embedder", table.width, table.height, &table.template, table.shrink)?,
        dimensions: table.dimensions,
        flip_average: table.flip_average,
    })
}

fn liveness(index: usize, net: &LivenessNet) -> Result<LivenessRecipe, PackError> {
    let table = format!("liveness.nets[{index}]");
    check_model(&table, &net.file, &net.sha256)?;
    let input = input(&table, (net.width, net.height), net.colour, net.mean, net.std, net.pixels)?;
    let crop = box_crop(&table, input, net.resize, (net.min_crop_scale, net.crop_scale))?;
    Ok(LivenessRecipe { crop, real_index: net.real_index })
}

fn conditions(table: &ConditionsTable) -> Result<ConditionsRecipe, PackError> {
    check_model("conditions", &table.file, &table.sha256)?;
    let words = || Worn::ALL.map(Worn::word).join(" or ");
    let outputs: Option<Vec<Worn>> = table.outputs.iter().map(|word| Worn::from_word(word)).collect();
    let outputs = outputs.filter(|outputs| {
        let each_once = outputs.iter().enumerate().all(|(index, worn)| !outputs[..index].contains(worn));
        !outputs.is_empty() && each_once
    });
    let outputs = outputs.ok_or_else(|| {
        PackError::field("conditions.outputs", format!("must name what each output stands for, each once: {}", words()))
    })?;
    if !(table.worn_at_least > 0.0 && table.worn_at_least < 1.0) {
        return Err(PackError::field("conditions.worn_at_least", "must be above 0 and below 1"));
    }
    let input = input("conditions", (table.width, table.height), table.colour, table.mean, table.std, table.pixels)?;
    let crop = box_crop("conditions", input, table.resize, (table.min_crop_scale, table.crop_scale))?;
    Ok(ConditionsRecipe { crop, outputs, worn_at_least: table.worn_at_least })
}

fn box_crop(
    table: &str,
    input: InputShape,
    resize: ResizeWord,
    (least_crop_scale, crop_scale): (f32, f32),
) -> Result<BoxCrop, PackError> {
    let fit = (1.0..=16.0).contains(&crop_scale) && (0.0..=crop_scale).contains(&least_crop_scale);
    if !fit {
        return Err(PackError::field(table, "needs crop_scale of 1 to 16 and min_crop_scale of 0 to crop_scale"));
    }
    Ok(BoxCrop { input, filter: filter(resize), crop_scale, least_crop_scale })
}

fn check_model(table: &str, file: &str, sha256: &str) -> Result<(), PackError> {
    check_file(&format!("{table}.file"), file)?;
    let is_hex = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex {
        Ok(())
    } else {
        Err(PackError::field(format!("{table}.sha256"), "must be 64 lower-case hexadecimal digits (sha256sum FILE)"))
    }
}

fn check_file(field: &str, file: &str) -> Result<(), PackError> {
    let is_plain = !file.is_empty() && !file.starts_with('.') && !file.contains(['/', '\\', ':', '\0']);
    if is_plain {
        Ok(())
    } else {
        Err(PackError::field(field, "must be a plain name inside the pack's folder, without / or leading dot"))
    }
}

fn input(
    table: &str,
    (width, height): (usize, usize),
    colour: ColourWord,
    mean: [f32; 3],
    std: [f32; 3],
    pixels: PixelsWord,
) -> Result<InputShape, PackError> {
    if !(SIDES.contains(&width) && SIDES.contains(&height)) {
        return Err(PackError::field(format!("{table}.width/height"), "must be 16 to 2048 pixels"));
    }
    let usable =
        mean.iter().all(|value| value.is_finite()) && std.iter().all(|value| value.is_finite() && *value > 0.0);
    if !usable {
        return Err(PackError::field(format!("{table}.mean/std"), "must be finite, and std above 0"));
    }
    let colour = match colour {
        ColourWord::Rgb => Colour::Rgb,
        ColourWord::Bgr => Colour::Bgr,
    };
    Ok(InputShape { width, height, colour, mean, std, whole: matches!(pixels, PixelsWord::Whole) })
}

fn crop(
    table: &str,
    width: usize,
    height: usize,
    template: &[[f32; 2]; 5],
    shrink: ShrinkWord,
) -> Result<CropShape, PackError> {
    let inside = template.iter().all(|[x, y]| (0.0..=width as f32).contains(x) && (0.0..=height as f32).contains(y));
    let template = template.map(|[x, y]| Point { x, y });
    let [left_eye, right_eye, _, left_mouth, right_mouth] = template;
    let upright = left_eye.x < right_eye.x
        && left_mouth.x < right_mouth.x
        && left_eye.y < left_mouth.y
        && right_eye.y < right_mouth.y;
    if !(inside && upright) {
        return Err(PackError::field(
            format!("{table}.template"),
            "must be left eye, right eye, nose, left and right mouth corner as seen, in crop pixels",
        ));
    }
    let shrink = match shrink {
        ShrinkWord::None => Shrink::None,
        ShrinkWord::Halve => Shrink::Halve,
    };
    Ok(CropShape { width, height, template, shrink })
}

fn filter(resize: ResizeWord) -> Filter {
    match resize {
        ResizeWord::Bilinear => Filter::Bilinear,
        ResizeWord::Area => Filter::Area,
    }
}
