//! What holds for every provider there is.

use std::collections::BTreeSet;

use serde_json::Value;
use verify::provider::{self, Credential, Part, Place, Replay};

fn verdicts(name: &str) -> Vec<String> {
    let file: Vec<Value> = serde_json::from_str(include_str!("../../vectors/providers.json")).expect("JSON");
    let own = file.iter().filter(|vector| vector["provider"] == name);
    own.map(|vector| vector["expect"]["verdict"].as_str().expect("a verdict").to_owned()).collect()
}

#[test]
fn names_are_unique_safe_in_a_url_and_in_order() {
    let names: Vec<_> = provider::ALL.iter().map(|provider| provider.name).collect();
    let sorted: BTreeSet<_> = names.iter().copied().collect();

    assert_eq!(names, sorted.into_iter().collect::<Vec<_>>());
    for name in names {
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{name}");
        assert_eq!(provider::find(&name.to_uppercase()).map(|found| found.name), Some(name));
    }
}

#[test]
fn every_provider_has_an_accepted_and_a_refused_vector() {
    for provider in provider::ALL {
        let verdicts = verdicts(provider.name);

        for verdict in ["accept", "refuse"] {
            assert!(verdicts.iter().any(|found| found == verdict), "{} {verdict}", provider.name);
        }
    }
}

#[test]
fn a_delivery_is_known_by_a_signed_id_only_where_the_id_is_signed() {
    for provider in provider::ALL {
        let signed = match (&provider.credential, provider.delivery_id) {
            (Credential::Signature(signature), Some(Place::Header(header))) => {
                signature.message.contains(&Part::Header(header))
            }
            _ => false,
        };
        assert_eq!(provider.replay == Replay::Signed, signed, "{}", provider.name);
    }
}

#[test]
fn a_signed_time_is_part_of_the_message() {
    for provider in provider::ALL {
        if let Credential::Signature(signature) = &provider.credential {
            let signed = signature.message.contains(&Part::Time);
            assert_eq!(signature.time.is_some(), signed, "{}", provider.name);
        }
    }
}
