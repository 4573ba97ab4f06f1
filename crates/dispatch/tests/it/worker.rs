//! Workers over real HTTP: what each answer leaves in the record.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dispatch::EgressSender;
use domain::catalogue::{Header, Service};
use domain::event::{EVIDENCE_CREATED, Event, Provenance};
use domain::profile::ProfileKind;
use domain::record::{Record, RecordChange, RecordStatus};
use domain::subject::SubjectName;
use domain::{AccountKey, Clock, ServiceKey, SubjectKey};
use egress::{Egress, EgressSettings};
use serde_json::Value;
use store::change::Listed;
use store::command::{Answer, Change};
use store::judged::{self, Arriving};
use store::row::RowsExt;
use store::seal::{SealKey, of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::world::{World, service};

const VECTORS: &str = include_str!("../../../verify/vectors/worker-responses.json");
/// The time of one call to a worker of which a vector says that it takes too long.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(60);

/// What a worker does with a call, by its path.
#[derive(Clone)]
enum Does {
    /// It sends these bytes and closes.
    Says(Vec<u8>),
    /// It sends these bytes and nothing more, and does not close.
    Hangs(Vec<u8>),
}

/// A worker server: a list of what it does at each path, the last of them again and again.
struct Workers {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Workers {
    async fn serve(listener: TcpListener, mut scripts: BTreeMap<String, Vec<Does>>) -> Self {
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = request(&mut stream).await else { continue };
                let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let script = scripts.get_mut(&path).unwrap_or_else(|| panic!("a script for {path}"));
                let does = if script.len() > 1 { script.remove(0) } else { script[0].clone() };
                let _ = sender.send(request);
                tokio::spawn(perform(stream, does));
            }
        });
        Self { address, requests }
    }
}

/// A whole request, or nothing where the caller spoke no HTTP.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if length.is_some_and(|length: usize| body.len() >= length) {
            return Some(text);
        }
    }
}

async fn perform(mut stream: TcpStream, does: Does) {
    let (Does::Says(bytes) | Does::Hangs(bytes)) = &does;
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    if matches!(does, Does::Hangs(_)) {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

/// A gateway with these workers, which it calls over HTTP.
struct Gateway(World);

impl Gateway {
    async fn with(workers: Vec<Service>) -> Self {
        let egress = Egress::new(EgressSettings::default()).expect("a client");
        Self(World::start(&workers, &[], Arc::new(EgressSender::new(egress))).await)
    }

    async fn put(&self, services: &[Service]) {
        let entries = services.iter().map(Listed::entry).collect();
        let (who, what, now) = ("a test".to_owned(), "set up".to_owned(), self.0.clock.now());
        let change = Change { catalogue: self.0.store.catalogue().version, entries, who, what, now };
        assert!(matches!(self.0.store.submit(change).await, Ok(Answer::Version(_))));
    }

    /// A new evidence, about which nobody is asked yet.
    async fn evidence(&self, id: &str) -> Event {
        let subject = SubjectName { kind: "evidence".to_owned(), collection: "test-op".to_owned(), id: id.to_owned() };
        let arriving = Arriving {
            kind: EVIDENCE_CREATED.to_owned(),
            subject: Some(subject),
            artifact: None,
            provenance: Provenance::Account(AccountKey(1)),
            delivery: None,
            replay: None,
            data: None,
            description: None,
        };
        let now = self.0.clock.now();
        match judged::record(&self.0.store, None, vec![arriving], now, now).await {
            Ok(Answer::Recorded(recorded)) => {
                let key = recorded.events[0].event.0;
                self.0.store.read(move |rows| rows.load::<Event>(key)).await.expect("read").expect("an event")
            }
            other => panic!("not recorded: {other:?}"),
        }
    }

    /// Asks a worker about it.
    async fn ask(&self, event: &Event, worker: i64) {
        let asked = judged::demand(&self.0.store, event, ServiceKey(worker), None, self.0.clock.now()).await;
        assert!(matches!(asked, Ok(Answer::Run(_))), "{asked:?}");
    }

    /// The worker's record, once it waits for no answer.
    async fn record(&self, subject: Option<SubjectKey>, source: &str) -> Record {
        let waited = async {
            loop {
                let records: Vec<Record> = self.0.store.read(|rows| rows.page(None, 1_000)).await.expect("read");
                let own = records.into_iter().find(|each| Some(each.subject) == subject && each.source == source);
                match own {
                    Some(record) if record.status != Some(RecordStatus::Processing) => return record,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(LONG, waited).await.unwrap_or_else(|_| panic!("{source} still waits"))
    }
}

fn seal() -> SealKey {
    SealKey::new([3; 32])
}

fn worker(key: i64, name: &str, url: String, attempt: Duration) -> Service {
    let value = seal().seal("hunter2", &of::service_header(name, "X-Api-Key"), [1; 24]);
    Service {
        name: name.to_owned(),
        url,
        headers: vec![Header { name: "X-Api-Key".to_owned(), value }],
        subscriptions: Vec::new(),
        attempt,
        allow_networks: vec!["127.0.0.0/8".to_owned()],
        ..service(ServiceKey(key), key, ProfileKind::Worker, EVIDENCE_CREATED)
    }
}

fn says(status: &str, body: &str) -> Does {
    Does::Says(
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

/// What the worker of a vector does.
fn script(row: &Value, address: SocketAddr) -> Does {
    match row["failure"].as_str() {
        Some("reset") => Does::Says(Vec::new()),
        Some("garbage") => Does::Says(b"good day to you\r\n\r\n".to_vec()),
        Some("trickle") => Does::Hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()),
        Some("flood") => says("200 OK", &"x".repeat(2 * 1024 * 1024)),
        Some(_) => Does::Hangs(Vec::new()),
        None => Does::Says(response(&row["response"], address)),
    }
}

fn response(told: &Value, address: SocketAddr) -> Vec<u8> {
    let body = match told["body_template"].as_str() {
        Some(template) => filled(template),
        None => told["body"].as_str().unwrap_or_default().to_owned(),
    };
    let mut head = String::new();
    for interim in told["interim"].as_array().into_iter().flatten() {
        head.push_str(&format!("HTTP/1.1 {} Early Hints\r\n\r\n", interim["status"]));
    }
    let (version, status) = (told["http_version"].as_str().unwrap_or("1.1"), &told["status"]);
    head.push_str(&format!("HTTP/{version} {status} Told\r\nconnection: close\r\n"));
    let headers = told["headers"].as_object().expect("headers");
    for (name, value) in headers {
        let value = value.as_str().expect("text").replace("<same host>", &address.to_string());
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if headers.contains_key("Transfer-Encoding") {
        return format!("{head}\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes();
    }
    if version == "1.1" {
        let announced = told["announced_length"].as_u64().unwrap_or(body.len() as u64);
        head.push_str(&format!("content-length: {announced}\r\n"));
    }
    format!("{head}\r\n{body}").into_bytes()
}

fn filled(template: &str) -> String {
    template.replace("<x repeated 100000 times>", &"x".repeat(100_000))
}

/// Where the worker of a vector is.
fn url(row: &Value, address: SocketAddr, closed: SocketAddr) -> String {
    let id = row["id"].as_str().expect("an id");
    match row["failure"].as_str() {
        Some("refused") => format!("http://{closed}/"),
        Some("dns") => "http://no-such-host.invalid/".to_owned(),
        Some("tls") => format!("https://{address}/{id}"),
        _ => format!("http://{address}/{id}"),
    }
}

#[tokio::test]
async fn every_answer_ends_in_its_record() {
    let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    let rows = ["event_responses", "transport_failures"].map(|kind| vectors[kind].as_array().expect("rows"));
    let rows: Vec<&Value> = rows.into_iter().flatten().filter(|row| row["level"] != "either").collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    let mut scripts: BTreeMap<_, _> = rows.iter().map(|row| (id(row), vec![script(row, address)])).collect();
    scripts.insert("elsewhere".to_owned(), vec![says("200 OK", r#"{"action":"processed","content":"followed"}"#)]);
    let services = (1..).zip(&rows).map(|(key, row)| {
        let attempt = if matches!(row["failure"].as_str(), Some("hang" | "slow" | "trickle")) { SHORT } else { LONG };
        worker(key, &id(row), url(row, address, closed), attempt)
    });
    let world = Gateway::with(services.collect()).await;
    let _workers = Workers::serve(listener, scripts).await;
    let event = world.evidence("3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d").await;
    let subject = event.subject.expect("a subject");
    for (key, row) in (1..).zip(&rows) {
        let earlier = RecordChange {
            body: Some("earlier".to_owned()),
            status: RecordStatus::Completed,
            can_process: Some(true),
            message: None,
        };
        judged::upsert(&world.0.store, subject, &id(row), earlier, None, world.0.clock.now()).await.expect("set");
        world.ask(&event, key).await;
    }

    for row in &rows {
        let (id, expected) = (id(row), &row["expect"]["record"]);
        let record = world.record(Some(subject), &id).await;
        assert_eq!(record.status.map(RecordStatus::word), expected["status"].as_str(), "{id}: {:?}", record.message);
        assert_eq!(record.can_process, expected["canProcess"].as_bool(), "{id}");
        let body = expected["body"]["set"].as_str().map_or_else(|| "earlier".to_owned(), filled);
        assert!(record.body == body, "{id}");
        match (&expected["message"]["equals"], &expected["message"]["empty"]) {
            (Value::String(text), _) => assert_eq!(record.message.as_ref(), Some(text), "{id}"),
            (_, Value::Bool(true)) => assert_eq!(record.message, None, "{id}"),
            _ => {}
        }
        if let Some("unparsable_body" | "unknown_action" | "missing_content") = row["expect"]["reason"].as_str() {
            assert!(record.message.is_some_and(|message| message.starts_with("parsing failed: ")), "{id}");
        }
    }
    assert!(rows.len() > 100);
}

#[tokio::test]
async fn a_worker_that_never_answers_holds_up_no_other_and_its_next_run_works() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let done = says("200 OK", r#"{"action":"processed","content":"done"}"#);
    let broken = says("500 Internal Server Error", "");
    let scripts = [
        ("dead".to_owned(), vec![Does::Hangs(Vec::new())]),
        ("slow".to_owned(), vec![Does::Hangs(Vec::new()), done.clone(), broken]),
        ("well".to_owned(), vec![done]),
    ];
    let at = |key, name: &str, attempt| worker(key, name, format!("http://{address}/{name}"), attempt);
    let services = vec![at(1, "dead", Duration::from_secs(3600)), at(2, "slow", SHORT), at(3, "well", LONG)];
    let world = Gateway::with(services).await;
    let mut workers = Workers::serve(listener, scripts.into()).await;
    let event = world.evidence("3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d").await;
    for key in 1..=3 {
        world.ask(&event, key).await;
    }

    let well = world.record(event.subject, "well").await;
    assert_eq!((well.status, well.body.as_str()), (Some(RecordStatus::Completed), "done"));
    let slow = world.record(event.subject, "slow").await;
    assert_eq!(slow.status, Some(RecordStatus::Error));
    assert!(slow.message.is_some_and(|message| message.starts_with("no answer within ")));
    let records: Vec<Record> = world.0.store.read(|rows| rows.page(None, 9)).await.expect("read");
    let dead = records.iter().find(|record| record.source == "dead").expect("a record");
    assert_eq!(dead.status, Some(RecordStatus::Processing));

    world.put(&[at(2, "slow", LONG)]).await;
    world.ask(&event, 2).await;
    let slow = world.record(event.subject, "slow").await;
    assert_eq!((slow.status, slow.body.as_str()), (Some(RecordStatus::Completed), "done"));
    world.ask(&event, 2).await;
    let slow = world.record(event.subject, "slow").await;
    assert_eq!((slow.status, slow.body.as_str()), (Some(RecordStatus::Error), "done"), "an earlier result stays");

    let request = workers.requests.recv().await.expect("a request");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("x-api-key: hunter2") && head.contains("content-type: application/json"), "{head}");
    assert_eq!(
        body,
        r#"{"type":"evidence_created","evidenceUuid":"3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d","operationSlug":"test-op","contentType":"none"}"#
    );
    assert_eq!(workers.address, address);
}
