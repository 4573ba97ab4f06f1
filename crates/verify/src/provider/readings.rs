//! Whether what a sender signs has one reading.
//!
//! A signed message is its parts, one after the other, with nothing between them but the fixed texts that are parts
//! themselves. Where the border between two parts may lie elsewhere, two different requests have the same signed bytes,
//! and the signature of one is that of the other. A definition that allows this says what keeps it from doing harm.

use super::{Credential, Part, Provider, Signature, TimeAt, Unit};

/// Whether two different requests of this sender can have the same signed bytes, whatever the sender's habits are.
#[must_use]
pub fn is_ambiguous(provider: &Provider) -> bool {
    match &provider.credential {
        Credential::Signature(signature) => !has_one_reading(signature, provider.methods, false),
        Credential::Twilio | Credential::PayPal => true,
        Credential::AwsSns
        | Credential::Netlify
        | Credential::Token { .. }
        | Credential::Code { .. }
        | Credential::Basic => false,
    }
}

/// Whether every border is certain: parts are taken off either end as long as it is clear where they stop, and what is
/// left over is one part at most. A body that must be a JSON object tells its own borders: nothing that it begins or
/// ends with is one.
pub(super) fn has_one_reading(signature: &Signature, methods: &[&str], only_objects: bool) -> bool {
    let extent = |part: &Part| match part {
        Part::Body | Part::Payload if only_objects => Extent::Itself,
        part => extent(*part, signature, methods),
    };
    let mut left: Vec<Extent> = signature.message.iter().map(extent).collect();
    while left.len() > 1 {
        let last = left.len() - 1;
        if left[0].stops_before(&left[1]) {
            left.remove(0);
        } else if left[last].stops_before(&left[last - 1]) {
            left.pop();
        } else {
            return false;
        }
    }
    true
}

/// How it is told where a part begins and ends.
enum Extent {
    /// By its length, or because it cannot be continued.
    Itself,
    /// By a fixed text.
    Text(&'static str),
    /// By the first character that it cannot hold.
    Digits,
    /// Likewise.
    Without(char),
    /// Not at all: it may be anything.
    Anything,
}

impl Extent {
    /// Whether it is clear where this part stops, if that one is next to it. Fixed texts are one character where they
    /// are told by one, so that it does not matter from which side.
    fn stops_before(&self, next: &Extent) -> bool {
        let ends_it = |text: &str| match self {
            Extent::Digits => !text.contains(|c: char| c.is_ascii_digit()),
            Extent::Without(character) => text.chars().all(|c| c == *character),
            Extent::Itself | Extent::Text(_) | Extent::Anything => false,
        };
        match (self, next) {
            (Extent::Itself | Extent::Text(_), _) => true,
            (_, Extent::Text(text)) => ends_it(text),
            _ => false,
        }
    }
}

fn extent(part: Part, signature: &Signature, methods: &[&str]) -> Extent {
    let time = signature.time;
    let is_time = |path| matches!(time.map(|time| time.at), Some(TimeAt::Json(at)) if at == path);
    match part {
        Part::Text(text) => Extent::Text(text),
        Part::Method
            if methods.iter().all(|one| methods.iter().filter(|other| other.starts_with(one)).count() == 1) =>
        {
            Extent::Itself
        }
        Part::Time => time_extent(time.map(|time| time.unit)),
        Part::Json(path) if is_time(path) => time_extent(time.map(|time| time.unit)),
        Part::JsonOf(..) => Extent::Itself,
        Part::JsonWithout(_, character) => Extent::Without(character),
        Part::Method
        | Part::Body
        | Part::Payload
        | Part::Header(_)
        | Part::Url
        | Part::UrlPartlyDecoded
        | Part::Json(_)
        | Part::JsonOrNothing(_) => Extent::Anything,
    }
}

/// RFC 3339 begins with ten characters before its one `T` and ends with its zone, so that nothing of such a time is
/// one. Digits go on.
fn time_extent(unit: Option<Unit>) -> Extent {
    match unit {
        Some(Unit::Rfc3339) => Extent::Itself,
        Some(Unit::Seconds | Unit::Milliseconds) => Extent::Digits,
        None => Extent::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::has_one_reading;
    use crate::provider::{Part, Signature, Time, TimeAt, Unit};

    fn reads(message: &'static [Part], unit: Unit, only_objects: bool) -> bool {
        let time = Some(Time { at: TimeAt::Header("t"), unit, window_s: None });
        has_one_reading(&Signature { message, time, ..Signature::BASE }, &["POST", "GET"], only_objects)
    }

    fn one_reading(message: &'static [Part], unit: Unit) -> bool {
        reads(message, unit, false)
    }

    #[test]
    fn a_body_that_must_be_an_object_tells_its_borders_and_no_others() {
        for message in [
            &[Part::Time, Part::Body][..],
            &[Part::Url, Part::Body],
            &[Part::Header("id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
        ] {
            assert!(reads(message, Unit::Seconds, true), "{message:?}");
        }
        let two = &[Part::Header("a"), Part::Text("."), Part::Header("b"), Part::Text("."), Part::Body];
        assert!(!reads(two, Unit::Seconds, true));
    }

    #[test]
    fn a_border_is_certain_where_one_side_tells_it() {
        for message in [
            &[Part::Body][..],
            &[Part::Text("v0:"), Part::Time, Part::Text(":"), Part::Body],
            &[Part::Method, Part::Body],
            &[Part::Header("id"), Part::Text("."), Part::Time],
            &[
                Part::JsonWithout("a", ':'),
                Part::Text(":"),
                Part::Json("b"),
                Part::Text(":"),
                Part::JsonWithout("c", ':'),
            ],
            &[Part::Time, Part::JsonOf("a", 50)],
        ] {
            assert!(one_reading(message, Unit::Seconds), "{message:?}");
        }
        assert!(one_reading(&[Part::Body, Part::Time], Unit::Rfc3339));
        assert!(one_reading(&[Part::Time, Part::Body], Unit::Rfc3339));
    }

    #[test]
    fn a_border_that_may_lie_elsewhere_is_found() {
        for message in [
            &[Part::Time, Part::Body][..],
            &[Part::Url, Part::Body],
            &[Part::Header("id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
            &[Part::Time, Part::Text("0"), Part::Body],
            &[Part::JsonWithout("a", ':'), Part::Text("."), Part::Json("b")],
            &[Part::JsonOrNothing("a"), Part::Text(":"), Part::JsonOrNothing("b")],
        ] {
            assert!(!one_reading(message, Unit::Seconds), "{message:?}");
        }
        assert!(!one_reading(&[Part::Header("id"), Part::Time, Part::Body], Unit::Rfc3339));
    }
}
