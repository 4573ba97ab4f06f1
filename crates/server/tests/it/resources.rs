//! What people write: read from TOML as from JSON, checked alike, and settled against what was there.

use domain::catalogue::{Owner, Service, SigningKind, SourceMode};
use domain::rule::{Action, HoldFor};
use domain::{Random, RuleKey, ServiceKey, SourceKey};
use server::resources::{self, RuleSpec, ServiceSpec, SourceSpec, settle_service, settle_source};
use store::seal::SealKey;

pub struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

struct Ones;

impl Random for Ones {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}

fn seal() -> SealKey {
    SealKey::new([3; 32])
}

fn source(text: &str, random: &dyn Random) -> Result<domain::catalogue::Source, String> {
    let spec: SourceSpec = toml::from_str(text).map_err(|error| error.to_string())?;
    resources::source(&spec, SourceKey(1), Owner::File, &seal(), random, &Default::default())
        .map_err(|problem| problem.to_string())
}

fn service(text: &str, random: &dyn Random) -> Result<resources::NewService, String> {
    let spec: ServiceSpec = toml::from_str(text).map_err(|error| error.to_string())?;
    let own = ["127.0.0.1:8640".parse().expect("an address")];
    resources::service(&spec, ServiceKey(1), 1, Owner::File, &own, &seal(), random)
        .map_err(|problem| problem.to_string())
}

fn rule(text: &str) -> Result<domain::rule::Rule, String> {
    let spec: RuleSpec = toml::from_str(text).map_err(|error| error.to_string())?;
    let services = |name: &str| (name == "malware-scan").then_some(ServiceKey(1));
    let programs = ["build".to_owned()].into();
    resources::rule(&spec, RuleKey(1), Owner::Api, &services, &programs).map_err(|problem| problem.to_string())
}

#[test]
fn the_tables_of_the_configuration_file_read() {
    let made = source("id = \"website\"\nprovider = \"github\"\nmode = \"modern\"\nsecrets = [\"s3cret\"]", &Zeros);
    let made = made.expect("a source");
    assert_eq!((made.name.as_str(), made.provider.as_str(), made.secrets.len()), ("website", "github", 1));
    let text = r#"
        name = "malware-scan"
        profile = "scanner"
        payload = "basic"
        url = "http://127.0.0.1:20000/"
        secret = "key"
        events = ["during_validation", { type = "github.push", active = true, blocks = true, deadline = "26h",
                  redeliver = { every = "2h", times = 12 } }]
        on_failure = "hold"
        allow_networks = ["127.0.0.0/8:20000"]"#;
    let made = service(text, &Zeros).expect("a service");
    assert!(matches!(made.signing, resources::ShownKey::Secret(text) if text.starts_with("whsec_")));
    assert_eq!(made.service.subscriptions.len(), 2);
    assert_eq!(made.service.subscriptions[1].redeliver.map(|redeliver| redeliver.times), Some(12));
    let made = rule("name = \"MALICIOUS\"\nservice = \"malware-scan\"\nactive = true\naction = { hold = \"24h\" }");
    assert!(matches!(made.expect("a rule").action, Action::Hold(HoldFor::Span(span)) if span.as_secs() == 86_400));
    for action in [
        "\"flag\"",
        "\"block\"",
        "\"release\"",
        "\"none\"",
        "\"notify\"",
        "{ hold = \"forever\" }",
        "{ exec = \"build\" }",
        "{ restrict = \"approval\" }",
    ] {
        assert!(rule(&format!("name = \"X\"\naction = {action}")).is_ok(), "{action}");
    }
}

#[test]
fn what_cannot_be_is_told_in_a_sentence() {
    let refused = |text: &str| source(text, &Zeros).expect_err("refused");
    assert!(refused("provider = \"gihtub\"\nsecrets = [\"x\"]").contains("did you mean \"github\"?"));
    assert!(refused("provider = \"github\"").contains("needs a secret"));
    assert!(!refused("provider = \"gitlab\"\nsecrets = [\"hunter2\"]").contains("hunter2"));
    assert!(refused("provider = \"github\"\nsecrets = [\"x\"]\nwindow = \"5m\"").contains("signs no time"));

    let refused = |text: &str| service(text, &Zeros).err().expect("refused");
    let minimal = "name = \"s\"\nurl = \"https://s.example/\"\n";
    assert!(refused("name = \"s\"\nurl = \"http://127.0.0.1:1/\"").contains("allow_networks does not cover"));
    assert!(
        refused("name = \"s\"\nurl = \"http://127.0.0.1:8640/\"\nallow_networks = [\"127.0.0.0/8\"]")
            .contains("this gateway itself")
    );
    assert!(refused(&format!("{minimal}profile = \"scanner\"")).contains("a scanner needs a secret"));
    assert!(refused(&format!("{minimal}events = [\"a\", \"a\"]")).contains("stands there twice"));
    assert!(refused(&format!("{minimal}events = [\"\"]")).contains("expected an event's type"));
    assert!(
        refused(&format!("{minimal}events = [{{ type = \"a\", deadlien = \"1h\" }}]"))
            .contains("unknown field `deadlien`")
    );
    assert!(refused(&format!("{minimal}allow_networks = [\"10.0.0.1/8\"]")).contains("allow_networks"));
    assert!(refused(&format!("{minimal}concurrency = 0")).contains("1 to 1024"));
    assert!(refused("name = \"\"\nurl = \"https://s.example/\"").contains("1 to 255 characters"));

    let refused = |text: &str| rule(text).expect_err("refused");
    assert!(refused("name = \"X\"\nservice = \"other\"\naction = \"flag\"").contains("there is no service"));
    assert!(refused("name = \"X\"\naction = { exec = \"bulid\" }").contains("did you mean \"build\"?"));
    assert!(refused("name = \"X\"\naction = { hold = \"0s\" }").contains("longer than nothing"));
}

#[test]
fn an_entry_that_did_not_change_settles_to_itself() {
    let text = "id = \"website\"\nprovider = \"github\"\nsecrets = [\"s3cret\"]";
    let before = source(text, &Zeros).expect("a source");
    let fresh = source(text, &Ones).expect("a source");
    assert_ne!(fresh, before);
    assert_eq!(settle_source(fresh, &before, &seal()), before);
    let other = source(&text.replace("s3cret", "another"), &Ones).expect("a source");
    assert_ne!(settle_source(other, &before, &seal()), before);

    let text = "name = \"s\"\nurl = \"https://s.example/\"\nprofile = \"scanner\"\nsecret = \"key\"";
    let before = service(text, &Zeros).expect("a service").service;
    let fresh = service(text, &Ones).expect("a service").service;
    assert_eq!(settle_service(fresh, &before, &seal()), before);
}

#[test]
fn a_key_of_another_kind_takes_over_once_somebody_can_learn_it() {
    let text = "name = \"s\"\nurl = \"https://s.example/\"\n";
    let v1 = service(text, &Zeros).expect("a service").service;
    let v1a = service(&format!("{text}signing = \"v1a\""), &Ones).expect("a service").service;

    let told = settle_service(v1a.clone(), &v1, &seal());
    assert_eq!(told.signing, [v1a.signing[0].clone(), v1.signing[0].clone()], "its public half can be read");

    let untold = settle_service(v1.clone(), &told, &seal());
    assert_eq!((untold.signs, &untold.signing), (SigningKind::V1, &told.signing), "nobody was shown a secret");
    assert_eq!(settle_service(v1.clone(), &untold, &seal()), untold);

    let shown = settle_service(Service { owner: Owner::Api, ..v1.clone() }, &v1a, &seal());
    assert_eq!(shown.signing, [v1.signing[0].clone(), v1a.signing[0].clone()], "the API shows it");
}

#[test]
fn a_source_may_be_as_aspnet_has_it_and_is_where_nobody_else_knows_its_sender() {
    let made = |provider: &str, rest: &str| source(&format!("provider = \"{provider}\"\n{rest}"), &Zeros);
    let aspnet = "mode = \"aspnet\"\nsecrets = [\"0123456789abcdef\"]";
    let code = "secrets = [\"0123456789abcdef0123456789abcdef\"]";

    let github = made("GitHub", aspnet).expect("a source");
    assert_eq!((github.mode, github.provider.as_str()), (SourceMode::Aspnet, "github"));
    let registry = made("azurecontainerregistry", code).expect("a source");
    assert_eq!((registry.mode, registry.provider.as_str()), (SourceMode::Aspnet, "AzureContainerRegistry"));
    assert_eq!(made("github", code).expect("a source").mode, SourceMode::Modern);
    assert!(made("pusher", "mode = \"aspnet\"\nsecrets = [\"app:01234567\"]").is_ok());
}

#[test]
fn a_source_that_aspnet_could_not_serve_is_refused_in_its_words() {
    let why = |rest: &str| source(&format!("mode = \"aspnet\"\n{rest}"), &Zeros).expect_err("refused");

    let short = why("provider = \"github\"\nsecrets = [\"0123456789abcde\"]");
    assert!(short.ends_with("instance ''. The value must be at least 16 characters long."), "{short}");
    let none = why("provider = \"github\"");
    assert!(none.ends_with("Configure secret keys for this receiver."), "{none}");
    let unknown = why("provider = \"gitlab\"\nsecrets = [\"x\"]");
    assert!(unknown.contains("no receiver \"gitlab\"; known are azurealert"), "{unknown}");
    let window = why("provider = \"stripe\"\nwindow = \"5m\"\nsecrets = [\"0123456789abcdef\"]");
    assert!(window.contains("`window` has no meaning"), "{window}");
    let pusher = why("provider = \"pusher\"\nsecrets = [\"0123456789abcdef\"]");
    assert!(pusher.contains("another depth"), "{pusher}");
}

#[test]
fn a_worker_hears_of_new_evidence_unless_it_asks_for_something_else() {
    let worker = "name = \"w\"\nprofile = \"worker\"\nurl = \"https://worker.example/\"\n";
    let heard = |text: &str| {
        let subscriptions = service(text, &Zeros).expect("a worker").service.subscriptions;
        subscriptions.into_iter().map(|each| each.event).collect::<Vec<_>>()
    };
    assert_eq!(heard(worker), ["evidence_created"]);
    assert_eq!(heard(&format!("{worker}events = [\"subject.verdict\"]")), ["subject.verdict"]);
    assert_eq!(heard("name = \"s\"\nurl = \"https://s.example/\""), [] as [&str; 0]);
}

#[tokio::test]
async fn a_scanner_is_registered_within_the_lengths_of_its_protocol() {
    let world = crate::world::World::new().await;
    let spec = |name: usize, url: usize, secret: usize| {
        let url = format!("http://127.0.0.1:20000/{}", "u".repeat(url - 23));
        serde_json::json!({
            "name": "n".repeat(name), "profile": "scanner", "url": url, "secret": "s".repeat(secret),
            "events": ["during_validation"], "allow_networks": ["127.0.0.0/8"],
        })
    };
    for (spec, what) in [
        (spec(101, 255, 255), "name: expected at most 100 characters, found 101"),
        (spec(100, 256, 255), "url: expected at most 255 characters, found 256"),
        (spec(100, 255, 256), "secret: expected at most 255 characters, found 256"),
    ] {
        let refused = world.api("POST", "/services", spec).await;
        assert!(refused.status == 422 && refused.text().contains(what), "{}", refused.text());
        assert!(!refused.text().contains("sss"), "no secret is shown");
    }
    assert_eq!(world.api("POST", "/services", spec(100, 255, 255)).await.status, 201);
}
