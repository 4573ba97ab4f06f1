//! What strangers send is refused with its exact reason, and without work.

use license::{Algorithm, Code, Kind, Reason, Validator, inspect};
use verify::base64;

use crate::made::{NOW, claiming, draft, header, issued, key, keys, signed, validator};

const CLAIMS: &str =
    r#"{"iss":"sakuli.io","sub":"sakuli_user","aud":"customer","category":2,"nbf":1759000000,"exp":1761000000}"#;

fn refused(token: &str) -> Code {
    validator(Algorithm::EdDsa).verify(Kind::User, token, NOW).expect_err("refused").code()
}

fn with_header(header: &str) -> String {
    signed(Algorithm::EdDsa, header, CLAIMS.as_bytes())
}

#[test]
fn the_tokens_of_these_tests_are_valid_but_for_what_they_test() {
    let validator = validator(Algorithm::EdDsa);
    for token in [claiming(""), with_header(&header(Algorithm::EdDsa)), with_header(r#"{"typ":"jwt","alg":"EdDSA"}"#)] {
        assert!(validator.verify(Kind::User, &token, NOW).is_ok(), "{token}");
    }
}

#[test]
fn no_algorithm_is_taken_from_the_token() {
    for name in ["none", "None", "NONE", "nOnE", "", " none", "hs512", "eddsa", "HS256", "RS256", "Ed448", "ES256"] {
        assert_eq!(refused(&with_header(&format!(r#"{{"alg":"{name}"}}"#))), Code::AlgRejected, "{name}");
    }
    for header in [r#"{}"#, r#"{"alg":null}"#, r#"{"alg":["EdDSA"]}"#, r#"{"Alg":"EdDSA"}"#] {
        assert_eq!(refused(&with_header(header)), Code::AlgRejected, "{header}");
    }
}

#[test]
fn a_public_key_is_never_a_secret() {
    let pair = key(Algorithm::EdDsa);
    let mixed = Validator::new(keys(&[&pair, &key(Algorithm::Hs512)]));
    let public = pair.public_jwk().expect("a public half");
    let stranger = verify::jws::SigningKey::of(Algorithm::Hs512, public.as_bytes()).expect("a key");
    for (kid, code) in [("EdDSA", Code::AlgRejected), ("HS512", Code::SignatureInvalid)] {
        let header = format!(r#"{{"alg":"HS512","kid":"{kid}"}}"#);
        let token = verify::jws::Compact::join(&header, CLAIMS, |signed| stranger.sign(signed));
        assert_eq!(mixed.verify(Kind::User, &token, NOW).expect_err("refused").code(), code);
    }
}

#[test]
fn what_a_header_asks_for_beyond_a_signature_is_refused() {
    for member in ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"] {
        let token = with_header(&format!(r#"{{"alg":"EdDSA","{member}":null}}"#));
        let error = validator(Algorithm::EdDsa).verify(Kind::User, &token, NOW).expect_err("refused");
        assert_eq!((error.code(), error.reason), (Code::HeaderInvalid, Reason::Header(member)));
    }
    for typ in [r#""at+jwt""#, "7", r#""""#, r#""revocation+jwt""#] {
        assert_eq!(refused(&with_header(&format!(r#"{{"alg":"EdDSA","typ":{typ}}}"#))), Code::HeaderInvalid, "{typ}");
    }
}

#[test]
fn encrypted_and_wrapped_tokens_are_refused() {
    let token = claiming("");
    assert_eq!(refused(&format!("{token}.{token}")), Code::TokenMalformed);
    assert_eq!(refused("e30.e30.e30.e30.e30"), Code::TokenMalformed);
    let wrapped = signed(Algorithm::EdDsa, r#"{"alg":"EdDSA","cty":"JWT"}"#, token.as_bytes());
    assert_eq!(refused(&wrapped), Code::TokenMalformed);
    assert_eq!(refused(&with_header(r#"{"alg":"dir","enc":"A256GCM"}"#)), Code::HeaderInvalid);
}

#[test]
fn claims_twice_are_refused_however_they_are_written() {
    for more in [r#","exp":1761000000"#, r#","\u0065xp":9"#, r#","x":{"a":1,"a":1}"#] {
        assert_eq!(refused(&claiming(more)), Code::TokenMalformed, "{more}");
    }
    assert_eq!(refused(&with_header(r#"{"alg":"EdDSA","alg":"EdDSA"}"#)), Code::TokenMalformed);
}

#[test]
fn long_and_deep_tokens_are_refused_without_work() {
    assert_eq!(refused(&"a".repeat(10 << 20)), Code::TokenMalformed);
    assert_eq!(refused(&".".repeat(10 << 20)), Code::TokenMalformed);
    let long = |letters: usize| claiming(&format!(r#","x":"{}""#, "x".repeat(letters)));
    assert_eq!(refused(&long(8192)), Code::TokenMalformed);
    assert!(validator(Algorithm::EdDsa).verify(Kind::User, &long(5000), NOW).is_ok());
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!(r#","x":{}1{}"#, open.repeat(900), close.repeat(900));
        assert_eq!(refused(&claiming(&deep)), Code::TokenMalformed);
        let deep = format!(r#"{{"alg":"EdDSA","x":{}1{}}}"#, open.repeat(900), close.repeat(900));
        assert_eq!(refused(&with_header(&deep)), Code::TokenMalformed);
    }
}

#[test]
fn base64_has_one_form() {
    let token = claiming("");
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let standard = base64::encode(&[0xfb; 64]);
    // 64 bytes leave four unused bits in the last letter.
    let (front, last) = signature.split_at(signature.len() - 1);
    let other = char::from(last.as_bytes()[0] + 1);
    for wrong in [
        format!("{header}.{claims}.{front}{other}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}.{claims}.{standard}"),
        format!("{header}.{claims}.{signature}AAA"),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{header}\r\n.{claims}.{signature}"),
        format!("{header}.\u{e4}{claims}.{signature}"),
        format!("{header}.{claims}\0.{signature}"),
        format!("\u{feff}{token}"),
    ] {
        assert_eq!(refused(&wrong), Code::TokenMalformed, "{wrong}");
    }
    assert_eq!(refused(&format!("{header}.{claims}.")), Code::SignatureInvalid);
    assert_eq!(refused(&format!("{header}.{claims}.{}", &signature[..84])), Code::SignatureInvalid);
}

#[test]
fn times_are_numbers_of_four_digit_years() {
    for exp in [
        r#""1761000000""#,
        "null",
        "true",
        "[1761000000]",
        "-1",
        "-1e-9",
        "253402300800",
        "253402300799.1",
        "1761000000000",
        "18446744073709551615",
        "1e300",
        "1e999",
    ] {
        let claims = CLAIMS.replace("1761000000", exp);
        let token = signed(Algorithm::EdDsa, &header(Algorithm::EdDsa), claims.as_bytes());
        let error = validator(Algorithm::EdDsa).verify(Kind::User, &token, NOW).expect_err("refused");
        assert_eq!((error.code(), error.reason), (Code::ClaimInvalid, Reason::Invalid(license::Claim::Exp)), "{exp}");
    }
    for exp in ["1.761e9", "253402300799", "1760000000.000000001"] {
        let claims = CLAIMS.replace("1761000000", exp);
        let token = signed(Algorithm::EdDsa, &header(Algorithm::EdDsa), claims.as_bytes());
        assert!(validator(Algorithm::EdDsa).verify(Kind::User, &token, NOW).is_ok(), "{exp}");
    }
}

#[test]
fn claims_beyond_ascii_are_read_and_claims_beyond_utf_8_refused() {
    assert!(
        validator(Algorithm::EdDsa).verify(Kind::User, &claiming(r#","x":"Prüfung \ud83d\ude00 名""#), NOW).is_ok()
    );
    let broken = [&CLAIMS.as_bytes()[..CLAIMS.len() - 1], b",\"x\":\"\xff\"}"].concat();
    assert_eq!(refused(&signed(Algorithm::EdDsa, &header(Algorithm::EdDsa), &broken)), Code::TokenMalformed);
    for text in ["名", "\u{e4}.\u{e4}.\u{e4}", "\0", "\u{10ffff}.e30.e30"] {
        assert_eq!(refused(text), Code::TokenMalformed, "{text}");
    }
}

#[test]
fn without_keys_every_token_is_refused() {
    let none = Validator::default();
    for algorithm in Algorithm::ALL {
        let token = issued(&draft(Kind::User, "customer-1"), algorithm);
        assert_eq!(none.verify(Kind::User, &token, NOW).expect_err("refused").code(), Code::AlgRejected);
    }
}

#[test]
fn an_error_shows_nothing_of_the_token() {
    let token = claiming(r#","exp":1"#).replace('.', ".x");
    let error = validator(Algorithm::EdDsa).verify(Kind::User, &token, NOW).expect_err("refused");
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(token.split('.').all(|part| !shown.contains(part)));
}

#[test]
fn a_token_is_shown_unverified() {
    let said = inspect(&with_header(r#"{"alg":"none","kid":"x"}"#)).expect("it decodes");
    assert_eq!((&said.unverified_header["alg"], &said.unverified_claims["category"]), (&"none".into(), &2.into()));
    assert_eq!(inspect("x.y"), Err(Reason::Form));
    assert_eq!(inspect(&signed(Algorithm::EdDsa, "[]", b"{}")), Err(Reason::Json));
    assert_eq!(inspect(&claiming(r#","x":1e999"#)).expect("it decodes").unverified_claims["x"], "1e999");
}
