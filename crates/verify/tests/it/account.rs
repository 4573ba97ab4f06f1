//! Tokens that another implementation made.

use serde_json::Value;
use verify::account::Presented;

const TOKENS: &str = include_str!("../../vectors/pyjwt.json");

#[test]
fn tokens_of_another_implementation_are_believed_or_refused_as_the_protocol_says() {
    let vectors: Value = serde_json::from_str(TOKENS).expect("JSON");
    let (secret, now_s) = (vectors["secret"].as_str().expect("text"), vectors["now_s"].as_i64().expect("a time"));
    let rows = vectors["rows"].as_array().expect("rows");

    for row in rows {
        let judged = Presented::read(row["authorization"].as_str())
            .and_then(|presented| presented.expect("a token").verify(secret, now_s));
        let said = judged.as_ref().err().map(|refusal| refusal.text());
        assert_eq!(said, row["refused"].as_str(), "{}", row["id"]);
        assert_eq!(judged.is_ok(), row["accepted"] == true, "{}", row["id"]);
    }
    assert_eq!(rows.iter().filter(|row| row["accepted"] == true).count(), 7);
    assert_eq!(rows.len(), 18);
}
