//! From what is written to a definition, or to what would be wrong with it.

use std::fmt;

use super::form::{
    AlgorithmWord, AnswerForm, AtForm, ConditionForm, DemandForm, EncodingWord, HandshakeForm, KeyWord, PlaceForm,
    ProviderForm, SaidForm, SignatureForm, TimeAtForm, TimeForm, TokenForm, UnitWord, WantedForm,
};
use super::template;
use crate::provider::readings::has_one_reading;
use crate::provider::{
    self, Algorithm, Answer, Condition, Credential, DeliveryId, Demand, Encoding, EventName, FORGE_BODY_BYTES_MAX,
    Handshake, JSON_TELLS_ITS_BORDERS, KeyForm, Part, Place, Provider, Recipe, Replay, Said, Shape, Signature, Subject,
    Time, TimeAt, Unit, Wanted, Where,
};

/// Why a provider cannot be as it is written, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The provider's name.
    pub name: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl Undefined {
    pub(super) fn new(name: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name: name.to_owned(), what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the provider {:?}: {}: {}", self.name, self.what, self.mend)
    }
}

impl std::error::Error for Undefined {}

/// What is wrong, and how to mend it.
type Fault = (String, String);

fn fault(what: impl Into<String>, mend: impl Into<String>) -> Fault {
    (what.into(), mend.into())
}

impl ProviderForm {
    /// The definition that this describes.
    pub(super) fn defined(self) -> Result<Provider, Undefined> {
        let name = self.name.clone();
        self.definition().map_err(|(what, mend)| Undefined::new(&name, what, mend))
    }

    fn definition(self) -> Result<Provider, Fault> {
        check_name(&self.name)?;
        let key = self.key_form()?;
        let methods = self.methods.as_deref().map_or(Provider::BASE.methods, texts);
        let credential = self.credential()?;
        self.check_readings(&credential, methods)?;
        self.check_delivery_id()?;
        self.check_form(&credential)?;
        self.check_macs(&credential)?;
        let delivery_id = places(&self.delivery_id)?;
        let event = places(&self.event)?;
        let body_bytes_max = self.body_bytes_max.unwrap_or(provider::BODY_BYTES_MAX);
        if !(1..=FORGE_BODY_BYTES_MAX).contains(&body_bytes_max) {
            return Err(fault(
                format!("`body_bytes_max` is {body_bytes_max}"),
                format!("choose 1 to {FORGE_BODY_BYTES_MAX} bytes"),
            ));
        }
        if self.refusal_status.is_some_and(|status| !(400..500).contains(&status)) {
            return Err(fault("`refusal_status` is not one of a refusal", "choose 400 to 499"));
        }
        let handshakes = self.handshake.iter().map(|form| handshake(form, self.only_objects));
        Ok(Provider {
            name: kept(&self.name),
            ambiguity: self.only_objects.then_some(JSON_TELLS_ITS_BORDERS),
            replay: replay(&credential, delivery_id),
            credential,
            key,
            methods,
            event: if self.event_required { EventName::Required(event) } else { EventName::Optional(event) },
            delivery_id: if delivery_id.is_empty() { DeliveryId::None } else { DeliveryId::First(delivery_id) },
            subject: self.subject.as_ref().map(|form| Subject {
                event: kept(&form.event),
                kind: kept(&form.kind),
                collection: kept(&form.collection),
                id: kept(&form.id),
            }),
            form_field: self.form_field.as_deref().map(kept),
            handshakes: all(handshakes.collect::<Result<_, _>>()?),
            ping: self.ping.as_deref().map(kept),
            only_objects: self.only_objects,
            body_bytes_max,
            success: self.success.as_ref().map_or(Ok(Answer::NO_CONTENT), answer)?,
            refusal_status: self.refusal_status,
            recipe: Recipe { title: kept(&self.name), ..Recipe::NONE },
        })
    }

    fn key_form(&self) -> Result<KeyForm, Fault> {
        let form = match self.key {
            KeyWord::Text if self.basic => KeyForm::UserPassword,
            KeyWord::Text => KeyForm::Text,
            KeyWord::Whsec => KeyForm::Whsec,
            KeyWord::Hex => KeyForm::Hex,
            KeyWord::Named => KeyForm::Named,
            KeyWord::Whpk => KeyForm::Whpk,
            KeyWord::Ed25519Hex => KeyForm::Ed25519Hex,
            KeyWord::Spki => KeyForm::Spki,
        };
        let fitting: &[KeyWord] = match self.signature.as_ref().map(|signature| signature.algorithm) {
            None => &[KeyWord::Text],
            Some(AlgorithmWord::Ed25519) => &[KeyWord::Whpk, KeyWord::Ed25519Hex],
            Some(AlgorithmWord::EcdsaP256) => &[KeyWord::Spki],
            Some(_) => &[KeyWord::Text, KeyWord::Whsec, KeyWord::Hex, KeyWord::Named],
        };
        if fitting.contains(&self.key) {
            return Ok(form);
        }
        let mend = match self.signature.as_ref().map(|signature| signature.algorithm) {
            None => "leave `key` out: the secret is sent as it stands",
            Some(AlgorithmWord::Ed25519) => "write `key = \"ed25519-hex\"` or `key = \"whpk\"`",
            Some(AlgorithmWord::EcdsaP256) => "write `key = \"spki\"`",
            Some(_) => "write `key = \"text\"`, \"whsec\", \"hex\" or \"named\"",
        };
        Err(fault("`key` is of another kind than what proves a request", mend))
    }

    /// What is signed must have one reading: a person is not asked why another would do no harm.
    fn check_readings(&self, credential: &Credential, methods: &[&str]) -> Result<(), Fault> {
        match credential {
            Credential::Signature(signature) if !has_one_reading(signature, methods, self.only_objects) => {
                let mend = if self.only_objects {
                    "check the sender's documentation for what stands between them"
                } else {
                    "add `only_objects = true` if every body is a JSON object, or what stands between them"
                };
                let what = "the values in `message` run into each other: what one ends with could begin the next";
                Err(fault(what, mend))
            }
            _ => Ok(()),
        }
    }

    /// A fixed text tells no delivery from another.
    fn check_delivery_id(&self) -> Result<(), Fault> {
        if !self.delivery_id.iter().any(|place| matches!(place, PlaceForm::Fixed(_))) {
            return Ok(());
        }
        let mend = "name the places where the sender writes an id, or leave `delivery_id` out";
        Err(fault("`delivery_id` is fixed, so that one delivery would pass for the repetition of another", mend))
    }

    /// Of a form only the field is signed that holds the payload: nothing else in it may count.
    fn check_form(&self, credential: &Credential) -> Result<(), Fault> {
        let (Credential::Signature(signature), Some(field)) = (credential, &self.form_field) else { return Ok(()) };
        if signature.message.contains(&Part::Body) {
            return Ok(());
        }
        let answers = self.handshake.iter().filter(|handshake| handshake.proven).flat_map(HandshakeForm::places);
        let mut places = self.event.iter().chain(&self.delivery_id).chain(answers);
        let unsigned = places.find_map(|place| match place {
            PlaceForm::Form(name) if name != field => Some(name),
            _ => None,
        });
        match unsigned {
            None => Ok(()),
            Some(name) => Err(fault(
                format!("the form's field {name:?} is not signed, so that anybody could change it"),
                format!("write {{body}} in `message` if the whole form is signed, else read only from {field:?}"),
            )),
        }
    }

    /// A handshake's MAC is made with the key that checks signatures.
    fn check_macs(&self, credential: &Credential) -> Result<(), Fault> {
        let has_key = matches!(credential, Credential::Signature(Signature { algorithm: Algorithm::HmacSha256, .. }));
        if has_key || !self.handshake.iter().any(HandshakeForm::makes_mac) {
            return Ok(());
        }
        let mend = "write `algorithm = \"hmac-sha256\"` if that is what the sender signs with, or another `answer`";
        Err(fault("a `handshake` answers with a MAC, but this provider has no key for HMAC-SHA256", mend))
    }

    fn credential(&self) -> Result<Credential, Fault> {
        match (&self.signature, &self.token, self.basic) {
            (Some(form), None, false) => Ok(Credential::Signature(self.signed(form)?)),
            (None, Some(form), false) => token(form),
            (None, None, true) => Ok(Credential::Basic),
            (None, None, false) => Err(fault(
                "nothing proves who sent a request",
                "describe a `signature`, or a `token`, or write `basic = true`; without any, everybody could send",
            )),
            _ => Err(fault("more than one thing would prove who sent a request", "keep the strongest: a `signature`")),
        }
    }

    fn signed(&self, form: &SignatureForm) -> Result<Signature, Fault> {
        let shape = match (&form.prefix, &form.list) {
            (None, None) => Shape::Bare,
            (Some(prefix), None) => Shape::Prefix(kept(prefix)),
            (None, Some(list)) => {
                Shape::List { between: list.between, after_key: list.after_key, key: kept(&list.key) }
            }
            (Some(_), Some(_)) => {
                return Err(fault("`prefix` and `list` are both set", "keep what the sender's header looks like"));
            }
        };
        let time = form.time.as_ref().map(time).transpose()?;
        if matches!(time, Some(Time { at: TimeAt::Item(_), .. })) && !matches!(shape, Shape::List { .. }) {
            return Err(fault("the time is an item of a list, but the signature is in none", "describe the `list`"));
        }
        let parts = template::parts(&form.message).map_err(|why| fault(format!("`message`: {why}"), "correct it"))?;
        check_message(&parts, time)?;
        Ok(Signature {
            algorithm: match form.algorithm {
                AlgorithmWord::HmacSha1 => Algorithm::HmacSha1,
                AlgorithmWord::HmacSha256 => Algorithm::HmacSha256,
                AlgorithmWord::HmacSha512 => Algorithm::HmacSha512,
                AlgorithmWord::Ed25519 => Algorithm::Ed25519,
                AlgorithmWord::EcdsaP256 => Algorithm::EcdsaP256,
            },
            at: match &form.at {
                AtForm::Header(name) => Where::Header(header(name)?),
                AtForm::AnyOf(names) => {
                    names.iter().try_for_each(|name| header(name).map(drop))?;
                    Where::AnyOf(texts(names))
                }
                AtForm::Numbered(name) => Where::Numbered(header(name)?),
                AtForm::Json(path) => Where::Json(kept(path)),
            },
            shape,
            encoding: encoding(form.encoding),
            message: all(parts),
            time,
            each: None,
            key_name: form.key_name.as_deref().map(header).transpose()?,
        })
    }
}

impl HandshakeForm {
    /// What the answer and the demand are read from.
    fn places(&self) -> impl Iterator<Item = &PlaceForm> {
        let demanded = match &self.demand {
            Some(DemandForm::VerifyToken(at)) => Some(at),
            _ => None,
        };
        let answered: Vec<&PlaceForm> = match &self.answer {
            WantedForm::Text(at) => vec![at],
            WantedForm::Members(members) => members.values().map(SaidForm::place).collect(),
            WantedForm::Fixed(_) | WantedForm::HeaderBack(_) => vec![],
        };
        demanded.into_iter().chain(answered)
    }

    fn makes_mac(&self) -> bool {
        let WantedForm::Members(members) = &self.answer else { return false };
        members.values().any(|said| matches!(said, SaidForm::Mac(_)))
    }
}

impl SaidForm {
    fn place(&self) -> &PlaceForm {
        match self {
            SaidForm::Back(at) => at,
            SaidForm::Mac(mac) => &mac.of,
        }
    }
}

/// The body must be signed whole, and the time with it if there is one.
fn check_message(parts: &[Part], time: Option<Time>) -> Result<(), Fault> {
    let has = |wanted: fn(&Part) -> bool| parts.iter().any(wanted);
    if !has(|part| matches!(part, Part::Body | Part::Payload)) {
        return Err(fault(
            "`message` does not hold the body, so that a signature would fit any other body",
            "add {body} where the sender signs it",
        ));
    }
    let says_time = has(|part| *part == Part::Time);
    match time.map(|time| time.at) {
        Some(TimeAt::Header(_) | TimeAt::Item(_)) if !says_time => {
            return Err(fault(
                "the `time` is not signed, so that anybody could change it",
                "add {t} to `message` where the sender signs it, or leave `time` out",
            ));
        }
        None if says_time => {
            return Err(fault("`message` holds {t}, but no `time` is described", "add `time`: where, and its unit"));
        }
        _ => {}
    }
    Ok(())
}

fn token(form: &TokenForm) -> Result<Credential, Fault> {
    let place = match &form.at {
        PlaceForm::Header(_) | PlaceForm::Query(_) => place(&form.at)?,
        _ => return Err(fault("the `token` is in the body", "only `header` and `query` hold tokens")),
    };
    if matches!(place, Place::Query(_)) && !form.prefix.is_empty() {
        return Err(fault("a `token` in the query has a `prefix`", "leave it out"));
    }
    Ok(Credential::Token { place, prefix: kept(&form.prefix) })
}

fn time(form: &TimeForm) -> Result<Time, Fault> {
    Ok(Time {
        at: match &form.at {
            TimeAtForm::Header(name) => TimeAt::Header(header(name)?),
            TimeAtForm::Item(key) => TimeAt::Item(kept(key)),
            TimeAtForm::Json(path) => TimeAt::Json(kept(path)),
        },
        unit: match form.unit {
            UnitWord::Seconds => Unit::Seconds,
            UnitWord::Milliseconds => Unit::Milliseconds,
            UnitWord::Rfc3339 => Unit::Rfc3339,
        },
        window_s: form.window.as_deref().map(window).transpose()?,
    })
}

fn window(text: &str) -> Result<u64, Fault> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    let seconds = digits.parse().ok().and_then(|count: u64| count.checked_mul(unit)).filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| fault(format!("`window` is {text:?}"), "write a length of time such as \"5m\""))
}

fn handshake(form: &HandshakeForm, only_objects: bool) -> Result<Handshake, Fault> {
    if form.when.is_empty() {
        return Err(fault("a `handshake` says not when", "add what such a request is known by"));
    }
    let answer = match &form.answer {
        WantedForm::Fixed(form) => Wanted::Fixed(answer(form)?),
        WantedForm::Text(at) => Wanted::Text(place(at)?),
        WantedForm::HeaderBack(name) => Wanted::HeaderBack(header(name)?),
        WantedForm::Members(members) => {
            let members = members.iter().map(|(name, form)| Ok((kept(name), said(form)?)));
            Wanted::Members(all(members.collect::<Result<Vec<_>, Fault>>()?))
        }
    };
    let mut demand = match &form.demand {
        None => Demand::Nothing,
        Some(DemandForm::VerifyToken(at)) => Demand::VerifyToken(place(at)?),
        Some(DemandForm::AllowedOrigin(name)) => Demand::AllowedOrigin(header(name)?),
    };
    let macs = |wanted: Wanted| match wanted {
        Wanted::Members(members) => members.iter().find_map(|(_, said)| match said {
            Said::Mac { of, .. } => Some(*of),
            Said::Back(_) => None,
        }),
        _ => None,
    };
    if let (Some(of), false) = (macs(answer), form.proven) {
        if !only_objects || demand != Demand::Nothing {
            return Err(fault(
                "a `handshake` answers with the secret's MAC to whoever asks, who could have events signed so",
                "write `proven = true` if such requests are signed; else `only_objects = true`, and no `demand`",
            ));
        }
        demand = Demand::PlainToken(of);
    }
    let when = form.when.iter().map(condition).collect::<Result<Vec<_>, _>>()?;
    Ok(Handshake { when: all(when), proven: form.proven, demand, answer, effect: None })
}

fn said(form: &SaidForm) -> Result<Said, Fault> {
    Ok(match form {
        SaidForm::Back(at) => Said::Back(place(at)?),
        SaidForm::Mac(mac) => {
            Said::Mac { prefix: kept(&mac.prefix), encoding: encoding(mac.encoding), of: place(&mac.of)? }
        }
    })
}

fn condition(form: &ConditionForm) -> Result<Condition, Fault> {
    Ok(match form {
        ConditionForm::Method(method) => Condition::Method(kept(method)),
        ConditionForm::Header(name, value) => Condition::Header(header(name)?, kept(value)),
        ConditionForm::HeaderPresent(name) => Condition::HeaderPresent(header(name)?),
        ConditionForm::HeaderAbsent(name) => Condition::HeaderAbsent(header(name)?),
        ConditionForm::Query(name, value) => Condition::Query(kept(name), kept(value)),
        ConditionForm::Json(path, value) => Condition::Json(kept(path), kept(value)),
        ConditionForm::FormNumber(name) => Condition::FormNumber(kept(name)),
    })
}

/// What tells one delivery from another: what is signed before what is not.
fn replay(credential: &Credential, delivery_id: &[Place]) -> Replay {
    let Credential::Signature(signature) = credential else { return Replay::Nothing };
    let is_signed = |place: &Place| match place {
        Place::Header(name) => {
            signature.message.iter().any(|part| matches!(part, Part::Header(own) if own.eq_ignore_ascii_case(name)))
        }
        Place::Json(_) => true,
        Place::Query(_) | Place::Form(_) | Place::Fixed(_) => false,
    };
    match delivery_id {
        [_, ..] if delivery_id.iter().all(is_signed) => Replay::Signed,
        _ if signature.time.is_some() => Replay::SignedTime,
        [_, ..] => Replay::IdAndDigest,
        [] => Replay::Nothing,
    }
}

fn answer(form: &AnswerForm) -> Result<Answer, Fault> {
    if !(200..300).contains(&form.status) {
        return Err(fault(format!("the status {} is not one of success", form.status), "choose 200 to 299"));
    }
    let content_type = form.content_type.as_deref().map(content_type).transpose()?;
    Ok(Answer { status: form.status, content_type, text: kept(&form.text) })
}

fn content_type(text: &str) -> Result<&'static str, Fault> {
    if !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(kept(text));
    }
    Err(fault(format!("the `content_type` {text:?} cannot stand in a header"), "write one such as \"text/plain\""))
}

fn encoding(word: EncodingWord) -> Encoding {
    match word {
        EncodingWord::Hex => Encoding::Hex,
        EncodingWord::Base64 => Encoding::Base64,
    }
}

fn places(forms: &[PlaceForm]) -> Result<&'static [Place], Fault> {
    Ok(all(forms.iter().map(place).collect::<Result<_, _>>()?))
}

fn place(form: &PlaceForm) -> Result<Place, Fault> {
    Ok(match form {
        PlaceForm::Header(name) => Place::Header(header(name)?),
        PlaceForm::Query(name) => Place::Query(kept(name)),
        PlaceForm::Form(name) => Place::Form(kept(name)),
        PlaceForm::Json(path) => Place::Json(kept(path)),
        PlaceForm::Fixed(text) => Place::Fixed(kept(text)),
    })
}

fn header(name: &str) -> Result<&'static str, Fault> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(token) {
        return Ok(kept(name));
    }
    Err(fault(format!("{name:?} is no header's name"), "write it as the sender's documentation does"))
}

fn check_name(name: &str) -> Result<(), Fault> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        return Err(fault("the name is not made for URLs", "use small letters, digits and hyphens, 64 at most"));
    }
    if provider::find(name).is_some() || crate::aspnet::find(name).is_some() {
        return Err(fault("a built-in provider has this name", "choose another one"));
    }
    Ok(())
}

fn texts(of: &[String]) -> &'static [&'static str] {
    all(of.iter().map(|text| kept(text)).collect())
}

/// A text that lives as long as the process, as everything in a definition does.
pub(super) fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn all<T>(of: Vec<T>) -> &'static [T] {
    Box::leak(of.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A provider that signs so, with these keys too.
    fn defined(message: &str, algorithm: &str, more: &Value) -> Result<Provider, Undefined> {
        let mut form = json!({
            "name": "acme",
            "signature": { "algorithm": algorithm, "at": { "header": "X-Signature" }, "message": message },
        });
        form.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value::<ProviderForm>(form).expect("a form").defined()
    }

    fn is_refused(defined: Result<Provider, Undefined>, what: &str) {
        let why = defined.expect_err(what);
        assert!(why.what.contains(what) && !why.mend.is_empty(), "{why}");
    }

    #[test]
    fn a_content_type_can_stand_in_a_header() {
        let success = |kind: &str| {
            let success = json!({ "success": { "status": 200, "content_type": kind, "text": "ok" } });
            defined("{body}", "hmac-sha256", &success)
        };
        assert_eq!(
            success("text/plain; charset=utf-8").map(|acme| acme.success.content_type),
            Ok(Some("text/plain; charset=utf-8"))
        );
        for kind in ["", "text/plain\n", "text/\u{7f}", "t\u{e9}xt/plain"] {
            is_refused(success(kind), "cannot stand in a header");
        }
        let fixed = json!({ "status": 200, "content_type": "a\r\nb" });
        let handshake = json!([{ "when": [{ "method": "POST" }], "proven": true, "answer": { "fixed": fixed } }]);
        is_refused(defined("{body}", "hmac-sha256", &json!({ "handshake": handshake })), "cannot stand in a header");
    }

    #[test]
    fn of_a_form_only_what_is_signed_counts() {
        let form = |message: &str, more: Value| {
            let mut form = json!({ "form_field": "payload" });
            form.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            defined(message, "hmac-sha256", &form)
        };
        let from = |name: &str| json!([{ "form": name }]);
        let back = |proven: bool| {
            let answer = json!({ "members": { "x": { "back": { "form": "challenge" } } } });
            json!([{ "when": [{ "method": "POST" }], "proven": proven, "answer": answer }])
        };
        for unsigned in
            [json!({ "event": from("kind") }), json!({ "delivery_id": from("id") }), json!({ "handshake": back(true) })]
        {
            is_refused(form("{payload}", unsigned.clone()), "is not signed");
            assert!(form("{body}", unsigned).is_ok());
        }
        assert!(form("{payload}", json!({ "event": from("payload"), "delivery_id": [{ "json": "id" }] })).is_ok());
        assert!(form("{payload}", json!({ "handshake": back(false) })).is_ok(), "it is not proven by anything");
        assert!(defined("{payload}", "hmac-sha256", &json!({ "event": from("kind") })).is_ok(), "that is the body");
    }

    #[test]
    fn a_delivery_is_not_told_by_a_fixed_text() {
        let by = |places: Value| defined("{body}", "hmac-sha256", &json!({ "delivery_id": places }));

        is_refused(by(json!([{ "fixed": "a" }])), "`delivery_id` is fixed");
        is_refused(by(json!([{ "header": "X-Id" }, { "fixed": "a" }])), "`delivery_id` is fixed");
        assert!(by(json!([{ "header": "X-Id" }, { "json": "id" }])).is_ok());
    }

    #[test]
    fn a_handshakes_mac_needs_a_key_that_makes_it() {
        let answer = json!({ "members": { "x": { "mac": { "of": { "json": "token" } } } } });
        let handshake = json!([{ "when": [{ "method": "POST" }], "proven": true, "answer": answer }]);
        let with =
            |algorithm: &str, key: &str| defined("{body}", algorithm, &json!({ "handshake": handshake, "key": key }));

        assert!(with("hmac-sha256", "text").is_ok());
        for (algorithm, key) in [("hmac-sha512", "text"), ("hmac-sha1", "text"), ("ed25519", "whpk")] {
            is_refused(with(algorithm, key), "no key for HMAC-SHA256");
        }
        let form = json!({ "name": "acme", "basic": true, "handshake": handshake });
        is_refused(serde_json::from_value::<ProviderForm>(form).expect("a form").defined(), "no key for HMAC-SHA256");
    }
}
