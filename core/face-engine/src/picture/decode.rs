//! From a file's bytes to an upright picture, with every limit checked before memory is taken.
//!
//! The pixels handed out and the decoder's output are wiped after use; absent: wiping the decoders' own rows.

use std::io::Cursor;

use image::error::ImageError;
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageFormat, ImageReader, Limits};
use tebura_face::SampleRefusal;
use zeroize::Zeroizing;

use super::{CHANNELS, Picture};

/// Ten mebibytes hold any JPEG of the pixels below; a camera's 640×480 has a hundredth.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Twenty-five megapixels are a good phone's whole sensor.
const MOST_PIXELS: u64 = 25_000_000;
/// The widest pixel that the decoders give: RGBA of 16 bits.
const WIDEST_PIXEL: u64 = 8;
/// The least shorter side: a face that fills it has eyes about 25 pixels apart.
const LEAST_SIDE: u32 = 64;

/// Decodes one PNG, JPEG or WebP file and turns it as its EXIF orientation says.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, SampleRefusal> {
    if bytes.len() > MOST_BYTES {
        return Err(SampleRefusal::TooManyBytes { bytes: bytes.len() as u64, limit: MOST_BYTES as u64 });
    }
    read_upright(bytes)
}

/// Decodes without the limit on the file's bytes, for pictures that lie in a pack.
pub(crate) fn read_upright(bytes: &[u8]) -> Result<Picture, SampleRefusal> {
    let format = image::guess_format(bytes).map_err(|_| SampleRefusal::NotAnImage)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(SampleRefusal::NotAnImage);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // Only the header is read here; the reader's own limits would hide its numbers behind an error.
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        return Err(SampleRefusal::TooManyPixels { pixels, limit: MOST_PIXELS });
    }
    if width.min(height) < LEAST_SIDE {
        return Err(SampleRefusal::TooSmall { width, height, least: LEAST_SIDE });
    }
    if is_cut_off(bytes, format) {
        return Err(SampleRefusal::Truncated);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_PIXELS * WIDEST_PIXEL * 2);
    decoder.set_limits(limits).map_err(refusal)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let colour = decoder.color_type();
    let size = usize::try_from(decoder.total_bytes()).map_err(|_| SampleRefusal::NotAnImage)?;
    let mut raw = Zeroizing::new(vec![0_u8; size]);
    decoder.read_image(&mut raw).map_err(refusal)?;
    upright(&raw, colour, width as usize, height as usize, orientation)
}

fn upright(
    raw: &[u8],
    colour: ColorType,
    width: usize,
    height: usize,
    orientation: Orientation,
) -> Result<Picture, SampleRefusal> {
    let stride = usize::from(colour.bytes_per_pixel());
    let turned = matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    let (new_width, new_height) = if turned { (height, width) } else { (width, height) };
    let mut rgb = Vec::with_capacity(new_width * new_height * CHANNELS);
    for y in 0..new_height {
        for x in 0..new_width {
            let (from_x, from_y) = source(orientation, x, y, width, height);
            let at = (from_y * width + from_x) * stride;
            rgb.extend(rgb_of(colour, &raw[at..at + stride]).ok_or(SampleRefusal::NotAnImage)?);
        }
    }
    Picture::from_rgb(new_width, new_height, rgb).map_err(|_| SampleRefusal::NotAnImage)
}

/// Tells which pixel of the stored picture stands at (x, y) of the upright one.
fn source(orientation: Orientation, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
    let (right, bottom) = (width - 1, height - 1);
    match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (right - x, y),
        Orientation::Rotate180 => (right - x, bottom - y),
        Orientation::FlipVertical => (x, bottom - y),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (y, bottom - x),
        Orientation::Rotate270FlipH => (right - y, bottom - x),
        Orientation::Rotate270 => (right - y, x),
    }
}

/// Gives the RGB of one stored pixel; 16-bit values are in the machine's byte order.
fn rgb_of(colour: ColorType, pixel: &[u8]) -> Option<[u8; CHANNELS]> {
    let high = |channel: usize| (u16::from_ne_bytes([pixel[channel * 2], pixel[channel * 2 + 1]]) >> 8) as u8;
    Some(match (colour.has_color(), colour.bytes_per_pixel() / colour.channel_count()) {
        (false, 1) => [pixel[0]; CHANNELS],
        (true, 1) => [pixel[0], pixel[1], pixel[2]],
        (false, 2) => [high(0); CHANNELS],
        (true, 2) => [high(0), high(1), high(2)],
        // Floating point, which none of the accepted formats has.
        _ => return None,
    })
}

/// Finds a file that ends early where its decoder would fill the rest with grey.
fn is_cut_off(bytes: &[u8], format: ImageFormat) -> bool {
    if format == ImageFormat::Png {
        return !png_ends(bytes);
    }
    if format == ImageFormat::Jpeg {
        return !jpeg_ends(bytes);
    }
    if format == ImageFormat::WebP {
        let declared = bytes.get(4..8).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
        return declared.is_none_or(|size| (bytes.len() as u64) < u64::from(size) + 8);
    }
    false
}

/// Walks a PNG's chunks to its last one (PNG, third edition, section 5.3).
fn png_ends(bytes: &[u8]) -> bool {
    const SIGNATURE: usize = 8;
    const AROUND_DATA: usize = 12;
    let mut at = SIGNATURE;
    while let Some([a, b, c, d, kind @ ..]) = bytes.get(at..at + 8) {
        let Ok(length) = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])) else { return false };
        at = at.saturating_add(length).saturating_add(AROUND_DATA);
        if kind == b"IEND" {
            return at <= bytes.len();
        }
    }
    false
}

/// Walks a JPEG's segments and scans to its end-of-image marker (ITU-T T.81, Annex B).
fn jpeg_ends(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    let mut at = 2;
    while let Some(marker) = bytes.get(at..at + 2) {
        match marker {
            [0xFF, END] => return true,
            // Fill byte, stuffed byte, restart marker, or data of a scan: no length follows.
            [0xFF, 0xFF] => at += 1,
            [0xFF, 0x00 | 0x01 | 0xD0..=0xD8] => at += 2,
            [0xFF, _] => {
                let Some(length) = bytes.get(at + 2..at + 4) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            }
            _ => at += 1,
        }
    }
    false
}

fn refusal(error: ImageError) -> SampleRefusal {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => SampleRefusal::Truncated,
        ImageError::Decoding(error) if says_cut_off(&error.to_string()) => SampleRefusal::Truncated,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Limits(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => SampleRefusal::NotAnImage,
    }
}

/// The decoders wrap an early end into an error of their own and leave only its words.
fn says_cut_off(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["unexpected end", "unexpected eof", "unexpectedeof", "premature", "exhausted"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters in an `A B / C D` grid name the corners of the stored picture.
    #[track_caller]
    fn check(orientation: Orientation, expected: [u8; 6]) {
        let raw = *b"ABCDEF";
        let picture = upright(&raw, ColorType::L8, 3, 2, orientation).unwrap();
        let seen: Vec<u8> = picture.rgb().chunks(CHANNELS).map(|pixel| pixel[0]).collect();
        assert_eq!(seen, expected, "{orientation:?}");
    }

    #[test]
    fn turns_as_exif_says() {
        check(Orientation::NoTransforms, *b"ABCDEF");
        check(Orientation::FlipHorizontal, *b"CBAFED");
        check(Orientation::Rotate180, *b"FEDCBA");
        check(Orientation::FlipVertical, *b"DEFABC");
        check(Orientation::Rotate90, *b"DAEBFC");
        check(Orientation::Rotate270, *b"CFBEAD");
        check(Orientation::Rotate90FlipH, *b"ADBECF");
        check(Orientation::Rotate270FlipH, *b"FCEBDA");
    }

    #[test]
    fn turns_as_the_image_crate_does() {
        let exif = |value: u8| Orientation::from_exif(value).unwrap();
        for value in 1..=8 {
            let raw = *b"ABCDEF";
            let mut stored = image::DynamicImage::ImageLuma8(image::GrayImage::from_raw(3, 2, raw.to_vec()).unwrap());
            stored.apply_orientation(exif(value));
            let ours = upright(&raw, ColorType::L8, 3, 2, exif(value)).unwrap();
            assert_eq!(ours.rgb(), stored.to_rgb8().as_raw().as_slice(), "EXIF {value}");
        }
    }

    #[test]
    fn wide_pixels_keep_their_high_byte() {
        let raw: Vec<u8> = [0x12FF_u16, 0x34FF, 0x56FF].iter().flat_map(|v| v.to_ne_bytes()).collect();
        let picture = upright(&raw, ColorType::Rgb16, 1, 1, Orientation::NoTransforms).unwrap();
        assert_eq!(picture.rgb(), [0x12, 0x34, 0x56]);
    }
}
