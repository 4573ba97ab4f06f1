//! A fresh place for one test, a server in it, and requests to that.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

pub const SERVER: &str = env!("CARGO_BIN_EXE_forge-endpoint");

pub const GITEA: &[u8] = include_bytes!("../../../../spec/vectors/gitea-push.json");
pub const GITHUB: &[u8] = include_bytes!("../../../../spec/vectors/github-push.json");
pub const GITLAB: &[u8] = include_bytes!("../../../../spec/vectors/gitlab-push.json");

/// A claim of the payload [`GITEA`].
pub const GITEA_CLAIM: &str = "9a12cdfffc1c8eed8ca755691dea8c9fc3da656b94fd1748df5994369c6c40b9";

/// A body for stand-ins, which believe anything.
pub const SMALL: &[u8] = br#"{"repository":{"html_url":"u"},"project":{"git_http_url":"u"}}"#;

/// The validator of this workspace, built once.
pub fn whck() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--locked", "-q", "-p", "whck", "--message-format=json-render-diagnostics"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        let (_, rest) = text.split_once("\"executable\":\"").expect("an executable");
        PathBuf::from(rest.split('"').next().expect("a path"))
    })
}

/// A directory that is removed with the test that made it.
pub struct World(TempDir);

impl World {
    pub fn new() -> Self {
        Self(TempDir::with_prefix("forge-endpoint-").expect("a fresh directory"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    /// A program of these lines of shell; `$W` is the world.
    pub fn script(&self, name: &str, lines: &str) -> PathBuf {
        // Written by another process: a descriptor open for writing could leak into the child of another test, and
        // then the script would not start.
        let path = self.write(&format!("{name}.text"), format!("#!/bin/sh\nW={}\n{lines}\n", self.0.path().display()));
        let program = self.path(name);
        fs::create_dir_all(program.parent().expect("a folder")).expect("a folder");
        let done = Command::new("install").args(["-m", "755"]).arg(&path).arg(&program).status();
        assert!(done.expect("install runs").success());
        program
    }

    /// The usual secrets directory with these files.
    pub fn store<'a>(&self, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let secrets = self.path("secrets");
        fs::create_dir_all(&secrets).expect("a directory");
        fs::set_permissions(&secrets, Permissions::from_mode(0o700)).expect("a mode");
        for (name, content) in files {
            let path = self.write(&format!("secrets/{name}"), content);
            fs::set_permissions(path, Permissions::from_mode(0o600)).expect("a mode");
        }
    }

    /// The server's command: its folder is the world, its environment nearly empty.
    pub fn command(&self) -> Command {
        let mut command = Command::new(SERVER);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("WHCK_DIR", self.path("secrets")).current_dir(self.0.path());
        command
    }

    /// A server with this validator.
    pub fn serve(&self, validator: &Path) -> Server {
        Server::start(self.command().env("WHCK", validator).arg("0"))
    }
}

/// A running server, ended with the test.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Server {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address =
            line.trim().strip_prefix("listening on http://").expect("an address").parse().expect("an address");
        Self { child, address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        receive(self.send("POST", headers, body))
    }

    /// Sends a request whole and leaves its answer to be read.
    pub fn send(&self, method: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let mut head = format!("{method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
        stream
    }

    /// Asks it to end, and waits until it has.
    pub fn end(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().expect("kill runs").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads an answer to its end.
pub fn receive(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("an answer, not {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}
