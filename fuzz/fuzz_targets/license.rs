#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| license::fuzz::license_text(bytes));
