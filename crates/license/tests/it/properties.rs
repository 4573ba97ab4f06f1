//! Whatever comes: no panic, a reason of the closed list, and no token but one that was signed.

use core::time::Duration;

use license::{Algorithm, Categories, Code, Draft, Kind, inspect};
use proptest::prelude::*;

use crate::made::{DAY, NOW, draft, issued, signed, validator};

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(&Algorithm::ALL[..])
}

/// JSON-like text of a claim: right and wrong types, small and large.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no others", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        "[0-9]{1,20}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,5})?",
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        prop::sample::select(vec!["null", "true", "[]", "{}", "[\"a\"]", "[1]"]).prop_map(str::to_owned),
    ]
}

#[test]
fn nothing_that_strangers_send_panics_or_is_believed() {
    verify::fuzz::try_all(license::fuzz::ALL, 3_000, verify::fuzz::own_seeds);
}

proptest! {
    #[test]
    fn any_text_is_refused_as_malformed_or_empty(text in any::<String>()) {
        let error = validator(Algorithm::EdDsa).verify(Kind::User, &text, NOW).expect_err("no token");
        prop_assert!(matches!(error.code(), Code::TokenEmpty | Code::TokenMalformed));
        let _ = inspect(&text);
    }

    #[test]
    fn any_header_and_claims_are_judged_without_a_panic(
        header in any::<String>(), claims in any::<Vec<u8>>(), algorithm in algorithm(),
    ) {
        let token = signed(algorithm, &header, &claims);
        prop_assert!(validator(algorithm).verify(Kind::User, &token, NOW).is_err());
    }

    #[test]
    fn any_values_of_claims_are_judged_without_a_panic(
        exp in value(), nbf in value(), iat in value(), aud in value(), category in value(), jti in value(),
    ) {
        let claims = format!(
            r#"{{"iss":"sakuli.io","sub":"sakuli_user","exp":{exp},"nbf":{nbf},"iat":{iat},"aud":{aud},"category":{category},"jti":{jti}}}"#
        );
        let token = signed(Algorithm::Hs512, r#"{"alg":"HS512"}"#, claims.as_bytes());
        let outcome = validator(Algorithm::Hs512).verify(Kind::User, &token, NOW);
        let refused_for = outcome.map_err(|error| error.code());
        prop_assert!(matches!(refused_for, Ok(_) | Err(
            Code::Expired | Code::NotYetValid | Code::ClaimInvalid | Code::CategoryInvalid | Code::TokenMalformed
        )), "{refused_for:?}");
    }

    #[test]
    fn one_changed_letter_ends_a_token(at in any::<prop::sample::Index>(), bit in 0_u8..7, algorithm in algorithm()) {
        let token = issued(&draft(Kind::User, "customer-1"), algorithm);
        let mut changed = token.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        let changed = String::from_utf8(changed).expect("still ASCII");

        prop_assert!(validator(algorithm).verify(Kind::User, &changed, NOW).is_err());
    }

    #[test]
    fn a_token_lives_from_its_beginning_to_just_before_its_end(
        begins in 0_u64..4_000_000_000, lives in 1_u64..86_400 * 3653, at in 0_u64..5_000_000_000,
    ) {
        let (begins, ends) = (Duration::from_secs(begins), Duration::from_secs(begins + lives));
        let draft = Draft { not_before: Some(begins), expires: Some(ends), ..draft(Kind::User, "customer-1") };
        let token = issued(&draft, Algorithm::Hs512);
        let now = Duration::from_secs(at);

        let outcome = validator(Algorithm::Hs512).verify(Kind::User, &token, now).map(drop).map_err(|error| error.code());

        let expected = if now >= ends { Err(Code::Expired) } else if now < begins { Err(Code::NotYetValid) } else { Ok(()) };
        prop_assert_eq!(outcome, expected);
    }

    #[test]
    fn categories_fit_where_they_have_one_in_common(license in 0_u32..4, companion in 1_i64..=15) {
        let mut user = draft(Kind::User, "customer-1");
        user.categories = Categories::of_sum(1 << license).expect("a category");
        let mut plugin = draft(Kind::Plugin, "a");
        plugin.categories = Categories::of_sum(companion).expect("categories");
        let (user, plugin) = (issued(&user, Algorithm::Hs512), issued(&plugin, Algorithm::Hs512));

        let outcome = validator(Algorithm::Hs512).check_plugin(Some("a"), Some(&plugin), &user, NOW + DAY);

        prop_assert_eq!(outcome.is_ok(), companion & (1 << license) != 0);
    }
}
