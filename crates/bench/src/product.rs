//! The product as its users run it: the release binary, a configuration file, a folder of its own.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::event;

/// Where the source `bench` receives.
pub const INCOMING: &str = "/api/webhooks/incoming/standard-webhooks/bench";

const READY_WITHIN: Duration = Duration::from_secs(30);
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How much of the log an error shows.
const LOG_LINES: usize = 10;

/// A service, and what it is told of.
pub struct Subscriber {
    /// Where it is.
    pub url: String,
    /// The types of the events, without their provider's name.
    pub types: &'static [&'static str],
}

impl Subscriber {
    /// One that is told of the usual events.
    pub fn new(url: String) -> Self {
        Self { url, types: &["bench"] }
    }
}

/// A running `countersign serve`. Dropped, it is stopped and its folder removed.
pub struct Product {
    binary: PathBuf,
    folder: TempDir,
    listen: SocketAddr,
    admin_listen: SocketAddr,
    child: Child,
    ready_after: Duration,
}

/// What the kernel says about the process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory.
    pub resident_bytes: u64,
    /// The most that ever was resident.
    pub peak_bytes: u64,
    /// The part of it that is the process's own, not a file's.
    pub anonymous_bytes: u64,
    /// Processor time so far, of all threads.
    pub cpu: Duration,
}

impl Product {
    /// The release binary, as built beside this program.
    pub fn binary() -> io::Result<PathBuf> {
        beside_us("countersign")
    }

    /// Starts the product with these services, each a URL, and waits until it is ready.
    pub fn start(binary: &Path, services: &[String]) -> io::Result<Self> {
        let services: Vec<Subscriber> = services.iter().cloned().map(Subscriber::new).collect();
        Self::start_with(binary, &services)
    }

    /// Likewise, with services that are told of other events.
    pub fn start_with(binary: &Path, services: &[Subscriber]) -> io::Result<Self> {
        let folder = TempDir::with_prefix("countersign-bench-")?;
        let (listen, admin_listen) = free_ports()?;
        let config = config(&folder.path().join("data"), listen, admin_listen, services);
        fs::write(config_file(folder.path()), config)?;
        let begun = Instant::now();
        let child = spawn(binary, folder.path())?;
        let mut product =
            Self { binary: binary.to_owned(), folder, listen, admin_listen, child, ready_after: Duration::ZERO };
        product.wait_until_ready(begun)?;
        Ok(product)
    }

    /// Where it receives.
    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// Asks the own API as the administrator: how long the answer took, and its body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> io::Result<(Duration, Vec<u8>)> {
        let token = fs::read_to_string(self.data().join("admin-token"))?;
        let request = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.admin_listen,
            token.trim(),
            body.len(),
        );
        let mut stream = TcpStream::connect(self.admin_listen)?;
        let begun = Instant::now();
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let took = begun.elapsed();
        if !answer.starts_with(b"HTTP/1.1 2") {
            let said: String = String::from_utf8_lossy(&answer).chars().take(600).collect();
            return Err(io::Error::other(format!("{method} {path} was answered {said}")));
        }
        Ok((took, answer))
    }

    /// How long the last start took, from exec to ready.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The last lines of its log.
    pub fn log_end(&self) -> String {
        log_end(self.folder.path())
    }

    /// Kills it at once, as a crash would.
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal(Signal::KILL)?;
        self.child.wait().map(|_| ())
    }

    /// Asks it to stop and waits; kills it if it does not.
    pub fn stop(&mut self) -> io::Result<()> {
        self.signal(Signal::TERM)?;
        let asked = Instant::now();
        while asked.elapsed() < STOPPED_WITHIN {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        self.kill()
    }

    /// Starts it again on the same folder and addresses, and waits until it is ready.
    pub fn restart(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        self.child = spawn(&self.binary, self.folder.path())?;
        self.wait_until_ready(begun)
    }

    /// Its memory and processor time now.
    pub fn usage(&self) -> io::Result<Usage> {
        usage(self.child.id())
    }

    fn wait_until_ready(&mut self, begun: Instant) -> io::Result<()> {
        while begun.elapsed() < READY_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.failure(&format!("countersign ended before it was ready ({status})")));
            }
            if is_ready(self.listen) {
                self.ready_after = begun.elapsed();
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(self.failure(&format!("countersign was not ready within {READY_WITHIN:?}")))
    }

    /// An error that shows what the product itself said last.
    pub fn failure(&self, what: &str) -> io::Error {
        io::Error::other(format!("{what}; its log ends:\n{}", self.log_end()))
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(kill_process(pid, signal)?)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        if self.stop().is_err() {
            // Nothing is left to try; the folder goes all the same.
            let _ = self.child.kill();
        }
    }
}

/// A program built beside this one.
pub fn beside_us(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn spawn(binary: &Path, folder: &Path) -> io::Result<Child> {
    let log = fs::File::options().create(true).append(true).open(log_file(folder))?;
    Command::new(binary)
        .arg("serve")
        .arg("--config")
        .arg(config_file(folder))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .map_err(|why| io::Error::new(why.kind(), format!("{} cannot be started: {why}", binary.display())))
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log")
}

fn log_end(folder: &Path) -> String {
    let log = fs::read_to_string(log_file(folder)).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    match lines.as_slice() {
        [] => "  (it is empty)".to_owned(),
        lines => lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|line| format!("  {line}\n")).collect(),
    }
}

fn config_file(folder: &Path) -> PathBuf {
    folder.join("countersign.toml")
}

/// Two loopback ports that are free now. Held together, so that they differ.
fn free_ports() -> io::Result<(SocketAddr, SocketAddr)> {
    let (first, second) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok((first.local_addr()?, second.local_addr()?))
}

fn config(data: &Path, listen: SocketAddr, admin_listen: SocketAddr, services: &[Subscriber]) -> String {
    let mut text = format!(
        r#"data_dir = "{data}"

[server]
listen = "{listen}"
admin_listen = "{admin_listen}"
public_url = "http://{listen}"

[[source]]
id = "bench"
provider = "standard-webhooks"
secrets = ["{secret}"]
"#,
        data = data.display(),
        secret = event::secret(),
    );
    for (number, Subscriber { url, types }) in services.iter().enumerate() {
        let events: Vec<String> = types.iter().map(|kind| format!("\"standard-webhooks.{kind}\"")).collect();
        text += &format!(
            r#"
[[service]]
name = "bench-{number}"
profile = "standard"
url = "{url}"
events = [{events}]
allow_networks = ["127.0.0.0/8"]
"#,
            events = events.join(", "),
        );
    }
    text
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut status_line = vec![0; "HTTP/1.1 200".len()];
        stream.read_exact(&mut status_line)?;
        Ok(status_line)
    };
    ask().is_ok_and(|status_line| status_line.ends_with(b" 200"))
}

fn usage(pid: u32) -> io::Result<Usage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let bytes = |name| bytes_of(&status, name).ok_or(io::ErrorKind::InvalidData);
    let ticks = cpu_ticks(&stat).ok_or(io::ErrorKind::InvalidData)?;
    let cpu = Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64);
    Ok(Usage {
        resident_bytes: bytes("VmRSS:")?,
        peak_bytes: bytes("VmHWM:")?,
        anonymous_bytes: bytes("RssAnon:")?,
        cpu,
    })
}

fn bytes_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// User and system time: the 14th and 15th field of proc(5); the second may hold spaces and ends with `)`.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_names_the_source_and_every_service() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));

        let text = config(
            Path::new("/d"),
            at(1),
            at(2),
            &[
                Subscriber::new("http://127.0.0.1:3/0".to_owned()),
                Subscriber { url: "http://127.0.0.1:3/1".to_owned(), types: &["a", "b"] },
            ],
        );

        assert!(
            text.starts_with(
                "data_dir = \"/d\"\n\n[server]\nlisten = \"127.0.0.1:1\"\nadmin_listen = \"127.0.0.1:2\"\n"
            )
        );
        assert_eq!(text.matches("[[source]]").count(), 1);
        assert_eq!(text.matches("[[service]]").count(), 2);
        assert!(text.contains("name = \"bench-1\"\nprofile = \"standard\"\nurl = \"http://127.0.0.1:3/1\"\n"));
        assert!(text.contains("events = [\"standard-webhooks.bench\"]\n"));
        assert!(text.contains("events = [\"standard-webhooks.a\", \"standard-webhooks.b\"]\n"));
    }

    #[test]
    fn the_kernels_figures_are_read() {
        assert_eq!(bytes_of("VmPeak:\t 9 kB\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2 * 1024 * 1024));
        assert_eq!(cpu_ticks("7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0"), Some(42));
        assert!(usage(std::process::id()).is_ok_and(|usage| usage.resident_bytes > 0));
    }

    #[test]
    fn a_binary_that_ends_at_once_is_reported() {
        let error = Product::start(Path::new("/bin/false"), &[]).err().expect("an error");

        assert!(error.to_string().contains("before it was ready"), "{error}");
    }

    #[test]
    fn an_error_shows_how_the_log_ends() {
        let folder = TempDir::new().expect("a folder");
        assert_eq!(log_end(folder.path()), "  (it is empty)");

        let log: String = (1..=12).map(|line| format!("line {line}\n")).collect();
        fs::write(log_file(folder.path()), log).expect("a log");

        assert!(log_end(folder.path()).starts_with("  line 3\n"));
        assert!(log_end(folder.path()).ends_with("  line 12\n"));
    }

    #[test]
    fn a_binary_that_is_not_there_is_named() {
        let error = Product::start(Path::new("/nowhere/countersign"), &[]).err().expect("an error");

        assert!(error.to_string().starts_with("/nowhere/countersign cannot be started"), "{error}");
    }
}
