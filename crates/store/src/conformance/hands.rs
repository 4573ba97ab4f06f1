//! What people, platforms, services and the dispatcher do in a story.

use bytes::Bytes;
use domain::answer::{Answer as Meant, Said};
use domain::event::{Event, Provenance};
use domain::expectation::Expectation;
use domain::profile::{self, ProfileKind};
use domain::record::RecordChange;
use domain::retry::{Jitter, NextStep, next_step};
use domain::rule::Hold;
use domain::subject::{Actor, ActorKind, SubjectName};
use domain::{
    AccountKey, ArtifactKey, EventKey, ExpectationKey, QuarantineKey, RunKey, ServiceKey, SourceKey, SubjectKey,
    Timestamp,
};

use super::world::{World, wait};
use crate::command::{Answer, Claim, Claimed, Command, Finish, NewReceipt, Recorded, Released, Step};
use crate::judged::{self, Arriving, Described};
use crate::search;
use crate::tables::Artifact;

/// An answer that names rules and is the service's last word.
pub fn found(names: &[&str]) -> Meant {
    let matched = names.iter().map(|name| (*name).to_owned()).collect();
    Meant::Processed(Said { matched, complete: true, ..Said::default() })
}

pub fn failed() -> Meant {
    Meant::Failed { why: "reset".to_owned() }
}

pub const DEFERRED: Meant = Meant::Deferred { until: None };

pub fn version(id: &str) -> SubjectName {
    SubjectName { kind: "version".to_owned(), collection: "85".to_owned(), id: id.to_owned() }
}

pub fn commit(repository: &str, id: &str) -> SubjectName {
    SubjectName { kind: "commit".to_owned(), collection: repository.to_owned(), id: id.to_owned() }
}

/// An event of our own application.
pub fn event(kind: &str, subject: Option<SubjectName>) -> Arriving {
    Arriving {
        kind: kind.to_owned(),
        subject,
        artifact: None,
        provenance: Provenance::Account(AccountKey(1)),
        delivery: None,
        replay: None,
        data: None,
        description: None,
    }
}

/// An event in a believed request; `replay` is what identifies its delivery, if its provider offers that.
pub fn signed(source: SourceKey, kind: &str, subject: Option<SubjectName>, replay: Option<u8>) -> Arriving {
    Arriving { provenance: Provenance::Signed(source), replay: replay.map(|byte| [byte; 16]), ..event(kind, subject) }
}

pub fn user(name: &str) -> Actor {
    Actor { kind: ActorKind::User, value: name.to_owned() }
}

pub fn described(name: SubjectName) -> Described {
    Described {
        name,
        attributes: "{}".to_owned(),
        protected: false,
        users: None,
        track: None,
        review_deadline: None,
        actors: Vec::new(),
        artifacts: Vec::new(),
    }
}

impl World {
    /// A believed request arrives.
    pub fn receive(&self, source: SourceKey, events: Vec<Arriving>) -> Answer {
        self.receive_as(source, events, false)
    }

    /// A believed request arrives whose body is kept as a blob.
    pub fn receive_large(&self, source: SourceKey) -> Answer {
        self.receive_as(source, vec![signed(source, "github.ping", None, None)], true)
    }

    /// A refused request is tried again, and believed.
    pub fn release(&self, source: SourceKey, refused: i64, events: Vec<Arriving>) -> Answer {
        let released =
            Some(Released { id: format!("qua_{refused}"), refused: QuarantineKey(refused), who: "ada".to_owned() });
        self.record(NewReceipt { released, ..receipt(source, false) }, events)
    }

    /// A believed request arrives, and it is noted that this secret proved it.
    pub fn noted(&self, source: SourceKey, secret: &str, events: Vec<Arriving>) -> Answer {
        let secret = secret.to_owned();
        self.record(NewReceipt { secret, note_use: true, ..receipt(source, false) }, events)
    }

    fn receive_as(&self, source: SourceKey, events: Vec<Arriving>, blob: bool) -> Answer {
        self.record(receipt(source, blob), events)
    }

    fn record(&self, receipt: NewReceipt, events: Vec<Arriving>) -> Answer {
        wait(judged::record(self.store(), Some(receipt), events, Timestamp::NEVER, self.now)).expect("the engine works")
    }

    /// Our own application tells something.
    pub fn tell(&self, events: Vec<Arriving>) -> Recorded {
        let answer = wait(judged::record(self.store(), None, events, Timestamp::NEVER, self.now));
        recorded(answer.expect("the engine works"))
    }

    /// A platform submits a version for validation.
    pub fn submit_version(&self, id: &str) -> SubjectKey {
        self.tell(vec![event("during_validation", Some(version(id)))]).events[0].subject.expect("a subject")
    }

    /// A forge tells of a push.
    pub fn push_commit(&self, source: SourceKey, delivery: u8, repository: &str, id: &str) -> Answer {
        self.receive(source, vec![signed(source, "github.push", Some(commit(repository, id)), Some(delivery))])
    }

    pub fn claim(&self, service: ServiceKey) -> Vec<Claimed> {
        match self.submit(Claim { service, limit: 64, probe: false, due_by: self.now, now: self.now }) {
            Answer::Claimed(claimed) => claimed,
            other => panic!("a claim was answered {other:?}"),
        }
    }

    /// The only run that is due.
    pub fn claim_one(&self, service: ServiceKey) -> Claimed {
        let mut claimed = self.claim(service);
        assert_eq!(claimed.len(), 1, "claimed runs");
        claimed.remove(0)
    }

    /// A service answers a call, and the dispatcher says what that means. The body is the answer's word.
    pub fn answer(&self, call: &Claimed, meant: &Meant) -> Answer {
        let mut finish = self.finish(call, meant);
        finish.step = match self.next_step(call, meant) {
            NextStep::Conclude(conclusion) => {
                return wait(judged::conclude(self.store(), call, &conclusion, finish)).expect("the engine works");
            }
            NextStep::Defer { until } => Step::Defer { until },
            NextStep::RetryAt(at) => Step::RetryAt(at),
            NextStep::GiveUp => Step::GiveUp,
        };
        self.submit(finish)
    }

    /// The end of an attempt with a conclusion that is judged now and not handed over yet.
    pub fn judged_answer(&self, call: &Claimed, meant: &Meant) -> Finish {
        let conclusion = meant.conclusion().expect("a conclusion");
        let expectation: Expectation = self.row(call.expectation.key.0);
        let state = expectation.subject.and_then(|key| self.read(move |rows| search::subject_state(rows, key)));
        let trigger = domain::judge::Trigger::Concluded { expectation: &expectation, conclusion: &conclusion };
        let catalogue = self.store().catalogue();
        let judged = judged::judged(state.as_ref(), trigger, expectation.artifact, &catalogue, 0, self.now);
        Finish { step: Step::Conclude(conclusion, Box::new(judged)), ..self.finish(call, meant) }
    }

    fn finish(&self, call: &Claimed, meant: &Meant) -> Finish {
        Finish {
            run: call.run.key,
            lease: call.lease,
            started: self.now,
            connected: None,
            status: None,
            answer: meant.word(),
            text: meant.text(),
            body: Bytes::from_static(meant.word().as_bytes()),
            step: Step::HandBack,
            record: self.record_change(call, meant),
            now: self.now,
        }
    }

    fn next_step(&self, call: &Claimed, meant: &Meant) -> NextStep {
        let policy = &profile::of(self.profile(call)).retry;
        next_step(policy, call.run.attempt, meant, call.deadline, self.now, Jitter(0))
    }

    fn profile(&self, call: &Claimed) -> ProfileKind {
        self.store().catalogue().services[&call.run.service].profile
    }

    /// What a worker's answer writes into its record (event-workers, section 6).
    fn record_change(&self, call: &Claimed, meant: &Meant) -> Option<RecordChange> {
        let record = profile::record(self.profile(call), meant, b"", &self.next_step(call, meant))?;
        let body = matches!(meant, Meant::Processed(_)).then(|| meant.word().to_owned());
        Some(RecordChange { body, ..record })
    }

    /// A service sends its result later.
    pub fn call_back(&self, of: ExpectationKey, service: ServiceKey, meant: &Meant) -> Answer {
        let named = meant.conclusion().map(|conclusion| conclusion.matched.concat()).unwrap_or_default();
        let raw = Bytes::from(format!("called back {named}").trim_end().to_owned());
        wait(judged::call_back(self.store(), of, service, raw, meant, self.now)).expect("the engine works")
    }

    /// A service reports on its own initiative.
    pub fn push(&self, service: ServiceKey, subject: SubjectKey, names: &[&str]) -> Answer {
        let matched: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let raw = Bytes::from_static(b"pushed");
        wait(judged::push(self.store(), service, None, subject, &matched, raw, self.now)).expect("the engine works")
    }

    /// Someone asks a service about an event once more.
    pub fn demand(&self, event: EventKey, service: ServiceKey) -> RunKey {
        let event: Event = self.row(event.0);
        let answer = wait(judged::demand(self.store(), &event, service, None, self.now));
        match answer.expect("the engine works") {
            Answer::Run(run) => run,
            other => panic!("a demand was answered {other:?}"),
        }
    }

    /// The dispatcher looks at the expectations of a service whose check is due.
    pub fn check(&self, service: ServiceKey) -> Vec<Answer> {
        let now = self.now;
        let due = self.read(move |rows| search::due_checks(rows, service, now, 100));
        let check = |key| wait(judged::check(self.store(), key, now)).expect("the engine works");
        due.into_iter().map(|each| check(each.key)).collect()
    }

    /// The dispatcher ends the holds whose time has come.
    pub fn end_holds(&self) -> Vec<Answer> {
        let now = self.now;
        let due: Vec<Hold> = self.read(move |rows| search::due_holds(rows, now, 100));
        due.iter().map(|hold| wait(judged::end_hold(self.store(), hold, now)).expect("the engine works")).collect()
    }

    pub fn put(&self, described: &Described) -> Answer {
        wait(judged::put_subject(self.store(), described, self.now)).expect("the engine works")
    }

    /// An upload.
    pub fn upload(&self, key: i64) -> ArtifactKey {
        let answer = self.submit(Command::PutArtifact(Box::new(artifact(key))));
        assert!(matches!(answer, Answer::Done), "{answer:?}");
        ArtifactKey(key)
    }

    /// The key of the subject with this name.
    pub fn subject(&self, name: &SubjectName) -> SubjectKey {
        let name = name.clone();
        self.read(move |rows| search::subject_by_name(rows, &name)).expect("the subject is there").key
    }
}

/// What was recorded.
pub fn recorded(answer: Answer) -> Recorded {
    match answer {
        Answer::Recorded(recorded) => recorded,
        other => panic!("not recorded but {other:?}"),
    }
}

pub fn artifact(key: i64) -> Artifact {
    Artifact {
        key: ArtifactKey(key),
        sha256: [7; 32],
        size: 1,
        name: "x.zip".to_owned(),
        content_type: "application/zip".to_owned(),
        owner: None,
        at: super::world::START,
        expires: Timestamp::NEVER,
        removed: None,
    }
}

fn receipt(source: SourceKey, blob: bool) -> NewReceipt {
    NewReceipt {
        source,
        scheme: "hmac-sha256".to_owned(),
        secret: "1".to_owned(),
        headers: "{}".to_owned(),
        digest: [0; 32],
        body: Bytes::from_static(b"{}"),
        blob,
        note_use: false,
        released: None,
    }
}
