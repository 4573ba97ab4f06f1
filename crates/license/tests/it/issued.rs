//! What is issued is believed: by whom it may be, as long as it may be.

use core::time::Duration;

use license::{
    Algorithm, Categories, Code, Draft, Entry, IssueFault, KeySet, Kind, Names, PrivateKey, Reason, RevocationFault,
    RevocationList, Revocations, Revoked, Settings, Validator, inspect,
};

use crate::made::{DAY, NOW, draft, issued, key, keys, validator};

const PLUGIN: &str = "@countersign/scanner-av";

#[test]
fn a_plugin_runs_on_a_license_until_the_first_of_the_two_ends() {
    for algorithm in Algorithm::ALL {
        let license = issued(&draft(Kind::User, "customer-1"), algorithm);
        let plugin = issued(&Draft { expires: Some(NOW + 7 * DAY), ..draft(Kind::Plugin, PLUGIN) }, algorithm);

        let activation =
            validator(algorithm).check_plugin(Some(PLUGIN), Some(&plugin), &license, NOW).expect("it runs");

        assert_eq!(activation.ends(), Some((NOW + 7 * DAY, Kind::Plugin)));
        let license = activation.license.expect("a license");
        assert_eq!((license.audience, license.categories), (vec!["customer-1".to_owned()], Categories::M));
        assert_eq!((license.id.as_deref(), license.key.as_deref()), (Some("user-1"), Some(algorithm.name())));
        assert_eq!((license.not_before, license.issued_at), (Some(NOW), Some(NOW)));
    }
}

#[test]
fn a_token_of_the_product_itself_has_its_names() {
    let names = Names::of_product("countersign");
    let token = draft(Kind::Container, "image").issue(&key(Algorithm::EdDsa), &names).expect("a token");
    let said = inspect(&token).expect("a token");
    assert_eq!(
        (&said.unverified_claims["iss"], &said.unverified_claims["sub"]),
        (&"countersign".into(), &"countersign_container".into())
    );
    assert_eq!(said.unverified_header["typ"], "license+jwt");

    let of_the_product = validator(Algorithm::EdDsa).with_settings(Settings { names, ..Settings::default() });

    assert!(of_the_product.verify(Kind::Container, &token, NOW).is_ok());
    let other = validator(Algorithm::EdDsa).verify(Kind::Container, &token, NOW).expect_err("another issuer");
    assert_eq!(other.code(), Code::IssuerInvalid);
}

#[test]
fn a_leased_license_ends_with_its_lease_and_shows_its_contract() {
    let leased = Draft { lease: Some(7 * DAY), ..draft(Kind::User, "customer-1") };
    let token = issued(&leased, Algorithm::EdDsa);

    let claims = validator(Algorithm::EdDsa).verify(Kind::User, &token, NOW).expect("valid");
    assert_eq!((claims.expires, claims.contract_ends), (Some(NOW + 7 * DAY), Some(NOW + 30 * DAY)));

    let longer = Draft { lease: Some(60 * DAY), ..leased };
    let claims =
        validator(Algorithm::EdDsa).verify(Kind::User, &issued(&longer, Algorithm::EdDsa), NOW).expect("valid");
    assert_eq!((claims.expires, claims.contract_ends), (Some(NOW + 30 * DAY), None));
}

#[test]
fn the_algorithm_is_called_as_it_is_asked_for() {
    let license = draft(Kind::User, "customer-1");
    for (new, name) in [(false, "EdDSA"), (true, "Ed25519")] {
        let token = issued(&Draft { algorithm_by_new_name: new, ..license.clone() }, Algorithm::EdDsa);
        assert_eq!(inspect(&token).expect("a token").unverified_header["alg"], name);
        assert!(validator(Algorithm::EdDsa).verify(Kind::User, &token, NOW).is_ok());
    }
    let token = issued(&license, Algorithm::Hs512);
    assert_eq!(inspect(&token).expect("a token").unverified_header["typ"], "JWT");
}

#[test]
fn what_should_not_be_issued_is_not() {
    let license = draft(Kind::User, "customer-1");
    let sum = Categories::of_sum(6).expect("categories");
    for (draft, fault) in [
        (Draft { audience: " ".to_owned(), ..license.clone() }, IssueFault::NoAudience),
        (Draft { categories: sum, ..license.clone() }, IssueFault::SeveralCategories),
        (Draft { expires: None, ..license.clone() }, IssueFault::NoEnd),
        (Draft { expires: Some(NOW), ..license.clone() }, IssueFault::EndsBeforeItBegins),
        (Draft { not_before: Some(NOW + 31 * DAY), ..license.clone() }, IssueFault::EndsBeforeItBegins),
        (Draft { expires: Some(NOW + 4000 * DAY), ..license.clone() }, IssueFault::TooLong { days: 4000 }),
        (Draft { expires: Some(Duration::MAX), long: true, ..license.clone() }, IssueFault::OutOfRange),
        (Draft { audience: "x".repeat(9000), ..license.clone() }, IssueFault::TooManyBytes),
    ] {
        assert_eq!(draft.issue(&key(Algorithm::EdDsa), &Names::default()), Err(fault));
    }
    let long = Draft { expires: Some(NOW + 4000 * DAY), long: true, ..license };
    assert!(long.issue(&key(Algorithm::EdDsa), &Names::default()).is_ok());
}

#[test]
fn a_retired_key_verifies_what_it_signed_and_a_revoked_one_takes_it_along() {
    let key = key(Algorithm::Es256);
    let token = issued(&draft(Kind::User, "customer-1"), Algorithm::Es256);
    let jwk = key.public_jwk().expect("a public half");
    let with = |status: &str| {
        let keys = KeySet::read(&jwk.replace("active", status), None).expect("a key set");
        Validator::new(keys).verify(Kind::User, &token, NOW).map(drop)
    };

    assert_eq!(with("retired"), Ok(()));
    assert_eq!(with("revoked").map_err(|error| error.reason), Err(Reason::RevokedKey));
    assert!(PrivateKey::read(&key.private_jwk().replace("active", "retired")).is_err());
}

#[test]
fn a_secret_and_key_pairs_go_together_until_the_secret_goes() {
    let (secret, pair) = (key(Algorithm::Hs512), key(Algorithm::EdDsa));
    let mixed = Validator::new(keys(&[&secret, &pair]));
    let license = issued(&draft(Kind::User, "customer-1"), Algorithm::EdDsa);
    let plugin = issued(&draft(Kind::Plugin, PLUGIN), Algorithm::Hs512);

    assert!(mixed.check_plugin(Some(PLUGIN), Some(&plugin), &license, NOW).is_ok());
    let alone = Validator::new(keys(&[&pair])).check_plugin(Some(PLUGIN), Some(&plugin), &license, NOW);
    let error = alone.expect_err("the secret is gone");
    assert_eq!((error.code(), error.token), (Code::AlgRejected, Some(Kind::Plugin)));
}

#[test]
fn a_license_may_have_to_be_a_certain_customer_s() {
    let expecting = |customer: &str| {
        let settings = Settings { expected_customer: Some(customer.to_owned()), ..Settings::default() };
        let token = issued(&draft(Kind::User, "customer-1"), Algorithm::EdDsa);
        validator(Algorithm::EdDsa).with_settings(settings).verify(Kind::User, &token, NOW).map(drop)
    };

    assert_eq!(expecting("customer-1"), Ok(()));
    assert_eq!(expecting("customer-2").map_err(|error| error.code()), Err(Code::AudienceMismatch));
}

#[test]
fn a_plugin_without_a_token_is_open_unless_it_must_have_one() {
    let validator = validator(Algorithm::EdDsa);
    assert_eq!(validator.check_plugin(None, None, "", NOW).expect("open").ends(), None);

    let settings = Settings { require_token: true, ..Settings::default() };
    let error = validator.with_settings(settings).check_plugin(Some(PLUGIN), None, "", NOW).expect_err("refused");
    assert_eq!((error.code(), error.token), (Code::TokenEmpty, Some(Kind::Plugin)));
}

#[test]
fn a_clock_that_was_set_back_is_refused_where_that_is_asked_for() {
    let token = issued(&Draft { not_before: Some(NOW - 9 * DAY), ..draft(Kind::User, "customer-1") }, Algorithm::EdDsa);
    let at = |settings: Settings, now: Duration| {
        validator(Algorithm::EdDsa)
            .with_settings(settings)
            .verify(Kind::User, &token, now)
            .map_err(|error| error.code())
    };
    let before_issue = || Settings { refuse_clock_before_issue: true, ..Settings::default() };
    let seen = || Settings { latest_seen: Some(NOW), ..Settings::default() };
    let second = Duration::from_secs(1);

    assert!(at(Settings::default(), NOW - second).is_ok());
    assert!(at(before_issue(), NOW).is_ok());
    assert_eq!(at(before_issue(), NOW - second), Err(Code::NotYetValid));
    assert!(at(seen(), NOW - DAY).is_ok());
    assert_eq!(at(seen(), NOW - DAY - second), Err(Code::NotYetValid));
}

fn revoking(what: Revoked) -> RevocationList {
    RevocationList::trusted([Entry { what, at: Some(NOW), reason: Some("it was \"lost\"".to_owned()) }])
}

#[test]
fn a_signed_list_revokes_tokens_and_keys() {
    let key = key(Algorithm::EdDsa);
    let set = keys(&[&key]);
    let names = Names::default();
    let license = issued(&draft(Kind::User, "customer-1"), Algorithm::EdDsa);
    let checked = |revocations: Revocations| {
        let validator = Validator::new(set.clone()).with_revocations(revocations);
        validator.verify(Kind::User, &license, NOW).map_err(|error| error.reason).map(drop)
    };
    let read = |what: Revoked| {
        let token = revoking(what).sign_next(&key, &names, NOW, Some(NOW + DAY)).expect("short");
        RevocationList::read(&token, &set, &names, Some(1)).expect("a list")
    };

    let list = read(Revoked::Token("user-1".to_owned()));
    assert_eq!((list.number(), list.issued_at(), list.expires()), (1, NOW, Some(NOW + DAY)));
    assert_eq!(list.entries(), revoking(Revoked::Token("user-1".to_owned())).entries());

    assert_eq!(checked(Revocations::Optional(Some(list.clone()))), Err(Reason::RevokedToken));
    assert_eq!(checked(Revocations::Off), Ok(()));
    let others = read(Revoked::Token("user-2".to_owned()));
    assert_eq!(checked(Revocations::Required(Some(others))), Ok(()));
    let keys = read(Revoked::Key("EdDSA".to_owned()));
    assert_eq!(checked(Revocations::Optional(Some(keys))), Err(Reason::RevokedKey));
    assert_eq!(checked(Revocations::Required(None)), Err(Reason::NoRevocationList));

    let ended = Validator::new(set).with_revocations(Revocations::Required(Some(list)));
    let error = ended.verify(Kind::User, &license, NOW + DAY).expect_err("the list has ended");
    assert_eq!((error.code(), error.reason), (Code::Revoked, Reason::RevocationListEnded { at: NOW + DAY }));
}

#[test]
fn a_list_that_is_not_the_issuer_s_or_is_older_is_refused() {
    let key = key(Algorithm::EdDsa);
    let set = keys(&[&key]);
    let names = Names::default();
    let list = revoking(Revoked::Token("user-1".to_owned()));
    let token = list.sign_next(&key, &names, NOW, None).expect("short");
    let read = |token: &str, set: &KeySet, seen| RevocationList::read(token, set, &names, seen).expect_err("refused");

    assert_eq!(read(&token, &set, Some(2)), RevocationFault::Older { number: 1, seen: 2 });
    let retired = KeySet::read(&key.public_jwk().expect("public").replace("active", "retired"), None).expect("a set");
    assert_eq!(read(&token, &retired, None), RevocationFault::Retired);
    assert_eq!(RevocationList::read_again(&token, &retired, &names).map(|list| list.number()), Ok(1), "once believed");
    let revoked = KeySet::read(&key.public_jwk().expect("public").replace("active", "revoked"), None).expect("a set");
    assert_eq!(RevocationList::read_again(&token, &revoked, &names), Err(RevocationFault::Token(Reason::RevokedKey)));
    let license = issued(&draft(Kind::User, "customer-1"), Algorithm::EdDsa);
    assert_eq!(read(&license, &set, None), RevocationFault::Token(Reason::Type));
    let other = list.sign_next(&key, &Names::of_product("countersign"), NOW, None).expect("short");
    assert_eq!(read(&other, &set, None), RevocationFault::Token(Reason::Issuer));
    let stranger = PrivateKey::generate(Algorithm::EdDsa, "EdDSA", &[8; 32]).expect("a key");
    assert_eq!(
        read(&list.sign_next(&stranger, &names, NOW, None).expect("short"), &set, None),
        RevocationFault::Token(Reason::Signature)
    );
    assert_eq!(
        Validator::new(set).verify(Kind::User, &token, NOW).map_err(|error| error.code()).map(drop),
        Err(Code::HeaderInvalid),
        "a list is no license"
    );
}

#[test]
fn a_list_that_verifiers_would_not_read_is_not_signed() {
    let long = "x".repeat(1000);
    let lines = (0..1100).map(|nth| {
        let what = Revoked::Token(format!("{nth}-{long}"));
        Entry { what, at: None, reason: None }
    });
    let list = RevocationList::trusted(lines);

    assert_eq!(list.sign_next(&key(Algorithm::EdDsa), &Names::default(), NOW, None), None);
}
