//! Pictures of images, as PNGs: a preview whose longer side has exactly 500 pixels (event-workers, section 10), and
//! larger ones for a page, which are never larger than the image.
//!
//! Decoders are where strangers' bytes do the most. Limits stand before work: the header is read first, and an image that
//! claims too many pixels is never decoded.

mod decode;
mod scale;

use domain::content::image;
use domain::content::look::Look;

use crate::Unfit;

/// An image of more pixels has no picture: decoded it would take four bytes for each.
const PIXELS_MAX: u64 = 50_000_000;

/// This picture of a PNG or JPEG, as the bytes of a PNG.
pub fn made(look: Look, file: &[u8]) -> Result<Vec<u8>, Unfit> {
    let header = image::check(file).map_err(|why| Unfit(why.to_string()))?;
    within(header.width, header.height)?;
    let picture = match header.format {
        image::Format::Png => decode::png(file)?,
        image::Format::Jpeg => decode::jpeg(file)?,
    };
    let longer = picture.width.max(picture.height);
    let longest = if look == Look::Preview { look.side_max() } else { look.side_max().min(longer) };
    decode::encoded(&scale::fitted(&picture, longest))
}

/// Also asked of what a decoder has read itself: it may read another header than we.
fn within(width: u32, height: u32) -> Result<(), Unfit> {
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Unfit(format!("expected at most {PIXELS_MAX} pixels, found {width} x {height}")));
    }
    Ok(())
}

/// Rows of pixels, eight bits for each channel.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    width: u32,
    height: u32,
    /// Grey, grey and alpha, red green blue, or these and alpha: one to four bytes for a pixel.
    channels: usize,
    bytes: Vec<u8>,
}

impl Picture {
    fn has_alpha(&self) -> bool {
        self.channels.is_multiple_of(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A PNG of one colour.
    fn a_png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
        let bytes = colour.repeat((width * height) as usize);
        decode::encoded(&Picture { width, height, channels: 3, bytes }).expect("a PNG")
    }

    /// A grey JPEG of eight by eight pixels: one block, whose two codes are "no difference" and "no more".
    fn a_jpeg() -> Vec<u8> {
        let quantization = [&[0xFF, 0xDB, 0, 67, 0][..], &[1; 64]].concat();
        let frame = [0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
        let codes = |table| [&[0xFF, 0xC4, 0, 20, table, 1][..], &[0; 16]].concat();
        let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0b0011_1111];
        [&[0xFF, 0xD8][..], &quantization, &frame, &codes(0x00), &codes(0x10), &scan, &[0xFF, 0xD9]].concat()
    }

    fn preview(file: &[u8]) -> Result<Vec<u8>, Unfit> {
        made(Look::Preview, file)
    }

    fn refused(file: &[u8]) -> String {
        preview(file).expect_err("it has no preview").0
    }

    #[test]
    fn one_side_is_exactly_as_long_as_asked() {
        for (width, height, wide, high) in
            [(1000, 10, 500, 5), (10, 1000, 5, 500), (3, 2, 500, 333), (500, 500, 500, 500), (2000, 1, 500, 1)]
        {
            let made = preview(&a_png(width, height, [200, 100, 50])).expect("a preview");
            let header = image::check(&made[..]).expect("a PNG");
            assert_eq!((header.format, header.width, header.height), (image::Format::Png, wide, high));
            let picture = decode::png(&made).expect("a picture");
            assert!(picture.bytes.chunks(3).all(|pixel| pixel == [200, 100, 50]));
        }
    }

    #[test]
    fn a_picture_is_as_large_as_its_image_and_has_a_longest_side() {
        for (look, width, wide) in [(Look::Picture, 30, 30), (Look::Picture, 1300, 1200), (Look::Large, 2500, 2400)] {
            let made = made(look, &a_png(width, 2, [1, 2, 3])).expect("a picture");
            assert_eq!(image::check(&made[..]).expect("a PNG").width, wide);
        }
    }

    #[test]
    fn a_jpeg_has_a_preview_whatever_it_is_called() {
        let picture = decode::png(&preview(&a_jpeg()).expect("a preview")).expect("a picture");
        assert_eq!((picture.width, picture.height), (500, 500));
        assert!(picture.bytes.iter().all(|byte| byte.abs_diff(128) < 4));
    }

    #[test]
    fn too_many_pixels_are_refused_by_the_header_alone() {
        let mut bomb = a_png(1, 1, [0; 3]);
        bomb[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
        assert_eq!(refused(&bomb), "expected at most 50000000 pixels, found 50000 x 50000");
    }

    #[test]
    fn damaged_images_and_other_files_are_refused() {
        let mut damaged = a_png(40, 40, [9; 3]);
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xFF;
        assert!(refused(&damaged).starts_with("the PNG does not decode"), "{}", refused(&damaged));
        assert!(refused(b"<svg onload='x()'/>").contains("SVG"));
        assert!(refused(&a_jpeg()[..110]).contains("ends early"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn no_change_of_bytes_makes_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            for mut file in [a_png(5, 3, [1, 2, 3]), a_jpeg()] {
                for (at, byte) in &changes {
                    let at = at.index(file.len());
                    file[at] = *byte;
                }
                let _ = preview(&file);
            }
        }
    }
}
