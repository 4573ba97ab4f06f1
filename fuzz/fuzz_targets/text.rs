#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| verify::fuzz::encoded_text(bytes));
