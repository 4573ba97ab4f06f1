//! What holds for every provider there is.

use std::collections::BTreeSet;

use serde_json::Value;
use verify::provider::{
    self, Credential, GITHUB, MadeBy, Part, Place, Provider, Recipe, Replay, Signature, TimeAt, reference,
};

fn verdicts(name: &str) -> Vec<String> {
    let read = |text| serde_json::from_str::<Vec<Value>>(text).expect("JSON");
    let files = [include_str!("../../vectors/providers.json"), include_str!("../../vectors/older-headers.json")];
    let rows: Vec<Value> = files.into_iter().flat_map(read).collect();
    let own = rows.iter().filter(|vector| vector["provider"] == name);
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

/// What a definition lacks, each in words that say where it belongs.
fn lacks(provider: &Provider) -> Vec<&'static str> {
    let Provider { name, recipe, .. } = provider;
    let verdicts = verdicts(name);
    let has = |verdict: &str| verdicts.iter().any(|found| found == verdict);
    let says = |word: &str| recipe.steps.iter().any(|step| step.contains(word));
    let secret_is_in_the_url =
        matches!(provider.credential, Credential::Code { .. } | Credential::Token { place: Place::Query(_), .. });
    let needs = [
        (provider::ALL.iter().filter(|other| other.name == *name).count() == 1, "a name of its own"),
        (has("accept"), "an accepted request in vectors/providers.json"),
        (has("refuse"), "a refused request in vectors/providers.json"),
        (!recipe.title.is_empty(), "the sender's own name in its recipe"),
        (recipe.docs.starts_with("https://"), "the page of the sender's documentation in its recipe"),
        (says("{url}"), "a step of its recipe that says where {url} is pasted"),
        (
            recipe.secret != MadeBy::Us || secret_is_in_the_url || says("{secret}"),
            "a step of its recipe that says where {secret} is pasted",
        ),
        (recipe.steps.iter().all(|step| step.ends_with(['.', '}'])), "steps of its recipe that are sentences"),
    ];
    needs.into_iter().filter(|(is_there, _)| !is_there).map(|(_, what)| what).collect()
}

#[test]
fn every_definition_has_a_name_vectors_and_a_recipe() {
    let lacking: Vec<String> = provider::ALL
        .iter()
        .filter_map(|provider| match &lacks(provider)[..] {
            [] => None,
            lacks => Some(format!("{} lacks {}", provider.name, lacks.join(", and "))),
        })
        .collect();

    assert!(lacking.is_empty(), "\n{}", lacking.join("\n"));
}

#[test]
fn a_definition_that_lacks_something_is_told_what() {
    let nobody = Provider { name: "nobody", recipe: Recipe { docs: "", ..GITHUB.recipe }, ..GITHUB };

    assert_eq!(
        lacks(&nobody),
        [
            "a name of its own",
            "an accepted request in vectors/providers.json",
            "a refused request in vectors/providers.json",
            "the page of the sender's documentation in its recipe",
        ]
    );
}

/// Whether what stands in this place is part of what is signed.
fn is_signed(signature: &Signature, place: Place) -> bool {
    let part = |part: Part| signature.message.contains(&part);
    match place {
        Place::Header(name) => part(Part::Header(name)),
        Place::Json(path) => {
            let item = signature.each.and_then(|each| path.strip_prefix(each)?.strip_prefix("[*]."));
            let path = item.unwrap_or(path);
            signature.message.iter().any(|part| match part {
                Part::Body | Part::Payload => true,
                Part::Json(own) | Part::JsonOf(own, _) | Part::JsonOrNothing(own) | Part::JsonWithout(own, _) => {
                    *own == path
                }
                _ => false,
            })
        }
        Place::Query(_) | Place::Form(_) | Place::Fixed(_) => false,
    }
}

#[test]
fn what_is_signed_alone_tells_a_delivery_where_it_is_called_signed() {
    for provider in provider::ALL {
        let Credential::Signature(signature) = &provider.credential else {
            // What these two sign is told and tested where they are defined.
            if matches!(provider.credential, Credential::AwsSns | Credential::PayPal) {
                continue;
            }
            assert!(!matches!(provider.replay, Replay::Signed | Replay::SignedTime), "{}", provider.name);
            continue;
        };
        let id_is_signed = provider.delivery_id.places().iter().all(|place| is_signed(signature, *place));
        let has_id = !provider.delivery_id.places().is_empty();
        let expected = match provider.replay {
            Replay::Signed => has_id && id_is_signed,
            Replay::SignedTime => signature.time.is_some() && !(has_id && id_is_signed),
            Replay::SignedTransmission => false,
            Replay::IdAndDigest => has_id && !id_is_signed,
            Replay::Nothing => !has_id,
        };
        assert!(expected, "{} is told by {}", provider.name, provider.replay.name());
    }
}

#[test]
fn a_signed_time_is_part_of_the_message() {
    for provider in provider::ALL {
        let Credential::Signature(signature) = &provider.credential else { continue };
        let named = signature.message.contains(&Part::Time);
        let signed = match signature.time.map(|time| time.at) {
            None => false,
            Some(TimeAt::Header(_) | TimeAt::Item(_)) => named,
            Some(TimeAt::Json(path)) => is_signed(signature, Place::Json(path)),
        };
        assert_eq!(signature.time.is_some(), signed, "{}", provider.name);
        assert!(signature.time.is_some() || !named, "{}", provider.name);
    }
}

#[test]
fn the_page_of_all_senders_is_up_to_date() {
    let written = include_str!("../../../../docs/providers.md");
    let (made, renew) = (reference::page(), reference::RENEW);

    let same = written.lines().zip(made.lines()).take_while(|(written, made)| written == made).count();
    assert!(written == made, "docs/providers.md is out of date from line {} on; renew it: {renew}", same + 1);
}
