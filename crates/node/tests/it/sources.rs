//! What every exported function must have.

use std::fs;
use std::path::Path;

#[test]
fn no_function_that_node_calls_lets_a_panic_out() {
    let mut functions = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("a folder") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[1].trim_start().starts_with("pub fn")) {
            let attribute = pair[0].trim_start();
            assert!(attribute.starts_with("#[napi(") && attribute.contains("catch_unwind"), "{}", pair[1]);
            functions += 1;
        }
    }
    assert_eq!(functions, 9);
}
