//! What a service is, in words: its profile, what it hears of, what its account may do, how it stands with the license.
//! Pure.

use std::time::Duration;

use domain::catalogue::{Account, Catalogue, OnFailure, Owner, Permission, Service, SigningKind, Subscription};
use domain::event::{EVIDENCE_CREATED, NOTIFY, VERDICT};
use domain::event_type::{PUSH, built_in_names};
use domain::expectation::plan_one;
use domain::licensing::Standing;
use domain::profile::{PayloadForm, ProfileKind};
use domain::run::{Run, RunState, RunWhy};
use domain::{Timestamp, limits};

use super::health::clock;
use domain::event::Provenance;

/// The wire dialect in words.
pub const fn profile(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Scanner => "Scanner",
        ProfileKind::Worker => "Service worker",
        ProfileKind::Standard => "Standard service",
    }
}

/// The wire dialect in words, with its form.
pub fn dialect(service: &Service) -> String {
    match (service.profile, service.form) {
        (ProfileKind::Scanner, PayloadForm::Basic) => "Scanner protocol, basic payloads".to_owned(),
        (ProfileKind::Scanner, PayloadForm::Full) => "Scanner protocol, full payloads".to_owned(),
        (ProfileKind::Worker, _) => "Event worker protocol".to_owned(),
        (ProfileKind::Standard, _) => match service.signs {
            SigningKind::V1 => "Standard webhooks, signed with a shared secret".to_owned(),
            SigningKind::V1a => "Standard webhooks, signed with Ed25519".to_owned(),
        },
    }
}

/// Who may change it.
pub const fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::Api => "People and programs, here and over the API",
        Owner::File => "The configuration file",
    }
}

/// What a missing answer means for those that wait for it.
pub const fn on_failure(what: OnFailure) -> &'static str {
    match what {
        OnFailure::Hold => "The subject is held",
        OnFailure::Closed => "The subject is blocked",
        OnFailure::Open => "The subject passes, and its verdict says that this was waived",
    }
}

/// What a type of event is about.
pub fn event(kind: &str) -> &'static str {
    match kind {
        "during_validation" => "a version was uploaded and is being validated",
        "on_source_code_uploaded" => "source code was uploaded for a version",
        "on_version_created" => "a version was created",
        "on_version_entered_review_queue" => "a version waits for a person's review",
        PUSH => "it sends results of its own accord",
        EVIDENCE_CREATED => "evidence was added to an operation",
        VERDICT => "a verdict changed",
        NOTIFY => "a rule tells whoever listens",
        _ => "",
    }
}

/// The types of event that a service of this profile is offered, what is described in the configuration included.
pub fn offered(kind: ProfileKind, catalogue: &Catalogue) -> Vec<String> {
    let own: Vec<&str> = match kind {
        ProfileKind::Scanner => built_in_names().collect(),
        ProfileKind::Worker => vec![EVIDENCE_CREATED],
        ProfileKind::Standard => built_in_names().filter(|name| *name != PUSH).collect(),
    };
    let described = catalogue.event_types.values().filter(|each| each.active).map(|each| each.name.as_str());
    let mut all: Vec<String> = own.into_iter().chain(described).chain([VERDICT, NOTIFY]).map(str::to_owned).collect();
    all.dedup();
    all
}

/// One subscription in a sentence: how long the service has, and whether verdicts wait for it.
pub fn subscription(catalogue: &Catalogue, service: &Service, heard: &Subscription) -> String {
    if !heard.active {
        return "Switched off: it is not told of these.".to_owned();
    }
    if heard.event == PUSH {
        return "It may send results of its own accord.".to_owned();
    }
    let plan = |provenance| plan_one(catalogue, &heard.event, service, heard, provenance);
    let (ours, theirs) = (plan(Provenance::Internal), plan(Provenance::External));
    let waits = match (heard.blocks, ours.blocks, theirs.blocks) {
        (_, true, true) => "Verdicts wait for its answer".to_owned(),
        (None, false, true) => "Verdicts wait for its answer where a source sent the event".to_owned(),
        _ => "Verdicts do not wait for its answer".to_owned(),
    };
    let again = match ours.redeliver.filter(|again| again.times > 0) {
        Some(again) => format!(", and is asked again every {}, {} times at most", time(again.every), again.times),
        None => String::new(),
    };
    format!("{waits}; it has {} to answer{again}.", time(ours.deadline))
}

/// What a service's account may do, a sentence each.
pub fn permissions(account: &Account, kind: ProfileKind) -> Vec<String> {
    if !account.active {
        return vec![format!("The account {} is switched off: nothing is taken from it.", account.name)];
    }
    let told = account.permissions.iter().map(|permission| match permission {
        Permission::PatchResults => "It may send later results of its own calls.",
        Permission::PushResults => "It may send results of its own accord.",
        Permission::FileDownload => "It may fetch the file of any version.",
        Permission::SourceDownload => "It may fetch the source package of any version.",
        Permission::CreateOperations => "It may make operations, and write to those that it made.",
    });
    let mut told: Vec<String> = told.map(str::to_owned).collect();
    if kind == ProfileKind::Worker {
        told.push("It may read and answer what it is asked about.".to_owned());
    }
    told.extend(account.operations.all.map(|access| format!("It may {access} in every operation.")));
    let granted = account.operations.granted.iter();
    told.extend(granted.map(|(slug, access)| format!("It may {access} in the operation {slug}.")));
    if told.is_empty() {
        told.push("It may answer what it is asked, over the links that come with each call.".to_owned());
    }
    told
}

/// How it stands with the license.
pub fn license(standing: &Standing, now: Timestamp) -> String {
    match standing {
        Standing::Free => "It needs no license.".to_owned(),
        Standing::Licensed { until: Some(until), .. } => {
            format!("The license lets it run until {}.", clock(*until, now))
        }
        Standing::Licensed { until: None, .. } => "The license lets it run.".to_owned(),
        Standing::Refused(refusal) => format!("The license does not let it run: {}.", refusal.text),
    }
}

/// Where a run stands.
pub fn run(run: &Run, now: Timestamp) -> String {
    let why = match run.why {
        RunWhy::First => "Call",
        RunWhy::Demand => "Call on demand",
        RunWhy::Redelivery => "Call again after silence",
    };
    let state = match &run.state {
        RunState::Due { at } if *at <= now => "waits for its turn".to_owned(),
        RunState::Due { at } => format!("goes out at {}", clock(*at, now)),
        RunState::Leased(_) => "is under way".to_owned(),
        RunState::Deferred { until } => format!("was taken; it calls back until {}", clock(*until, now)),
        RunState::Answered => "was answered".to_owned(),
        RunState::Exhausted => "was tried as often as the schedule says".to_owned(),
        RunState::Cancelled => "was cancelled".to_owned(),
    };
    let tries = match run.attempt {
        0 | 1 => String::new(),
        many => format!(", after {many} tries"),
    };
    format!("{why} {state}{tries}.")
}

/// A length of time as people say it: `26 hours`, `60 seconds`.
pub fn time(span: Duration) -> String {
    let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    for (unit_ms, unit) in [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")] {
        // A day and a bit is said in hours.
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            let count = ms / unit_ms;
            return format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        }
    }
    format!("{ms} milliseconds")
}

/// What its calls may take.
pub fn limits_of(service: &Service) -> String {
    let many = if service.concurrency == 1 { "1 call".to_owned() } else { format!("{} calls", service.concurrency) };
    let usual = service.concurrency == limits::CONCURRENCY && service.attempt == limits::ATTEMPT;
    let usual = if usual { ", as usual" } else { "" };
    format!("At most {many} at once, {} each{usual}", time(service.attempt))
}

#[cfg(test)]
pub mod tests {
    use domain::catalogue::{Access, Operations, Role};
    use domain::expectation::Redeliver;
    use domain::{AccountKey, ServiceKey};

    use super::*;

    /// A scanner that is called.
    pub fn service() -> Service {
        Service {
            key: ServiceKey(1),
            number: 1,
            name: "malware-scan".to_owned(),
            profile: ProfileKind::Scanner,
            form: PayloadForm::Basic,
            url: "https://scan.example/".to_owned(),
            secret: None,
            headers: Vec::new(),
            signs: SigningKind::V1,
            signing: Vec::new(),
            plugin_token: None,
            account: None,
            subscriptions: Vec::new(),
            on_failure: OnFailure::Hold,
            require_coverage: false,
            concurrency: limits::CONCURRENCY,
            attempt: limits::ATTEMPT,
            allow_networks: Vec::new(),
            active: true,
            deleted: false,
            owner: Owner::Api,
        }
    }

    fn heard(event: &str) -> Subscription {
        Subscription { event: event.to_owned(), active: true, blocks: None, deadline: None, redeliver: None }
    }

    #[test]
    fn a_subscription_says_who_waits_and_how_long_the_service_has() {
        let told = |heard: &Subscription| subscription(&Catalogue::default(), &service(), heard);
        assert_eq!(
            told(&heard("during_validation")),
            "Verdicts wait for its answer; it has 26 hours to answer, and is asked again every 2 hours, 12 times at most."
        );
        let never = Some(Redeliver { every: Duration::from_secs(60), times: 0 });
        let once = Subscription { deadline: Some(Duration::from_secs(90)), redeliver: never, ..heard("github.push") };
        assert_eq!(
            told(&once),
            "Verdicts wait for its answer where a source sent the event; it has 90 seconds to answer."
        );
        let off = Subscription { blocks: Some(false), ..once };
        assert!(told(&off).starts_with("Verdicts do not wait"));
        assert!(told(&Subscription { active: false, ..off }).starts_with("Switched off"));
        assert!(told(&heard(PUSH)).contains("own accord") && told(&heard(VERDICT)).contains("do not wait"));
    }

    #[test]
    fn what_an_account_may_do_is_said_in_sentences() {
        let account = Account {
            key: AccountKey(1),
            number: 1,
            name: "scan".to_owned(),
            role: Role::Service,
            permissions: vec![Permission::PushResults],
            credentials: Vec::new(),
            jwt: Vec::new(),
            access: Vec::new(),
            operations: Operations { all: Some(Access::Read), granted: [("red".to_owned(), Access::Write)].into() },
            collections: [].into(),
            sign_in: domain::person::SignIn::default(),
            active: true,
        };
        let told = permissions(&account, ProfileKind::Worker);
        assert_eq!(
            told,
            [
                "It may send results of its own accord.",
                "It may read and answer what it is asked about.",
                "It may read in every operation.",
                "It may write in the operation red."
            ]
        );
        let plain = Account { permissions: Vec::new(), operations: Operations::default(), ..account };
        assert!(permissions(&plain, ProfileKind::Standard)[0].contains("links"));
        assert!(permissions(&Account { active: false, ..plain }, ProfileKind::Scanner)[0].contains("switched off"));
    }

    #[test]
    fn a_service_is_offered_what_its_protocol_and_the_configuration_know() {
        let none = Catalogue::default();
        assert_eq!(offered(ProfileKind::Worker, &none), [EVIDENCE_CREATED, VERDICT, NOTIFY]);
        assert_eq!(offered(ProfileKind::Scanner, &none).len(), 7);
        assert!(!offered(ProfileKind::Standard, &none).contains(&PUSH.to_owned()));
        assert!(offered(ProfileKind::Scanner, &none).iter().all(|kind| !event(kind).is_empty()));
    }

    #[test]
    fn lengths_are_said_in_the_largest_unit_that_fits() {
        let said = |seconds| time(Duration::from_secs(seconds));
        assert_eq!(
            [said(1), said(90), said(3_600), said(93_600), said(172_800)],
            ["1 second", "90 seconds", "1 hour", "26 hours", "2 days"]
        );
    }

    #[test]
    fn the_usual_limits_are_called_usual() {
        assert_eq!(limits_of(&service()), "At most 64 calls at once, 1 minute each, as usual");
        let one = Service { concurrency: 1, attempt: Duration::from_secs(5), ..service() };
        assert_eq!(limits_of(&one), "At most 1 call at once, 5 seconds each");
    }
}
