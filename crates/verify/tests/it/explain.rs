//! Real mistakes, each made as a mistaken sender or proxy makes it, and told as what it is.

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use verify::explain::{self, Case, Diagnosis, Mistake};
use verify::hex;
use verify::provider::{self, Provider};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, Reason, Refusal};

const SECRET: &str = "It's a Secret to Everybody";
const TOKEN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOKEN_BYTES: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &[u8] =
    br#"{"action":"opened","number":7,"title":"caf\u00e9 <b>","labels":[],"repository":{"full_name":"a/b"}}"#;
const NOW_S: i64 = 1_767_225_600;

/// A request as it arrives, and what it is judged by.
#[derive(Clone)]
struct Sent {
    provider: &'static Provider,
    secrets: Vec<String>,
    idle: Vec<String>,
    others: Vec<String>,
    public_url: Option<String>,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    now_s: i64,
    /// What must not be told: expected signatures and keys.
    never_told: Vec<Vec<u8>>,
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("any key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac::<Hmac<Sha256>>(key, parts)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn sent(provider: &'static Provider, secret: &str, headers: &[(&str, &str)], body: &[u8]) -> Sent {
    Sent {
        provider,
        secrets: vec![secret.to_owned()],
        idle: Vec::new(),
        others: Vec::new(),
        public_url: None,
        url: "https://hooks.example.test/api/webhooks/incoming/x/y".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
        body: body.to_vec(),
        now_s: NOW_S,
        never_told: Vec::new(),
    }
}

/// A push as GitHub signs it, with the signature over `signed` and the body that arrived.
fn github(key: &str, signed: &[u8], arrived: &[u8]) -> Sent {
    let signature = format!("sha256={}", hex::encode(&sha256(key.as_bytes(), &[signed])));
    let headers =
        [("X-Hub-Signature-256", signature.as_str()), ("X-GitHub-Event", "push"), ("Content-Type", "application/json")];
    let mut sent = sent(&provider::GITHUB, SECRET, &headers, arrived);
    sent.never_told = vec![sha256(SECRET.as_bytes(), &[arrived]), sha256(key.as_bytes(), &[signed])];
    sent
}

/// A message as Standard Webhooks signs it, with this key.
fn standard(key: &[u8], time: &str, body: &[u8]) -> Sent {
    let tag = sha256(key, &[b"msg_1.", time.as_bytes(), b".", body]);
    let signature = format!("v1,{}", base64(&tag));
    let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", time), ("webhook-signature", signature.as_str())];
    let mut sent = sent(&provider::STANDARD_WEBHOOKS, TOKEN, &headers, body);
    sent.never_told = vec![tag, key_of_token()];
    sent
}

fn key_of_token() -> Vec<u8> {
    hex::decode(b"31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0").expect("hex")
}

/// An action as Trello signs it: the body and the address after it.
fn trello(signed_url: &str, seen_url: &str) -> Sent {
    let tag = mac::<Hmac<Sha1>>(SECRET.as_bytes(), &[BODY, signed_url.as_bytes()]);
    let mut sent = sent(&provider::TRELLO, SECRET, &[("X-Trello-Webhook", &base64(&tag))], BODY);
    sent.url = seen_url.to_owned();
    sent.never_told = vec![tag, mac::<Hmac<Sha1>>(SECRET.as_bytes(), &[BODY, seen_url.as_bytes()])];
    sent
}

impl Sent {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    fn named(secrets: &[String]) -> Vec<(String, String)> {
        secrets.iter().enumerate().map(|(at, text)| (format!("name-{at}"), text.clone())).collect()
    }

    fn judged<T>(&self, with: impl FnOnce(&Head<'_>, Outcome) -> T) -> T {
        let endpoint = Endpoint::new(EndpointSettings {
            provider: self.provider,
            secrets: Self::named(&self.secrets),
            window_s: None,
            public_url: self.public_url.clone(),
            handshake: HandshakeSettings::default(),
            subject: None,
        });
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let head = Head { method: "POST", url: &self.url, headers: &headers };
        let outcome = endpoint.expect("an endpoint").receive(&head, &self.body, self.now_s);
        with(&head, outcome)
    }

    fn is_believed(&self) -> bool {
        self.judged(|_, outcome| matches!(outcome, Outcome::Accept(_)))
    }

    /// What is told of it, after what must never be told was looked for.
    fn explained(&self) -> Diagnosis {
        let told = self.judged(|head, outcome| {
            let Outcome::Refuse(refusal) = outcome else { panic!("expected a refusal, found {outcome:?}") };
            let (secrets, idle, others) =
                (Self::named(&self.secrets), Self::named(&self.idle), Self::named(&self.others));
            let case = Case {
                provider: self.provider,
                secrets: &secrets,
                idle: &idle,
                others: &others,
                window_s: None,
                public_url: self.public_url.as_deref(),
                head: *head,
                body: &self.body,
                now_s: self.now_s,
            };
            explain::explain(&case, &refusal)
        });
        let text = format!("{} {}", told.text, told.mend);
        for secret in self.secrets.iter().chain(&self.idle).chain(&self.others) {
            let bare = secret.trim();
            for part in [bare, &bare[..bare.len() / 2], &bare[bare.len() / 2..], &bare[..8]] {
                assert!(!text.contains(part), "{text}");
            }
        }
        for bytes in &self.never_told {
            let (hex, base64) = (hex::encode(bytes), base64(bytes));
            assert!(!text.contains(&hex[..12]) && !text.contains(&base64[..12]), "{text}");
        }
        told
    }

    /// Asserts that it is refused and that exactly this is told, for certain; answers the words.
    #[track_caller]
    fn is_told_as(&self, mistake: Mistake) -> String {
        let told = self.explained();
        assert_eq!((told.mistake, told.certain), (Some(mistake), true), "{}", told.text);
        assert!(told.mend.ends_with('.') || told.mend.contains("https://"), "{}", told.mend);
        format!("{} {}", told.text, told.mend)
    }
}

#[test]
fn without_a_mistake_the_requests_of_these_tests_are_believed() {
    assert!(github(SECRET, BODY, BODY).is_believed());
    assert!(standard(&key_of_token(), "1767225600", BODY).is_believed());
    let url = "https://hooks.example.test/in?a=1";
    assert!(trello(url, url).is_believed());
    assert_eq!(base64(&key_of_token()), TOKEN_BYTES);
}

#[test]
fn a_line_break_at_the_end_that_was_added_or_lost() {
    let with = [BODY, b"\n"].concat();
    let with_both = [BODY, b"\r\n"].concat();
    for (signed, arrived, words) in [
        (BODY, with.as_slice(), "ends with a line break that was not there"),
        (BODY, with_both.as_slice(), "ends with a line break that was not there"),
        (with.as_slice(), BODY, "missing in the one that arrived"),
        (with_both.as_slice(), BODY, "missing in the one that arrived"),
    ] {
        let told = github(SECRET, signed, arrived).is_told_as(Mistake::TrailingNewline);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn line_breaks_that_were_rewritten() {
    let unix = b"{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n";
    let dos = b"{\r\n  \"a\": 1,\r\n  \"b\": \"x\"\r\n}\r\n";

    assert!(github(SECRET, unix, dos).is_told_as(Mistake::LineBreaks).contains("it was signed with LF"));
    assert!(github(SECRET, dos, unix).is_told_as(Mistake::LineBreaks).contains("it was signed with CRLF"));
}

#[test]
fn a_byte_order_mark_that_was_added_or_lost() {
    let marked = [b"\xef\xbb\xbf", BODY].concat();

    github(SECRET, BODY, &marked).is_told_as(Mistake::ByteOrderMark);
    github(SECRET, &marked, BODY).is_told_as(Mistake::ByteOrderMark);
}

#[test]
fn json_that_was_parsed_and_written_again() {
    // What Python, JavaScript, PHP, Go and jq write of one object, and what another of them makes of it.
    let python = r#"{"title": "caf\u00e9 <b>", "url": "https://a/b", "n": 1.50, "list": [1, {}], "empty": []}"#;
    let javascript = r#"{"title":"café <b>","url":"https://a/b","n":1.50,"list":[1,{}],"empty":[]}"#;
    let php = r#"{"title":"caf\u00e9 <b>","url":"https:\/\/a\/b","n":1.50,"list":[1,{}],"empty":[]}"#;
    let go = r#"{"empty":[],"list":[1,{}],"n":1.50,"title":"café \u003cb\u003e","url":"https://a/b"}"#;
    let pretty = "{\n  \"title\": \"café <b>\",\n  \"url\": \"https://a/b\",\n  \"n\": 1.50,\n  \"list\": [\n    1,\n    {}\n  ],\n  \"empty\": []\n}";

    for (signed, words) in [
        (python, "with a blank after each comma and colon, with an escape for every letter that is not ASCII"),
        (php, "without blanks, with an escape for every slash and every letter that is not ASCII"),
        (go, "without blanks, the members sorted by name, with escapes for `<`, `>` and `&`"),
        (pretty, "indented by two blanks"),
    ] {
        let told = github(SECRET, signed.as_bytes(), javascript.as_bytes()).is_told_as(Mistake::Reserialised);
        assert!(told.contains(words), "{told}");
    }
    let told = github(SECRET, javascript.as_bytes(), pretty.as_bytes()).is_told_as(Mistake::Reserialised);
    assert!(told.contains("the same JSON without blanks"), "{told}");
}

#[test]
fn white_space_and_quotes_around_a_secret_on_either_side() {
    let mut here = github(SECRET, BODY, BODY);
    for spoiled in [format!("{SECRET}\n"), format!(" {SECRET}"), format!("{SECRET}\r\n"), format!("\"{SECRET}\"")] {
        here.secrets = vec![spoiled.clone()];
        let told = here.is_told_as(Mistake::SecretWhiteSpace);
        assert!(told.contains("configured here has white space"), "{told}");

        let there = github(&spoiled, BODY, BODY).is_told_as(Mistake::SecretWhiteSpace);
        assert!(there.contains("the sender's secret has white space"), "{there}");
    }
}

#[test]
fn the_secret_of_another_source_or_of_another_time() {
    let other = "kj3Lx9PqW2vT8mN5";
    let mut sent = github(other, BODY, BODY);
    sent.others = vec!["Xb6Rt4Yw1Zc0Vd2F".to_owned(), other.to_owned()];
    assert!(sent.is_told_as(Mistake::OtherSource).contains("name-1"));

    sent.idle = vec![other.to_owned()];
    assert!(sent.is_told_as(Mistake::SecretNotInForce).contains("name-0"));
}

#[test]
fn signing_tokens_that_are_decoded_wrongly_or_not_at_all() {
    let whole = standard(TOKEN.as_bytes(), "1767225600", BODY).is_told_as(Mistake::SecretDecoding);
    assert!(whole.contains("signs with the text of the secret as it stands"), "{whole}");
    let rest = standard(TOKEN_BYTES.as_bytes(), "1767225600", BODY).is_told_as(Mistake::SecretDecoding);
    assert!(rest.contains("signs with the rest undecoded"), "{rest}");

    // Stripe's secrets look the same and are not decoded.
    let stripe = |key: &[u8]| {
        let tag = sha256(key, &[b"1767225600.", BODY]);
        let header = format!("t=1767225600,v1={}", hex::encode(&tag));
        Sent { never_told: vec![tag], ..sent(&provider::STRIPE, TOKEN, &[("Stripe-Signature", &header)], BODY) }
    };
    assert!(stripe(&key_of_token()).is_told_as(Mistake::SecretDecoding).contains("`whsec_` included"));
    assert!(stripe(TOKEN_BYTES.as_bytes()).is_told_as(Mistake::SecretDecoding).contains("it belongs to the key"));
}

#[test]
fn hex_that_was_not_decoded_or_should_not_have_been() {
    let key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    let tag = sha256(key.as_bytes(), &[BODY]);
    let adyen = sent(&provider::ADYEN_PLATFORM, key, &[("HmacSignature", &base64(&tag))], BODY);
    assert!(adyen.is_told_as(Mistake::SecretDecoding).contains("hex digits of the secret as text"));

    let tag = sha256(&hex::decode(key.as_bytes()).expect("hex"), &[BODY]);
    let mut hub = github(SECRET, BODY, BODY).header("X-Hub-Signature-256", &format!("sha256={}", hex::encode(&tag)));
    hub.secrets = vec![key.to_owned()];
    assert!(hub.is_told_as(Mistake::SecretDecoding).contains("takes the secret for hex"));
}

#[test]
fn hex_for_base64_and_the_reverse() {
    let tag = sha256(SECRET.as_bytes(), &[BODY]);
    let as_base64 = github(SECRET, BODY, BODY).header("X-Hub-Signature-256", &format!("sha256={}", base64(&tag)));
    assert!(as_base64.is_told_as(Mistake::OtherEncoding).contains("written in base64, and github writes it in hex"));

    let shopify = |written: &str| {
        let headers = [("X-Shopify-Hmac-Sha256", written), ("X-Shopify-Topic", "orders/create")];
        Sent { never_told: vec![tag.clone()], ..sent(&provider::SHOPIFY, SECRET, &headers, BODY) }
    };
    assert!(shopify(&base64(&tag)).is_believed());
    assert!(shopify(&hex::encode(&tag)).is_told_as(Mistake::OtherEncoding).contains("written in hex"));
    let for_urls = base64(&tag).replace('+', "-").replace('/', "_").replace('=', "");
    assert!(shopify(&for_urls).is_told_as(Mistake::OtherEncoding).contains("base64 of URLs"));
}

#[test]
fn a_prefix_that_is_missing_or_another() {
    let digest = hex::encode(&sha256(SECRET.as_bytes(), &[BODY]));
    let hub = |value: &str| github(SECRET, BODY, BODY).header("X-Hub-Signature-256", value);
    for (value, words) in [
        (digest.clone(), "nothing stands in front of it"),
        (format!("SHA256={digest}"), "`SHA256=` stands in front of it"),
        (format!("sha1={digest}"), "where `sha256=` belongs"),
        (format!("v1={digest}"), "where `sha256=` belongs"),
    ] {
        let told = hub(&value).is_told_as(Mistake::WrongPrefix);
        assert!(told.contains(words), "{told}");
    }
    let bare = sent(&provider::DROPBOX, SECRET, &[("X-Dropbox-Signature", &format!("sha256={digest}"))], BODY);
    assert!(bare.is_told_as(Mistake::WrongPrefix).contains("where nothing belongs"));
}

#[test]
fn sha_1_where_sha_256_is_wanted_and_the_reverse() {
    let sha1 = hex::encode(&mac::<Hmac<Sha1>>(SECRET.as_bytes(), &[BODY]));
    let sha256 = hex::encode(&sha256(SECRET.as_bytes(), &[BODY]));
    let sha512 = hex::encode(&mac::<Hmac<Sha512>>(SECRET.as_bytes(), &[BODY]));
    let event = ("X-GitHub-Event", "push");

    let old = sent(&provider::GITHUB, SECRET, &[("X-Hub-Signature", &format!("sha1={sha1}")), event], BODY);
    let told = old.is_told_as(Mistake::OtherHash);
    assert!(
        told.contains("signs with HMAC-SHA1, in the header X-Hub-Signature") && told.contains("`github-sha1`"),
        "{told}"
    );

    let new =
        sent(&provider::GITHUB_SHA1, SECRET, &[("X-Hub-Signature-256", &format!("sha256={sha256}")), event], BODY);
    let told = new.is_told_as(Mistake::OtherHash);
    assert!(told.contains("signs with HMAC-SHA256, in the header X-Hub-Signature-256"), "{told}");

    // Under the right name, with the wrong hash.
    for digest in [sha1, sha512] {
        github(SECRET, BODY, BODY)
            .header("X-Hub-Signature-256", &format!("sha256={digest}"))
            .is_told_as(Mistake::OtherHash);
    }
}

#[test]
fn the_right_signature_in_the_wrong_header() {
    let sent = github(SECRET, BODY, BODY);
    let value = String::from_utf8(sent.headers[0].1.clone()).expect("text");
    let mut sent = sent.header("X-Hub-Signature", &value);
    sent.headers.retain(|(name, _)| name != "X-Hub-Signature-256");

    let told = sent.is_told_as(Mistake::OtherHeader);
    assert!(told.contains("stands in the header X-Hub-Signature") && told.contains("`bitbucket`"), "{told}");
}

#[test]
fn milliseconds_for_seconds_and_the_reverse() {
    let told = standard(&key_of_token(), "1767225600123", BODY).is_told_as(Mistake::TimeUnit);
    assert!(told.contains("written in milliseconds since 1970"), "{told}");
    standard(&key_of_token(), "2026-01-01T00:00:00Z", BODY).is_told_as(Mistake::TimeUnit);

    // Seconds were signed, and milliseconds sent.
    let halves = standard(&key_of_token(), "1767225600", BODY).header("webhook-timestamp", "1767225600000");
    halves.is_told_as(Mistake::TimeUnit);

    let tag = sha256(SECRET.as_bytes(), &[b"1767225600:", BODY]);
    let headers = [("x-webflow-signature", hex::encode(&tag)), ("x-webflow-timestamp", "1767225600".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let webflow = sent(&provider::WEBFLOW, SECRET, &headers, BODY);
    assert!(webflow.is_told_as(Mistake::TimeUnit).contains("written in whole seconds since 1970"));
}

#[test]
fn clocks_that_differ_and_by_how_much() {
    let at = |seconds: i64| standard(&key_of_token(), &(NOW_S + seconds).to_string(), BODY);
    assert!(at(300).is_believed() && at(-300).is_believed());

    let slow = at(-722).is_told_as(Mistake::ClockSkew);
    assert!(slow.contains("lies 12 min 2 s before") && slow.contains("at most 5 min"), "{slow}");
    let fast = at(301).is_told_as(Mistake::ClockSkew);
    assert!(fast.contains("lies 5 min 1 s after") && fast.contains("the sender's is fast"), "{fast}");
    for zone in [3600, -7200, 19_800] {
        assert!(at(zone + 3).is_told_as(Mistake::ClockSkew).contains("time zone"), "{zone}");
    }
}

#[test]
fn forms_for_json_and_the_reverse() {
    let form = format!("payload={}", escaped(BODY));
    let form = form.as_bytes();
    // Gitea signs the JSON in the form; here the form is announced as JSON.
    let gitea = |headers: &[(&str, &str)], signed: &[u8], arrived: &[u8]| {
        let tag = sha256(SECRET.as_bytes(), &[signed]);
        let digest = hex::encode(&tag);
        let headers = [headers, &[("X-Gitea-Signature", digest.as_str()), ("X-Gitea-Event", "push")]].concat();
        Sent { never_told: vec![tag], ..sent(&provider::GITEA, SECRET, &headers, arrived) }
    };
    let announced = |kind| [("Content-Type", kind)];
    assert!(gitea(&announced("application/x-www-form-urlencoded"), BODY, form).is_believed());
    let told = gitea(&announced("application/json"), BODY, form).is_told_as(Mistake::FormPayload);
    assert!(told.contains("its Content-Type says that it is not"), "{told}");

    // A sender that signs the JSON and then sends a form.
    assert!(github(SECRET, BODY, form).is_told_as(Mistake::FormPayload).contains("`payload` alone"));
    // GitHub's form, out of which a framework took the JSON.
    assert!(github(SECRET, form, BODY).is_told_as(Mistake::FormPayload).contains("only the JSON arrived"));

    // Rightly signed, and yet nothing that can be read.
    let tag = sha256(SECRET.as_bytes(), &[b"1767225600.", form]);
    let header = format!("t=1767225600,v1={}", hex::encode(&tag));
    let stripe = sent(&provider::STRIPE, SECRET, &[("Stripe-Signature", &header)], form);
    assert!(stripe.is_told_as(Mistake::FormPayload).contains("the signature is right"));
}

fn escaped(text: &[u8]) -> String {
    text.iter()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() || b"*-._".contains(byte) => char::from(*byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn addresses_that_differ_behind_a_proxy() {
    let registered = "https://hooks.example.test/in/trello?x=1";
    for (seen, words) in [
        ("http://hooks.example.test/in/trello?x=1", "the scheme differs"),
        ("https://hooks.example.test:8443/in/trello?x=1", "the port differs"),
        ("https://hooks.example.test/in/trello/?x=1", "the slash at the end differs"),
        ("https://hooks.example.test/base/in/trello?x=1", "the path's beginning differs"),
    ] {
        let told = trello(registered, seen).is_told_as(Mistake::OtherUrl);
        assert!(told.contains(words) && told.contains("https://hooks.example.test/in/trello"), "{told}");
        assert!(!told.contains("x=1"), "a query may hold a token: {told}");
    }
    let inner =
        trello(registered, "http://10.0.0.7:8640/in/trello?x=1").header("X-Forwarded-Host", "hooks.example.test");
    assert!(inner.is_told_as(Mistake::OtherUrl).contains("the scheme, the host differ"));
    let stripped = trello(registered, "https://hooks.example.test/trello?x=1").header("X-Forwarded-Prefix", "/in");
    assert!(stripped.is_told_as(Mistake::OtherUrl).contains("the path's beginning differs"));
    let mut configured = trello(registered, registered);
    configured.public_url = Some("https://old.example.test/in/trello".to_owned());
    assert!(configured.is_told_as(Mistake::OtherUrl).contains("the host differs"));
}

#[test]
fn paths_that_were_signed_for_addresses() {
    let url = "https://hooks.example.test/in/trello";
    assert!(trello("/in/trello", url).is_told_as(Mistake::PathForUrl).contains("signs the path alone, where"));
    assert!(trello("in/trello", url).is_told_as(Mistake::PathForUrl).contains("without its leading slash"));
    assert!(
        trello("https://hooks.example.testin/trello", url)
            .is_told_as(Mistake::PathForUrl)
            .contains("no slash in front")
    );
}

#[test]
fn bodies_that_were_decompressed_or_compressed_on_their_way() {
    // `gzip -n` of `{"action":"opened"}`.
    let plain = br#"{"action":"opened"}"#;
    let gzip =
        hex::decode(b"1f8b08000000000002ffab564a4c2ec9cccf53b252ca2f48cd4b4d51aa0500726ebcae13000000").expect("hex");

    let decompressed = github(SECRET, &gzip, plain).header("Content-Encoding", "gzip").explained();
    assert_eq!((decompressed.mistake, decompressed.certain), (Some(Mistake::Compression), false));
    assert!(decompressed.text.contains("arrived decompressed"), "{}", decompressed.text);
    let compressed = github(SECRET, plain, &gzip).header("Content-Encoding", "gzip").explained();
    assert!(compressed.text.contains("arrived compressed"), "{}", compressed.text);
}

#[test]
fn tokens_and_codes_that_are_not_quite_the_secret() {
    let token = |value: &str| sent(&provider::GITLAB_TOKEN, SECRET, &[("X-Gitlab-Token", value)], BODY);
    assert!(token(SECRET).is_believed());
    token(&format!("\"{SECRET}\"")).is_told_as(Mistake::SecretWhiteSpace);
    token(&format!("Bearer {SECRET}")).is_told_as(Mistake::WrongPrefix);
    let mut spoiled = token(SECRET);
    spoiled.secrets = vec![format!("{SECRET}\n")];
    assert!(spoiled.is_told_as(Mistake::SecretWhiteSpace).contains("configured here"));
    let mut foreign = token("kj3Lx9PqW2vT8mN5");
    foreign.others = vec!["kj3Lx9PqW2vT8mN5".to_owned()];
    foreign.is_told_as(Mistake::OtherSource);

    let bare = sent(&provider::CLOUDEVENTS, SECRET, &[("Authorization", SECRET)], BODY);
    assert!(bare.is_told_as(Mistake::WrongPrefix).contains("`Bearer ` belongs in front"));

    let code = "a+code+of+more+than+thirty-two+characters";
    let mut azure = sent(&provider::AZUREALERT, code, &[], br#"{"context":{"name":"x"}}"#);
    azure.url = format!("https://hooks.example.test/in?code={}", code.replace('+', "%2B"));
    assert!(azure.is_believed());
    azure.url = format!("https://hooks.example.test/in?code={code}");
    azure.is_told_as(Mistake::UnescapedPlus);
}

#[test]
fn what_another_provider_sends_is_told_as_its() {
    let tag = sha256(SECRET.as_bytes(), &[b"v0:1767225600:", BODY]);
    let headers = [
        ("X-Slack-Signature", format!("v0={}", hex::encode(&tag))),
        ("X-Slack-Request-Timestamp", "1767225600".to_owned()),
    ];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));

    let slack = sent(&provider::GITHUB, SECRET, &headers, BODY);

    assert!(slack.is_told_as(Mistake::OtherProvider).contains("as `slack` signs"));
}

#[test]
fn what_is_no_usual_mistake_is_told_with_what_helps_to_compare() {
    let unknown = github("a secret that nobody here knows", BODY, BODY).explained();
    assert_eq!((unknown.mistake, unknown.certain), (None, false));
    assert!(unknown.text.contains(&format!("{} bytes", BODY.len())), "{}", unknown.text);

    let mut missing = github(SECRET, BODY, BODY);
    missing.headers.retain(|(name, _)| name != "X-Hub-Signature-256");
    let missing = missing.explained();
    assert_eq!((missing.mistake, missing.certain), (None, true));
    assert!(missing.text.contains("X-Hub-Signature-256") && missing.mend.contains("Enter a secret"), "{missing:?}");
}

#[test]
fn the_largest_bodies_are_explained_in_bounded_work() {
    let large = vec![b' '; 25 << 20];
    let mut sent = github("a secret that nobody here knows", &large, &large);
    sent.secrets = (0..32).map(|nth| format!("one of many secrets {nth}")).collect();

    let told = sent.explained();

    assert!(told.mistake.is_none() && told.text.contains("that its size let us try"), "{}", told.text);
}

#[test]
fn receivers_of_aspnet_are_explained_like_the_providers_that_sign_as_they_do() {
    let receiver = |name| verify::aspnet::find(name).expect("a receiver");
    let sha1 = hex::encode(&mac::<Hmac<Sha1>>(SECRET.as_bytes(), &[BODY]));
    let head = |headers: &[(&'static str, String)]| headers.to_vec();
    let told = |name, headers: Vec<(&'static str, String)>, body: &[u8]| {
        let provider = explain::like_receiver(receiver(name)).expect("a provider");
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let secrets = [("default".to_owned(), SECRET.to_owned())];
        let case = Case {
            provider: &provider,
            secrets: &secrets,
            idle: &[],
            others: &[],
            window_s: None,
            public_url: None,
            head: Head { method: "POST", url: "https://hooks.example.test/in", headers: &headers },
            body,
            now_s: NOW_S,
        };
        let refusal = Refusal { reason: Reason::SignatureMismatch, detail: "no".to_owned() };
        explain::explain(&case, &refusal).mistake
    };

    let signed = head(&[("X-Hub-Signature", format!("sha1={sha1}"))]);
    assert_eq!(told("github", signed, &[BODY, b"\n"].concat()), Some(Mistake::TrailingNewline));
    let newer =
        head(&[("X-Hub-Signature-256", format!("sha256={}", hex::encode(&sha256(SECRET.as_bytes(), &[BODY]))))]);
    assert_eq!(told("github", newer, BODY), Some(Mistake::OtherHash));
    let tag = sha256(SECRET.as_bytes(), &[b"5.", BODY]);
    let old = head(&[("Stripe-Signature", format!("t=5,v1={}", hex::encode(&tag)))]);
    assert_eq!(told("stripe", old, &[BODY, b"\n"].concat()), Some(Mistake::TrailingNewline));
    assert!(explain::like_receiver(receiver("slack")).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strangers_bytes_are_explained_without_a_panic_and_never_for_certain(
        url in prop_oneof!["https?://h(:[0-9]{0,4})?(/[a-z%]{0,4}){0,4}\\?(code=?[%&+#=a-z0-9]{0,12}){0,2}", ".{0,40}"],
        values in prop::collection::vec(
            prop_oneof![".{0,40}", "(sha256=)?[0-9a-f]{0,66}", "v1,[A-Za-z0-9+/]{0,44}=?", "[0-9]{0,20}"], 6),
        body in prop_oneof![".{0,80}", r#"\{("a" ?: ?("é\\/"|1e3|null|\[\[?|\{))?,?[\]}]{0,3}"#, "payload=[%0-9a-f+&=]{0,40}"],
        now_s in any::<i64>(),
    ) {
        let names = ["X-Hub-Signature-256", "webhook-signature", "webhook-timestamp", "X-Trello-Webhook",
            "X-Twilio-Signature", "X-Forwarded-Host"];
        let headers: Vec<(&str, &[u8])> = names.into_iter().zip(values.iter().map(String::as_bytes)).collect();
        let secrets = [("one".to_owned(), TOKEN.to_owned())];
        for provider in [&provider::GITHUB, &provider::STANDARD_WEBHOOKS, &provider::TRELLO, &provider::TWILIO] {
            let head = Head { method: "POST", url: &url, headers: &headers };
            let case = Case {
                provider, secrets: &secrets, idle: &[], others: &[], window_s: None, public_url: None, head,
                body: body.as_bytes(), now_s,
            };
            let refusal = Refusal { reason: Reason::SignatureMismatch, detail: "no".to_owned() };
            prop_assert!(explain::explain(&case, &refusal).mistake.is_none());
        }
    }
}
