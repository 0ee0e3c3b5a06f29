//! A sample: what one camera picture yields, or why it yields nothing.
//!
//! Absent: the picture itself, which is never kept.

use crate::conditions::Conditions;
use crate::liveness::Liveness;
use crate::template::Template;

/// A face's place in the upright picture, in pixels; corners may lie outside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x0: f32,
    /// Upper edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Lower edge.
    pub y1: f32,
}

impl FaceBox {
    /// Returns the width in pixels, never negative.
    #[must_use]
    pub fn width(&self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Returns the height in pixels, never negative.
    #[must_use]
    pub fn height(&self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// Returns the area in square pixels.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// Returns intersection over union with another box, 0..=1.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f32 {
        let both = Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
        .area();
        let union = self.area() + other.area() - both;
        if union > 0.0 { both / union } else { 0.0 }
    }
}

/// What was measured of the picture on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The detector's confidence, 0..=1.
    pub detector_score: f32,
    /// Mean luma inside the face box, 0 (black) ..= 1 (white).
    pub brightness: f32,
    /// Distance between the eyes, in pixels of the picture.
    pub eye_distance_px: f32,
    /// How far the nose is off the middle between the eyes, along the line between them, in eye distances: positive
    /// towards the right of the picture, which is the person's own left.
    pub turn: f32,
}

/// One face of one picture, ready to be compared.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The face as the pack's embedder sees it.
    pub template: Template,
    /// Whether it is taken for a living one.
    pub liveness: Liveness,
    /// Where it is.
    pub face: FaceBox,
    /// What was measured.
    pub quality: Quality,
    /// What it wears.
    pub conditions: Conditions,
}

/// Why a picture yields no sample, in the order of the checks.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SampleRefusal {
    /// More bytes than a camera picture needs.
    #[error("the image has {bytes} bytes and the limit is {limit}")]
    TooManyBytes {
        /// Bytes received.
        bytes: u64,
        /// The most that is accepted.
        limit: u64,
    },
    /// Not PNG, JPEG or WebP, or broken beyond its header.
    #[error("this is not a PNG, JPEG or WebP image")]
    NotAnImage,
    /// The header asks for more pixels than the limit; nothing was decoded.
    #[error("the image has {pixels} pixels and the limit is {limit}")]
    TooManyPixels {
        /// Pixels that the header declares.
        pixels: u64,
        /// The most that is accepted.
        limit: u64,
    },
    /// The image ends before its last row.
    #[error("the image is cut off before its end")]
    Truncated,
    /// The picture itself is too small to hold a usable face.
    #[error("the image is {width}×{height} and its shorter side must have at least {least} pixels")]
    TooSmall {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Least shorter side.
        least: u32,
    },
    /// Too little light to find or compare a face.
    #[error("the picture is too dark")]
    TooDark,
    /// No face was found.
    #[error("no face was found")]
    NoFace,
    /// More than one face is large enough to be meant.
    #[error("{count} faces are in the picture and it must be one")]
    SeveralFaces {
        /// Faces found.
        count: usize,
    },
    /// The face has too few pixels.
    #[error("the face is too far away: its eyes are {eye_distance_px:.0} pixels apart")]
    StepCloser {
        /// Distance between the eyes in pixels.
        eye_distance_px: f32,
    },
    /// The face is cut by the picture's edge.
    #[error("the face does not fit into the picture")]
    StepBack,
    /// All workers are busy and the queue is full.
    #[error("the face engine is busy, try again in {retry_after_ms} ms")]
    EngineBusy {
        /// When a place is likely to be free.
        retry_after_ms: u64,
    },
    /// A model failed on a picture that is in order.
    #[error("the face engine failed: {0}")]
    Engine(String),
}

impl SampleRefusal {
    /// Returns the stable code of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyBytes { .. } => "image.too_many_bytes",
            Self::NotAnImage => "image.not_an_image",
            Self::TooManyPixels { .. } => "image.too_many_pixels",
            Self::Truncated => "image.truncated",
            Self::TooSmall { .. } => "image.too_small",
            Self::TooDark => "face.too_dark",
            Self::NoFace => "face.none",
            Self::SeveralFaces { .. } => "face.several",
            Self::StepCloser { .. } => "face.step_closer",
            Self::StepBack => "face.step_back",
            Self::EngineBusy { .. } => "engine.busy",
            Self::Engine(_) => "engine.failed",
        }
    }

    /// Returns what the person or the caller can do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::TooManyBytes { .. } => "Send one camera picture, 640×480 is enough.",
            Self::NotAnImage => "Send the bytes of a PNG, JPEG or WebP file.",
            Self::TooManyPixels { .. } => "Scale the picture down before sending it; 640×480 is enough.",
            Self::Truncated => "Send the whole file again.",
            Self::TooSmall { .. } => "Send a larger picture, 640×480 is enough.",
            Self::TooDark => "Turn on a light, or face the window.",
            Self::NoFace => "Look into the camera with the whole face in the picture.",
            Self::SeveralFaces { .. } => "Step before the camera alone.",
            Self::StepCloser { .. } => "Step closer to the camera.",
            Self::StepBack => "Step back until head and shoulders are in the picture.",
            Self::EngineBusy { .. } => "Wait for the time given and try again.",
            Self::Engine(_) => "Try again; if it stays, run `tebura pack check` on the installed pack.",
        }
    }

    /// Tells whether the very same picture may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::EngineBusy { .. } => true,
            Self::TooManyBytes { .. }
            | Self::NotAnImage
            | Self::TooManyPixels { .. }
            | Self::Truncated
            | Self::TooSmall { .. }
            | Self::TooDark
            | Self::NoFace
            | Self::SeveralFaces { .. }
            | Self::StepCloser { .. }
            | Self::StepBack
            | Self::Engine(_) => false,
        }
    }
}
