//! One seed's story: what happens to the gateway, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use domain::catalogue::{Owner, Source, SourceMode};
use domain::event::Provenance;
use domain::gate::GateState;
use domain::link::LinkKey;
use domain::profile::ProfileKind;
use domain::rule::{Action, Hold, HoldFor, HoldScope};
use domain::subject::SubjectName;
use domain::verdict::VerdictKind;
use domain::{Clock, HoldKey, ServiceKey, SourceKey, SubjectKey};
use store::change::{Listed, NewKeys, next_number};
use store::command::{Answer, Change, Command, NewReceipt};
use store::judged::{self, Arriving};
use store::row::RowsExt;
use store::seal::SealKey;
use store::search;

use super::model::{Acknowledged, Model};
use super::network::{Mode, Network, answer};
use super::process::{Counted, Dice, Process, SimClock, Surroundings};
use super::trace::Trace;
use crate::world::{rule, service};

const SUBJECTS: u64 = 4;
const HOUR: Duration = Duration::from_secs(3600);
/// The most that passes before everything is well again; then no retry has been given up for good.
const TROUBLE_MAX: Duration = Duration::from_secs(5 * 3600);

pub struct Story {
    around: Surroundings,
    process: Process,
    model: Model,
    next_event: u64,
    trouble: Duration,
    trace: Trace,
}

/// Tells the story of a seed. An error is what went wrong, and the trace of all steps.
pub async fn tell(seed: u64) -> Result<(), String> {
    let clock = SimClock::new();
    let trace = Trace::new(clock.clone());
    let around = Surroundings {
        dice: Dice::new(seed).into(),
        clock,
        network: Network::new(trace.clone()),
        programs: Counted::default().into(),
    };
    let process = Process::start(&around, None).await;
    let mut story = Story { around, process, model: Model::default(), next_event: 0, trouble: Duration::ZERO, trace };
    let outcome = story.run().await;
    outcome.map_err(|why| story.trace.of_failure(seed, &why))
}

impl Story {
    async fn run(&mut self) -> Result<(), String> {
        self.set_up().await;
        let steps = 8 + self.around.dice.below(16);
        for _ in 0..steps {
            self.step().await?;
            self.check_always().await?;
        }
        self.make_well().await?;
        for _ in 0..12 {
            tokio::time::sleep(3 * HOUR).await;
            self.call_back_all().await?;
            self.check_always().await?;
        }
        let verdicts = self.verdicts().await;
        let received = self.around.network.state().received.clone();
        let programs = self.around.programs.runs.lock().expect("not poisoned").clone();
        self.model.finally(&received, &verdicts, &programs)?;
        self.call_backs_stand().await
    }

    fn tell(&self, what: &str) {
        self.trace.tell(what);
    }

    async fn set_up(&mut self) {
        let catalogue = self.process.store.catalogue();
        let now = self.around.clock.now();
        let mut keys = NewKeys::after(&catalogue, now);
        let source = Source {
            key: keys.key(),
            name: "one".to_owned(),
            provider: "github".to_owned(),
            mode: SourceMode::Modern,
            secrets: Vec::new(),
            window_s: None,
            public_url: None,
            handshake: domain::catalogue::Handshake::default(),
            subject: None,
            rate: None,
            require_https: false,
            active: true,
            owner: Owner::Api,
        };
        let bad = rule(keys.key(), "BAD", Action::Hold(HoldFor::Ever));
        let run = rule(keys.key(), "RUN", Action::Exec("count".to_owned()));
        let entries = vec![source.entry(), bad.entry(), run.entry()];
        let change =
            Change { catalogue: catalogue.version, entries, who: "a test".to_owned(), what: "set up".to_owned(), now };
        let answer = self.process.store.submit(change).await.expect("changed");
        assert!(matches!(answer, Answer::Version(_)));
        for _ in 0..1 + self.around.dice.below(2) {
            self.add_service().await;
        }
    }

    async fn add_service(&mut self) {
        let now = self.around.clock.now();
        loop {
            let catalogue = self.process.store.catalogue();
            let number = next_number(catalogue.services.values().map(|each| each.number));
            if number > 3 {
                return;
            }
            let key = NewKeys::after(&catalogue, now).key();
            let profile = if number == 2 { ProfileKind::Scanner } else { ProfileKind::Standard };
            let service = service(key, number, profile, "github.push");
            let change = Change {
                catalogue: catalogue.version,
                entries: vec![service.entry()],
                who: "a test".to_owned(),
                what: "added a service".to_owned(),
                now,
            };
            match self.process.store.submit(change).await {
                Ok(Answer::Recompute) => {}
                Ok(_) => return self.tell(&format!("{} is added", service.name)),
                Err(_) => return,
            }
        }
    }

    async fn step(&mut self) -> Result<(), String> {
        let dice = self.around.dice.clone();
        if dice.chance(30) {
            self.call_back_all().await?;
        }
        match dice.below(100) {
            0..30 => self.send_some(1 + dice.below(4)).await,
            30..38 => self.send_again().await,
            38..56 => {
                self.misbehave();
                Ok(())
            }
            56..68 => {
                self.restart().await;
                Ok(())
            }
            68..72 => {
                self.add_service().await;
                Ok(())
            }
            72..76 => self.add_while_sending().await,
            76..80 => {
                self.turn(GateState::Paused).await;
                Ok(())
            }
            80..84 => {
                self.turn(GateState::Open).await;
                Ok(())
            }
            84..88 => {
                self.lift_one().await;
                Ok(())
            }
            88..90 => {
                let jump = if dice.chance(50) { 3_600_000_000 } else { -3_600_000_000 };
                self.around.clock.jump(jump);
                self.tell(&format!("the clock jumps by {jump} us"));
                Ok(())
            }
            90..94 => self.call_back_all().await,
            _ => {
                let pass = Duration::from_millis(1 << dice.below(22));
                let pass = pass.min(TROUBLE_MAX.saturating_sub(self.trouble));
                self.trouble += pass;
                self.tell(&format!("{pass:?} pass"));
                tokio::time::sleep(pass).await;
                Ok(())
            }
        }
    }

    async fn send_some(&mut self, count: u64) -> Result<(), String> {
        for _ in 0..count {
            self.next_event += 1;
            self.send(self.next_event).await?;
        }
        Ok(())
    }

    async fn send_again(&mut self) -> Result<(), String> {
        if self.next_event == 0 {
            return Ok(());
        }
        let event = 1 + self.around.dice.below(self.next_event);
        self.send(event).await
    }

    /// Sends an event as a source would, and dies in the middle of it now and then.
    async fn send(&mut self, event: u64) -> Result<(), String> {
        self.tell(&format!("event {event} about subject {}", event % SUBJECTS));
        self.model.in_doubt.insert(event);
        self.model.doubtful_subjects.insert(event % SUBJECTS);
        let (receipt, arriving) = request(event, &self.process.store.catalogue().sources.keys().next().copied());
        let now = self.around.clock.now();
        let remember = now.after(72 * HOUR);
        let store = self.process.store.clone();
        let recorded =
            tokio::spawn(async move { judged::record(&store, Some(receipt), vec![arriving], remember, now).await });
        if self.around.dice.chance(4) {
            tokio::time::sleep(Duration::from_micros(self.around.dice.below(5_000))).await;
            self.restart().await;
        }
        let Ok(answer) = recorded.await.expect("no panic") else { return Ok(()) };
        let salt = self.process.store.salt();
        let (id, asked) = match answer {
            Answer::Recorded(recorded) => {
                let receipt = recorded.receipt.expect("a receipt");
                let catalogue = self.process.store.catalogue();
                let names = catalogue.services.values().map(|each| each.name.clone());
                let asked: BTreeSet<String> = names.collect();
                let told = recorded.events[0].runs.len();
                if told != asked.len() {
                    return Err(format!("event {event} asked {told} services of {}", asked.len()));
                }
                (salt.show(receipt), asked)
            }
            Answer::Repeat(first) => {
                let id = salt.show(first.ok_or("a repeat names the first receipt")?);
                let asked = self.model.events.get(&event).map(|each| each.asked.clone()).unwrap_or_default();
                (id, asked)
            }
            other => return Err(format!("event {event} was answered {other:?}")),
        };
        if !self.model.events.contains_key(&event) && asked.is_empty() {
            // Recorded in an earlier life whose answer was lost: whom it asked is not known outside.
            return Ok(());
        }
        self.model.acknowledge(event, Acknowledged { id, subject: event % SUBJECTS, asked })
    }

    /// A service appears between the plan of an event and its commit.
    async fn add_while_sending(&mut self) -> Result<(), String> {
        self.next_event += 1;
        let event = self.next_event;
        let store = self.process.store.clone();
        let (receipt, arriving) = request(event, &store.catalogue().sources.keys().next().copied());
        let now = self.around.clock.now();
        self.model.in_doubt.insert(event);
        self.model.doubtful_subjects.insert(event % SUBJECTS);
        self.tell(&format!("event {event} while a service appears"));
        let sending = store.clone();
        let recorded = tokio::spawn(async move {
            judged::record(&sending, Some(receipt), vec![arriving], now.after(72 * HOUR), now).await
        });
        self.add_service().await;
        let answer = recorded.await.expect("no panic");
        if let Ok(Answer::Recorded(recorded)) = answer {
            let catalogue = self.process.store.catalogue();
            let told: BTreeSet<String> = recorded.events[0]
                .runs
                .iter()
                .filter_map(|(_, service, _)| catalogue.services.get(service).map(|each| each.name.clone()))
                .collect();
            // Either it was recorded before the service was there, or it asks it too: the store's order decides, and
            // an event that was recorded after the service must ask it.
            let event_key = recorded.events[0].event;
            let version = self.recorded_before_the_newest(event_key).await;
            if version == Some(false) && told.len() != catalogue.services.len() {
                return Err(format!("event {event} was recorded after a service appeared and does not ask it"));
            }
            let id = self.process.store.salt().show(recorded.receipt.expect("a receipt"));
            self.model.acknowledge(event, Acknowledged { id, subject: event % SUBJECTS, asked: told })?;
        }
        Ok(())
    }

    /// Whether an event stands before the newest change of the catalogue in the store's own order of keys.
    async fn recorded_before_the_newest(&self, event: domain::EventKey) -> Option<bool> {
        let audits = self.process.store.read(|rows| rows.page::<store::tables::Audit>(None, 1)).await.ok()?;
        Some(event.0 < audits.first()?.key.0)
    }

    fn misbehave(&mut self) {
        let service = format!("service-{}", 1 + self.around.dice.below(3));
        let place = self.around.dice.below(Mode::ALL.len() as u64);
        let mode = Mode::ALL[usize::try_from(place).expect("small")];
        self.tell(&format!("{service} is {mode:?}"));
        self.around.network.behave(&service, mode);
    }

    async fn restart(&mut self) {
        self.tell("SIGKILL and a new start");
        self.process.kill();
        // What the dead process had asked of the store and not yet got is gone with it.
        self.process = Process::start(&self.around, Some(&self.process)).await;
    }

    async fn turn(&mut self, to: GateState) {
        let catalogue = self.process.store.catalogue();
        let place = self.around.dice.below(catalogue.services.len().max(1) as u64);
        let Some(service) = catalogue.services.values().nth(usize::try_from(place).expect("small")) else { return };
        let from =
            if to == GateState::Paused { vec![GateState::Open, GateState::Breaker] } else { vec![GateState::Paused] };
        let now = self.around.clock.now();
        let turned =
            self.process.store.submit(Command::Turn { service: service.key, from, to, asked: None, now }).await;
        if !matches!(turned, Ok(Answer::Done)) {
            return;
        }
        self.tell(&format!("{} is {}", service.name, to.word()));
        if to == GateState::Paused {
            // What was on its way arrives; then it is quiet.
            tokio::time::sleep(Duration::from_secs(61)).await;
            let received =
                self.around.network.state().received.iter().filter(|each| each.service == service.name).count();
            self.model.paused.insert(service.name.clone(), received);
        } else {
            self.model.paused.remove(&service.name);
        }
    }

    async fn lift_one(&mut self) {
        let Some((hold, subject)) = self.a_hold().await else { return };
        let now = self.around.clock.now();
        let lifted = judged::release(&self.process.store, hold, "a person", "looked at it", now).await;
        if let (Ok(Answer::Verdict(_)), Some(subject)) = (lifted, self.number_of(subject).await) {
            self.tell(&format!("a person lifts a hold on subject {subject}"));
            self.model.lifted.insert(subject);
        }
    }

    async fn a_hold(&self) -> Option<(HoldKey, SubjectKey)> {
        let holds = self.process.store.read(|rows| rows.page::<Hold>(None, 50)).await.ok()?;
        let open = holds.into_iter().find(|hold| hold.ended.is_none() && hold.scope == HoldScope::Subject)?;
        Some((open.key, SubjectKey(open.of)))
    }

    async fn number_of(&self, subject: SubjectKey) -> Option<u64> {
        let name = self.process.store.read(move |rows| search::subject_name(rows, subject)).await.ok()??;
        name.id.parse().ok()
    }

    /// Every service that said it would calls back.
    async fn call_back_all(&mut self) -> Result<(), String> {
        let calls = std::mem::take(&mut self.around.network.state().call_backs);
        let links = LinkKey::new(&SealKey::new([3; 32]).derive("links"));
        for (service, event, url) in calls {
            let token = url.rsplit('/').next().unwrap_or_default();
            let now = self.around.clock.now();
            let Some(link) = links.read(token, now) else { continue };
            let raw = answer(&service, event, "call back");
            let meant = domain::profile::standard::read_body(&raw);
            let store = &self.process.store;
            let answered =
                judged::call_back(store, link.expectation, link.service, Bytes::from(raw), &meant, now).await;
            self.tell(&format!("{service} calls back about event {event}: {}", short(&answered)));
            match answered {
                Ok(Answer::Concluded(_)) => {
                    self.model.called_back.insert((service, event));
                }
                Ok(Answer::AlreadyComplete) => {}
                // Not acknowledged: it would be tried again.
                Err(_) => self.around.network.state().call_backs.push((service, event, url)),
                other => return Err(format!("a call back was answered {other:?}")),
            }
        }
        Ok(())
    }

    /// A conclusion that was called back and acknowledged is the one that stands.
    async fn call_backs_stand(&self) -> Result<(), String> {
        let results = self
            .process
            .store
            .read(|rows| rows.page::<domain::result::ServiceResult>(None, 100_000))
            .await
            .map_err(|why| why.to_string())?;
        for result in results.iter().filter(|each| each.run.is_none() && !each.late && !each.raw.is_empty()) {
            let Some(key) = result.expectation else { continue };
            let expectation = self
                .process
                .store
                .read(move |rows| rows.load::<domain::expectation::Expectation>(key.0))
                .await
                .map_err(|why| why.to_string())?
                .ok_or("an expectation is gone")?;
            if expectation.result != Some(result.key) {
                return Err(format!("the call back under expectation {} was overwritten", key.0));
            }
        }
        Ok(())
    }

    async fn make_well(&mut self) -> Result<(), String> {
        self.tell("everything is well again");
        self.around.network.heal();
        let services: Vec<ServiceKey> = self.process.store.catalogue().services.keys().copied().collect();
        let now = self.around.clock.now();
        for service in services {
            let from = vec![GateState::Paused, GateState::Gone];
            let turn = Command::Turn { service, from, to: GateState::Open, asked: None, now };
            self.process.store.submit(turn).await.map_err(|why| why.to_string())?;
        }
        self.model.paused.clear();
        self.call_back_all().await
    }

    async fn verdicts(&self) -> BTreeMap<u64, VerdictKind> {
        let read = |rows: &mut dyn store::table::Rows| rows.page::<domain::subject::Subject>(None, 100);
        let subjects = self.process.store.read(read).await.expect("read");
        subjects.into_iter().filter_map(|each| Some((each.id.parse().ok()?, each.verdict))).collect()
    }

    async fn check_always(&mut self) -> Result<(), String> {
        let verdicts = self.verdicts().await;
        let received = self.around.network.state().received.clone();
        self.model.always(&received, &verdicts)
    }
}

/// A request of the source about an event.
fn request(event: u64, source: &Option<SourceKey>) -> (NewReceipt, Arriving) {
    let source = source.expect("there is a source");
    let body = Bytes::from(format!("{{\"n\":{event}}}"));
    let mut replay = [0; 16];
    replay[..8].copy_from_slice(&event.to_be_bytes());
    let receipt = NewReceipt {
        source,
        scheme: "hmac-sha256".to_owned(),
        secret: "one".to_owned(),
        headers: "[]".to_owned(),
        digest: [0; 32],
        body,
        blob: false,
        note_use: false,
        released: None,
    };
    let subject = SubjectName {
        kind: "commit".to_owned(),
        collection: "owner/repository".to_owned(),
        id: (event % SUBJECTS).to_string(),
    };
    let arriving = Arriving {
        kind: "github.push".to_owned(),
        subject: Some(subject),
        artifact: None,
        provenance: Provenance::Signed(source),
        delivery: None,
        replay: Some(replay),
        data: None,
        description: None,
    };
    (receipt, arriving)
}

fn short<T: std::fmt::Debug>(value: &T) -> String {
    format!("{value:?}").chars().take(60).collect()
}
