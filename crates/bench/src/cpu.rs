//! The processor time of threads of ours.

use std::fs;
use std::io;
use std::time::Duration;

/// The processor time so far of this program's threads of this name.
pub fn of_threads(name: &str) -> io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        // A thread may end while we look.
        let Ok(named) = fs::read_to_string(task.join("comm")) else { continue };
        if named.trim_end() == name {
            nanos += on_processor(&fs::read_to_string(task.join("schedstat"))?).ok_or(io::ErrorKind::InvalidData)?;
        }
    }
    Ok(Duration::from_nanos(nanos))
}

/// The first figure of a `schedstat`: nanoseconds on a processor.
fn on_processor(schedstat: &str) -> Option<u64> {
    schedstat.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_threads_of_the_name_count() {
        let worked = std::thread::Builder::new().name("cpu-test".to_owned()).spawn(|| {
            let sum: u64 = std::hint::black_box((0..2_000_000_u64).collect::<Vec<_>>()).iter().sum();
            (sum, of_threads("cpu-test").expect("figures"), of_threads("no-such").expect("figures"))
        });
        let (_, ours, none) = worked.expect("a thread").join().expect("no panic");

        assert!(ours > Duration::ZERO);
        assert_eq!(none, Duration::ZERO);
        assert_eq!(on_processor("2006302 3064597 3\n"), Some(2_006_302));
    }
}
