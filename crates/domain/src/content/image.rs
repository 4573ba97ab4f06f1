//! Images, as far as their outline: which format, how many pixels, and whether they are whole.
//!
//! A walk from mark to mark. Nothing is decompressed, so nothing here grows with what an image claims to be.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};

use super::ContentError;

/// What an image says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its format, by its bytes and not by its name.
    pub format: Format,
    /// Its width in pixels, at least one.
    pub width: u32,
    /// Its height in pixels, at least one.
    pub height: u32,
}

/// The formats that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG, in any of its processes.
    Jpeg,
}

impl Header {
    /// How many pixels it claims to have.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

const EXPECTED: &str = "a whole PNG or JPEG image";
const PNG: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8; 3] = b"\xFF\xD8\xFF";
/// The largest number that a PNG may use (PNG, section 7.1).
const PNG_NUMBER_MAX: u32 = i32::MAX as u32;

/// How other files begin that are likely to be sent instead.
const OTHERS: [(&[u8], &str); 8] = [
    (b"<", "SVG, HTML or another text of tags"),
    (b"GIF8", "a GIF"),
    (b"RIFF", "a WebP or another RIFF file"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"{", "JSON"),
];

/// The header of an image that is whole from its first to its last mark.
///
/// # Errors
/// When the file is no PNG or JPEG, has no pixels, ends early, or cannot be read.
pub fn check(mut file: impl BufRead) -> Result<Header, ContentError> {
    let mut first = [0; 8];
    let count = read_most(&mut file, &mut first)?;
    let first = &first[..count];
    let walked = if first == PNG {
        png(&mut file)
    } else if let Some(rest) = first.strip_prefix(JPEG) {
        // The third byte already belongs to the first segment's mark.
        jpeg(&mut (&[0xFF][..]).chain(rest).chain(file))
    } else {
        Err(other(name(first)))
    };
    walked.map_err(|why| match why {
        ContentError::Unread(error) if error.kind() == ErrorKind::UnexpectedEof => other("one that ends early"),
        why => why,
    })
}

fn other(found: impl fmt::Display) -> ContentError {
    ContentError::Other { expected: EXPECTED, found: found.to_string() }
}

fn name(first: &[u8]) -> &'static str {
    if first.is_empty() {
        return "an empty file";
    }
    OTHERS.iter().find(|(start, _)| first.starts_with(start)).map_or("another file", |(_, name)| name)
}

/// From chunk to chunk (PNG, section 5.3).
fn png(file: &mut impl Read) -> Result<Header, ContentError> {
    let mut header = None;
    loop {
        let [length, kind] = [number(file)?, number(file)?];
        if length > PNG_NUMBER_MAX {
            return Err(other(format!("a PNG with a chunk of {length} bytes")));
        }
        let rest = match (&kind.to_be_bytes(), header) {
            (b"IHDR", None) if length == 13 => {
                header = Some(sized(Format::Png, number(file)?, number(file)?)?);
                length - 8
            }
            (b"IEND", Some(header)) => {
                skip(file, u64::from(length) + 4)?;
                return Ok(header);
            }
            (_, None) => return Err(other("a PNG that does not begin with its header")),
            (_, Some(_)) => length,
        };
        skip(file, u64::from(rest) + 4)?;
    }
}

/// From marker to marker (JPEG, annex B).
fn jpeg(file: &mut impl Read) -> Result<Header, ContentError> {
    let mut header = None;
    let mut marker = next_marker(file)?;
    loop {
        match (marker, header) {
            (0xD9, Some(header)) => return Ok(header),
            (0xD9 | 0xDA, None) => return Err(other("a JPEG without a frame")),
            // Restarts and the temporary mark stand alone.
            (0x01 | 0xD0..=0xD7, _) => {}
            (0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, None) => {
                let length = segment(file)?;
                let [_, a, b, c, d] = bytes::<5>(file)?;
                header = Some(sized(Format::Jpeg, u16::from_be_bytes([c, d]), u16::from_be_bytes([a, b]))?);
                skip(file, length.checked_sub(5).ok_or_else(|| other("a JPEG with a broken frame"))?)?;
            }
            _ => {
                let length = segment(file)?;
                skip(file, length)?;
            }
        }
        marker = next_marker(file)?;
    }
}

/// The next marker's code. What stands before it, such as a scan's data, is passed over; an escaped byte is none.
fn next_marker(file: &mut impl Read) -> Result<u8, ContentError> {
    let mut after_mark = false;
    loop {
        let [byte] = bytes(file)?;
        match byte {
            0xFF => after_mark = true,
            0x00 => after_mark = false,
            code if after_mark => return Ok(code),
            _ => {}
        }
    }
}

/// The length of a segment without the two bytes that say it.
fn segment(file: &mut impl Read) -> Result<u64, ContentError> {
    let length = u64::from(u16::from_be_bytes(bytes(file)?));
    length.checked_sub(2).ok_or_else(|| other("a JPEG with a broken segment"))
}

fn sized(format: Format, width: impl Into<u32>, height: impl Into<u32>) -> Result<Header, ContentError> {
    let (width, height) = (width.into(), height.into());
    if width.min(height) == 0 || width.max(height) > PNG_NUMBER_MAX {
        return Err(other(format!("an image of {width} x {height} pixels")));
    }
    Ok(Header { format, width, height })
}

fn number(file: &mut impl Read) -> io::Result<u32> {
    bytes(file).map(u32::from_be_bytes)
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn skip(file: &mut impl Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut file.take(count), &mut io::sink())?;
    if skipped == count { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Fills as much of the buffer as the file has; how much.
fn read_most(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes()[..], kind, data, &[0; 4]].concat()
    }

    fn a_png(width: u32, height: u32) -> Vec<u8> {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = chunk(b"IHDR", &[&size[..], &[8, 6, 0, 0, 0]].concat());
        [&PNG[..], &header, &chunk(b"IDAT", &[1, 2, 3]), &chunk(b"IEND", b"")].concat()
    }

    fn a_jpeg(width: u16, height: u16) -> Vec<u8> {
        let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
        let comment = [0xFF, 0xFE, 0, 4, 0xFF, 0xD9];
        let frame = [&[0xFF, 0xC2, 0, 11, 8][..], &size, &[1, 1, 0x11, 0]].concat();
        let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 7, 0xFF, 0x00, 0xFF, 0xD0, 0xD9, 9, 0xFF, 0xD9];
        [&[0xFF, 0xD8][..], &comment, &frame, &scan].concat()
    }

    fn refused(file: &[u8]) -> String {
        check(file).expect_err("it is refused").to_string()
    }

    #[test]
    fn the_format_and_the_pixels_are_read_from_the_bytes() {
        let header = |format, width, height| Header { format, width, height };
        assert_eq!(check(&a_png(3, 70_000)[..]).expect("a PNG"), header(Format::Png, 3, 70_000));
        assert_eq!(check(&a_jpeg(40, 30)[..]).expect("a JPEG"), header(Format::Jpeg, 40, 30));
        assert_eq!(check(&[&a_jpeg(40, 30)[..], b"trailing"].concat()[..]).expect("a JPEG").pixels(), 1200);
    }

    #[test]
    fn an_image_cut_at_any_place_is_refused() {
        for whole in [a_png(1, 1), a_jpeg(1, 1)] {
            for length in 8..whole.len() {
                assert!(refused(&whole[..length]).ends_with("found one that ends early"), "{length}");
            }
            for length in 0..8 {
                assert!(check(&whole[..length]).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn an_image_without_pixels_is_refused() {
        for none in [a_png(0, 1), a_png(1, 0), a_png(u32::MAX, 1), a_jpeg(0, 1), a_jpeg(1, 0)] {
            assert!(refused(&none).contains("pixels"), "{}", refused(&none));
        }
        assert!(refused(&[&PNG[..], &chunk(b"IEND", b"")].concat()).contains("does not begin with its header"));
        assert!(refused(b"\xFF\xD8\xFF\xD9............").contains("a JPEG without a frame"));
    }

    #[test]
    fn other_files_are_refused_by_name_where_they_have_one() {
        for (file, name) in [
            (&b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..], "SVG"),
            (b"GIF89a......", "GIF"),
            (b"RIFF....WEBP", "WebP"),
            (b"", "an empty file"),
            (b"\0\0\0\0\0\0\0\0\0", "another file"),
        ] {
            assert!(refused(file).contains(name), "{}", refused(file));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), start in 0..4_usize) {
            let png = a_png(1, 1);
            let start = [&b""[..], PNG, JPEG, &png[..33]][start];
            let _ = check(&[start, &bytes].concat()[..]);
        }

        #[test]
        fn no_change_of_a_byte_makes_it_panic(at in 0..60_usize, byte in any::<u8>()) {
            for mut file in [a_png(2, 2), a_jpeg(2, 2)] {
                let at = at % file.len();
                file[at] = byte;
                let _ = check(&file[..]);
            }
        }
    }
}
