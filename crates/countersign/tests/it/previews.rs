//! The process that makes one preview: what it gives, what it refuses, and what it may not.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::world::countersign;

fn preview(image: &[u8]) -> Output {
    let mut child = countersign("/".as_ref())
        .arg("preview-image")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // One that refuses an image need not have read it.
    let _ = child.stdin.take().expect("piped").write_all(image);
    child.wait_with_output().expect("it ends")
}

fn refused(image: &[u8]) -> String {
    let output = preview(image);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A PNG of zeros.
pub fn a_png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let zeros = vec![0; (width * height) as usize];
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&zeros)).expect("a PNG");
    file
}

#[test]
fn a_preview_is_a_png_whose_longer_side_has_500_pixels() {
    let output = preview(&a_png(1000, 200));
    assert!(output.status.success(), "{output:?}");
    let reader = png::Decoder::new(std::io::Cursor::new(output.stdout)).read_info().expect("a PNG");
    assert_eq!(reader.info().size(), (500, 100));
}

#[test]
fn an_image_of_two_and_a_half_thousand_million_pixels_is_refused_by_its_header() {
    let mut bomb = a_png(1, 1);
    bomb[16..24].copy_from_slice(&[50_000_u32.to_be_bytes(), 50_000_u32.to_be_bytes()].concat());
    assert!(refused(&bomb).contains("found 50000 x 50000"));
}

#[test]
fn a_tiny_file_of_many_pixels_is_made_within_the_limits() {
    let bomb = a_png(5_000, 4_000);
    assert!(bomb.len() < 200_000);
    assert!(preview(&bomb).status.success());
}

#[test]
fn what_is_cut_or_no_image_is_refused_with_the_reason() {
    let png = a_png(30, 30);
    assert!(refused(&png[..png.len() / 2]).contains("ends early"));
    assert!(refused(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>").contains("SVG"));
    assert!(refused(b"").contains("an empty file"));
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    assert!(refused(&vec![0; 65 * 1024 * 1024]).contains("67108864 bytes"));
}

#[test]
fn it_stands_in_no_help() {
    let help = countersign("/".as_ref()).arg("--help").output().expect("it runs");
    assert!(!String::from_utf8_lossy(&help.stdout).contains("preview-image"));
}
