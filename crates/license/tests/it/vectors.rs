//! Every published vector comes out as it says.

use license::conformance;
use serde_json::Value;

#[test]
fn every_vector_comes_out_as_it_says() {
    let file: Value = serde_json::from_str(include_str!("../../vectors/license-tokens.json")).expect("JSON");
    assert!(conformance::is_ours(&file));

    let rows = conformance::run(&file).expect("vectors");

    assert_eq!(rows.len(), 174);
    for row in rows {
        assert_eq!(row.got, row.expected, "{}", row.id);
    }
}
