//! From a file's bytes to pixels, and back to a PNG.

use std::fmt;
use std::io::Cursor;

use png::{BitDepth, ColorType, Limits, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{PIXELS_MAX, Picture, within};
use crate::Unfit;

/// The pixels of a PNG; of an animated one, those of its first image.
pub fn png(file: &[u8]) -> Result<Picture, Unfit> {
    let unfit = |why: &dyn fmt::Display| Unfit(format!("the PNG does not decode: {why}"));
    let limits = Limits { bytes: usize::try_from(PIXELS_MAX).unwrap_or(usize::MAX) };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    // Texts and profiles change no pixel here, and may be bombs of their own.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(|why| unfit(&why))?;
    let (width, height) = reader.info().size();
    within(width, height)?;
    let size = reader.output_buffer_size().ok_or_else(|| unfit(&"it is too large"))?;
    let mut bytes = vec![0; size];
    reader.next_frame(&mut bytes).map_err(|why| unfit(&why))?;
    let (colour, _) = reader.output_color_type();
    Ok(Picture { width, height, channels: colour.samples(), bytes })
}

/// The pixels of a JPEG.
pub fn jpeg(file: &[u8]) -> Result<Picture, Unfit> {
    let unfit = |why: &dyn fmt::Display| Unfit(format!("the JPEG does not decode: {why}"));
    let side_max = usize::from(u16::MAX);
    let options = DecoderOptions::new_safe()
        .set_max_width(side_max)
        .set_max_height(side_max)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|why| unfit(&why))?;
    let info = decoder.info().ok_or_else(|| unfit(&"it has no frame"))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    within(width, height)?;
    let bytes = decoder.decode().map_err(|why| unfit(&why))?;
    Ok(Picture { width, height, channels: 3, bytes })
}

/// A PNG of these pixels.
pub fn encoded(picture: &Picture) -> Result<Vec<u8>, Unfit> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width, picture.height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(if picture.has_alpha() { ColorType::Rgba } else { ColorType::Rgb });
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&picture.bytes));
    written.map_err(|why| Unfit(format!("the preview does not encode: {why}")))?;
    Ok(file)
}
