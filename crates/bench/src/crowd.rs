//! A crowd at the door: connections that say nothing, and requests whose head comes a byte at a time. Whoever is shown
//! out comes back after a while.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::sleep;

/// How a slow head begins; it never ends.
const HEAD: &[u8] = b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ";
/// Between two bytes of a slow head.
const BYTE_EVERY: Duration = Duration::from_millis(500);
/// How long somebody stays away who was shown out, or was not let in.
const BACK_AFTER: Duration = Duration::from_secs(1);
/// How long the crowd may take to gather.
const GATHERS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Open files beside the crowd's.
const OTHER_FILES: u64 = 256;

/// A crowd on a thread of its own, until it is dropped.
pub struct Crowd {
    counts: Arc<Counts>,
    ends: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    came: AtomicU64,
    shown_out: AtomicU64,
}

impl Crowd {
    /// Opens so many connections that say nothing and so many with slow heads, and waits until all were let in once.
    pub fn gather(target: SocketAddr, idle: usize, slow: usize) -> io::Result<Self> {
        let wanted = (idle + slow) as u64;
        allow_files(wanted + OTHER_FILES)?;
        let counts = Arc::new(Counts::default());
        let (ends, ended) = oneshot::channel::<()>();
        let work = {
            let counts = Arc::clone(&counts);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                LocalSet::new().block_on(&runtime, async move {
                    for nth in 0..idle + slow {
                        tokio::task::spawn_local(stay(target, nth >= idle, Arc::clone(&counts)));
                    }
                    // Its end is that the other side is dropped.
                    let _ = ended.await;
                });
            }
        };
        let thread = thread::Builder::new().name("crowd".to_owned()).spawn(work)?;
        let crowd = Self { counts, ends: Some(ends), thread: Some(thread) };
        let begun = Instant::now();
        while crowd.came() < wanted {
            if begun.elapsed() > GATHERS_WITHIN {
                let came = crowd.came();
                return Err(io::Error::other(format!("of {wanted} connections only {came} could be opened")));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(crowd)
    }

    /// How often a connection was opened.
    fn came(&self) -> u64 {
        self.counts.came.load(Ordering::Relaxed)
    }

    /// How often the server closed one.
    pub fn shown_out(&self) -> u64 {
        self.counts.shown_out.load(Ordering::Relaxed)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.ends = None;
        if let Some(thread) = self.thread.take() {
            // It ends by itself; that it panicked was printed already.
            let _ = thread.join();
        }
    }
}

async fn stay(target: SocketAddr, slow: bool, counts: Arc<Counts>) {
    loop {
        if let Ok(stream) = TcpStream::connect(target).await {
            // Closed at once: ten thousand ports are not left waiting for the next crowd.
            let _ = stream.set_zero_linger();
            counts.came.fetch_add(1, Ordering::Relaxed);
            until_shown_out(stream, slow).await;
            counts.shown_out.fetch_add(1, Ordering::Relaxed);
        }
        sleep(BACK_AFTER).await;
    }
}

async fn until_shown_out(mut stream: TcpStream, slow: bool) {
    if slow && stream.write_all(HEAD).await.is_err() {
        return;
    }
    let mut answer = [0; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut answer) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            () = sleep(BYTE_EVERY), if slow => {
                if stream.write_all(b"x").await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Raises how many files this process may open.
fn allow_files(wanted: u64) -> io::Result<()> {
    let limits = getrlimit(Resource::Nofile);
    if limits.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(most) = limits.maximum.filter(|most| *most < wanted) {
        return Err(io::Error::other(format!(
            "{wanted} files must be open, but the system allows {most} (ulimit -Hn)"
        )));
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limits.maximum })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::Bare;

    #[test]
    fn everybody_comes_and_stays_until_the_crowd_is_dropped() {
        let bare = Bare::start();

        let crowd = Crowd::gather(bare.address(), 20, 5).expect("a crowd");

        assert!(crowd.came() >= 25);
        assert_eq!(crowd.shown_out(), 0);
    }
}
