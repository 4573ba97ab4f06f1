//! How many files may be open: connections take most of them, and must leave enough for calls, files and the store.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::ListenLimits;

/// Kept for everything that is no connection to a listener, where there are so many; else half of them.
const OTHER_FILES: u64 = 2_048;
/// The most connections to a listener that is for administrators and the own application.
const INSIDE_MAX: u64 = 1_000;

/// How many connections each listener may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// The public listener.
    pub public: usize,
    /// Each of the others.
    pub inside: usize,
}

/// Asks for as many open files as the system allows, and divides them.
pub fn divide() -> Connections {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    let allowed = if setrlimit(Resource::Nofile, raised).is_ok() { limits.maximum } else { limits.current };
    let connections = Connections::of(allowed.unwrap_or(u64::MAX));
    if connections.public < ListenLimits::default().connections_max {
        tracing::warn!(
            connections = connections.public,
            files = allowed,
            "fewer connections than usual: raise how many files may be open (LimitNOFILE, ulimit -Hn)"
        );
    }
    connections
}

impl Connections {
    fn of(files: u64) -> Self {
        let left = files - OTHER_FILES.min(files / 2);
        let inside = (left / 10).min(INSIDE_MAX);
        let public = usize::try_from(left - 2 * inside).unwrap_or(usize::MAX);
        let inside = usize::try_from(inside).unwrap_or(usize::MAX);
        Self { public: public.clamp(1, ListenLimits::default().connections_max), inside: inside.max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        for files in [256, 1_024, 4_096, 20_000, 1_048_576, u64::MAX] {
            let Connections { public, inside } = Connections::of(files);

            assert!(public >= 1 && inside >= 1);
            assert!(public as u64 + 2 * inside as u64 <= files - OTHER_FILES.min(files / 2), "{files}");
        }
        assert_eq!(Connections::of(1_024), Connections { public: 410, inside: 51 });
        assert_eq!(Connections::of(20_000), Connections { public: 10_000, inside: 1_000 });
    }
}
