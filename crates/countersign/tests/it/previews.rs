//! The process that makes what can be looked at of one file: what it gives, what it refuses, and what it may not.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::world::countersign;

fn preview(image: &[u8]) -> Output {
    made("preview", "", image)
}

fn made(look: &str, name: &str, file: &[u8]) -> Output {
    let mut child = countersign("/".as_ref())
        .args(["preview-file", look, name])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // One that refuses a file need not have read it.
    let _ = child.stdin.take().expect("piped").write_all(file);
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

/// What is made of a file, if anything is; else the reason. Nothing else may happen.
fn safely(look: &str, name: &str, file: &[u8]) -> Result<Value, String> {
    let output = made(look, name, file);
    match output.status.code() {
        Some(0) => Ok(serde_json::from_slice(&output.stdout).expect("JSON")),
        Some(1) => Err(String::from_utf8(output.stderr).expect("text")),
        _ => panic!("{look} of {name}: {output:?}"),
    }
}

#[test]
fn a_hundred_thousand_brackets_and_other_files_are_refused_with_the_reason() {
    let deep = "[".repeat(100_000);
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1];
    for look in ["requests", "recording", "codeblock"] {
        for file in [deep.as_bytes(), &gzip, b"<script>alert(1)</script>", b"\xFF\xFE", b""] {
            let why = safely(look, "x", file).expect_err("it is none");
            assert!(why.starts_with("expected "), "{why}");
        }
    }
    assert!(safely("code", "x.rs", &gzip).expect_err("no text").contains("found other bytes"));
}

#[test]
fn code_that_is_made_to_be_slow_is_shown_at_once() {
    let bait = "((((a+)+)+)+$ \"\\'`/*".repeat(100_000);
    for name in ["x.js", "x.rs", "x.html", "x.pl", "x.json", "x"] {
        let code = safely("code", name, bait.as_bytes()).expect("a text");
        assert_eq!(code["lines"].as_array().map(Vec::len), Some(1), "{name}");
        assert!(code["notes"].to_string().contains("cut"), "{name}");
    }
}

#[test]
fn a_line_of_sixty_megabytes_is_read_by_every_reader() {
    let text = "a".repeat(60 * 1024 * 1024);
    let line = format!("{{\"version\":2,\"width\":80,\"height\":24}}\n[0,\"o\",\"{text}\"]");
    assert!(
        safely("recording", "", line.as_bytes()).is_ok_and(|recording| recording["last"][0][0][0] == "a".repeat(80))
    );
    let har = format!("{{\"log\":{{\"entries\":[{{\"request\":{{\"url\":\"{text}\"}}}}]}}}}");
    assert!(safely("requests", "", har.as_bytes()).is_ok());
    assert!(safely("code", "x.js", text.as_bytes()).is_ok());
}

#[test]
fn one_that_takes_all_of_its_time_is_ended_by_the_system() {
    // A character that is repeated 65535 times by ten others, very often.
    let repeated = "a\\u001b[65535b".repeat(4_000_000);
    let cast = format!("{{\"version\":2,\"width\":300,\"height\":100}}\n[0,\"o\",\"{repeated}\"]");
    let output = made("recording", "", cast.as_bytes());
    assert!(output.status.code().is_none_or(|code| code == 0), "{:?}", output.status);
}

#[test]
fn it_stands_in_no_help() {
    let help = countersign("/".as_ref()).arg("--help").output().expect("it runs");
    assert!(!String::from_utf8_lossy(&help.stdout).contains("preview-file"));
}
