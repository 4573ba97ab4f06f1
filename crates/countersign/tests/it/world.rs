//! A `countersign serve` in a folder of its own, whoever calls it, and whoever is called by it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Long enough for any machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// The secret of the source `github/test`.
pub const SECRET: &str = "a secret that both sides know";

/// A folder with a configuration, and the server that runs in it.
pub struct World {
    folder: TempDir,
    server: Option<Server>,
}

struct Server {
    child: Child,
    listen: SocketAddr,
    admin: SocketAddr,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// A command of ours, without anything that the caller's environment says.
pub fn countersign(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

impl World {
    /// A folder whose configuration ends with these lines, without a server.
    pub fn new(config: &str) -> Self {
        let folder = TempDir::with_prefix("countersign-test-").expect("a folder");
        let listeners = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n";
        let source = format!("[[source]]\nid = \"test\"\nprovider = \"github\"\nsecrets = [\"{SECRET}\"]\n");
        let text = format!("data_dir = \"data\"\n{listeners}{source}{config}");
        std::fs::write(folder.path().join("countersign.toml"), text).expect("written");
        Self { folder, server: None }
    }

    /// The same with its server.
    pub fn serving(config: &str) -> Self {
        let mut world = Self::new(config);
        world.start();
        world
    }

    /// Starts the server, and waits until it says where it listens.
    pub fn start(&mut self) {
        self.start_as(countersign(self.folder.path()));
    }

    /// Starts the server by this command, to which its arguments are added.
    pub fn start_as(&mut self, mut command: Command) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut child =
            command.args(["serve", "--json"]).stdout(Stdio::piped()).stderr(log).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it ended early: {}", self.log()));
        let address = |name: &str| said[name].as_str().and_then(|text| text.parse().ok()).expect("an address");
        self.server = Some(Server { listen: address("listen"), admin: address("admin_listen"), child });
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn listen(&self) -> SocketAddr {
        self.server().listen
    }

    /// Kills the server at once.
    pub fn kill(&mut self) {
        let mut server = self.server.take().expect("a server");
        server.child.kill().expect("killed");
        server.child.wait().expect("gone");
    }

    /// The server's process.
    pub fn pid(&self) -> Pid {
        i32::try_from(self.server().child.id()).ok().and_then(Pid::from_raw).expect("a process")
    }

    /// Asks the server to end and waits for it.
    pub fn terminate(&mut self) -> ExitStatus {
        let mut server = self.server.take().expect("a server");
        let pid = i32::try_from(server.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::TERM).expect("asked");
        server.child.wait().expect("gone")
    }

    /// A client command against the server.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = countersign(self.folder.path());
        command.env("COUNTERSIGN_SERVER__ADMIN_LISTEN", self.server().admin.to_string());
        command.args(arguments).output().expect("it runs")
    }

    /// Calls the own API.
    pub fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let authorization = format!("Bearer {}", self.token());
        let body = body.map(Value::to_string).unwrap_or_default();
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        call(self.server().admin, method, path, &headers, body.as_bytes()).expect("an answer")
    }

    /// The administrator's token.
    pub fn token(&self) -> String {
        let token = std::fs::read_to_string(self.folder.path().join("data/admin-token")).expect("a token");
        token.trim().to_owned()
    }

    pub fn admin(&self) -> SocketAddr {
        self.server().admin
    }

    /// The most memory that the server ever had resident.
    pub fn peak_resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server().child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a figure");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Uploads an artifact.
    pub fn upload(&self, name: &str, bytes: &[u8]) -> Answer {
        let authorization = format!("Bearer {}", self.token());
        let path = format!("/api/v1/artifacts?filename={name}");
        call(self.server().admin, "POST", &path, &[("authorization", &authorization)], bytes).expect("an answer")
    }

    /// Sends a push to the source, signed with this secret.
    pub fn push(&self, delivery: &str, body: &[u8], secret: &str) -> Option<Answer> {
        push(self.listen(), delivery, body, secret)
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("a server")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Nothing is left to try; the folder goes all the same.
            let _ = server.child.kill().and_then(|()| server.child.wait());
        }
    }
}

/// Sends a push; nothing if the server goes away.
pub fn push(to: SocketAddr, delivery: &str, body: &[u8], secret: &str) -> Option<Answer> {
    let signature = verify::sign::github(secret, body);
    let headers = [
        ("content-type", "application/json"),
        ("x-github-event", "push"),
        ("x-github-delivery", delivery),
        ("x-hub-signature-256", signature.as_str()),
    ];
    call(to, "POST", "/api/webhooks/incoming/github/test", &headers, body)
}

/// One request over a connection of its own; nothing if the other side goes away.
pub fn call(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    read_answer(BufReader::new(stream))
}

/// An answer whose end is the connection's.
pub fn read_answer(mut reader: impl BufRead) -> Option<Answer> {
    let (first, headers) = read_head(&mut reader)?;
    let mut body = String::new();
    reader.read_to_string(&mut body).ok()?;
    Some(Answer { status: first.split(' ').nth(1)?.parse().ok()?, headers, body })
}

/// Asks again until there is something.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::yield_now();
    }
}

/// A call that a peer received.
#[derive(Debug, Clone)]
pub struct Call {
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What a peer does with a call.
pub enum Reaction {
    /// Answers 200 with this JSON.
    Json(&'static str),
    /// Says nothing until the caller goes away.
    Silence,
}

/// Listens on a free port and reacts to every call.
pub fn peer(react: impl Fn(Call) -> Reaction + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let react = std::sync::Arc::new(react);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let react = react.clone();
            thread::spawn(move || serve(stream, &*react));
        }
    });
    address
}

fn serve(mut stream: TcpStream, react: &dyn Fn(Call) -> Reaction) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (_, headers) = read_head(&mut reader)?;
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    match react(Call { headers, body }) {
        Reaction::Json(json) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let answer = format!("{head}content-length: {}\r\n\r\n{json}", json.len());
            stream.write_all(answer.as_bytes()).ok()
        }
        Reaction::Silence => reader.read_to_end(&mut Vec::new()).ok().map(drop),
    }
}

/// The first line and the headers.
pub fn read_head(reader: &mut impl BufRead) -> Option<(String, BTreeMap<String, String>)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => return (!first.is_empty()).then_some((first, headers)),
        };
    }
}

/// The folder of the whole project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
