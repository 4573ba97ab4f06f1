//! Every limit of the model, with its unit and its reason.

use std::time::Duration;

/// How often an event may be caused by a verdict or a rule before it is recorded without being delivered: loops end.
pub const HOPS_MAX: u8 = 8;
/// A receipt's body up to this size stands in the store's row; a larger one is a blob.
pub const INLINE_BODY_BYTES_MAX: usize = 64 * 1024;
/// A body up to this size is inlined into what a service gets; a larger one is fetched by URL.
pub const SENT_BODY_BYTES_MAX: usize = 256 * 1024;
/// An answer over this size is unreadable.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// One attempt, connecting included, when the service has no figure of its own.
pub const ATTEMPT: Duration = Duration::from_secs(60);
/// An expectation, when the subscription has no figure of its own.
pub const DEADLINE: Duration = Duration::from_secs(26 * 3600);
/// Between two redeliveries of the scanner protocol (scanner-pipeline, section 13).
pub const REDELIVER_EVERY: Duration = Duration::from_secs(2 * 3600);
/// Redeliveries of the scanner protocol.
pub const REDELIVER_TIMES: u32 = 12;
/// How long an event worker may defer before it is asked again (event-workers, section 13).
pub const DEFERRAL: Duration = Duration::from_secs(12 * 3600);
/// Calls under way to one service, when it has no figure of its own.
pub const CONCURRENCY: u32 = 64;
/// The most calls under way to one service that may be configured.
pub const CONCURRENCY_MAX: u32 = 1024;
/// Calls under way to all services together, when the configuration has no figure: bounds memory and open connections.
pub const CALLS_MAX: u32 = 512;
/// Runs that one step of a batch makes: bounds the writer's work in one command.
pub const BATCH_STEP: usize = 128;
/// Subjects that one step judges again after something outside them changed: bounds the writer's work in one command.
pub const RECHECK_STEP: usize = 128;
/// Runs of a batch that one service has before it at the least, so that memory and the list of what is due stay small.
/// Where more calls may be under way, it is twice as many as those.
pub const BATCH_OPEN: i64 = 256;
/// Failures in a row that shut a service's gate.
pub const BREAKER_FAILURES: u32 = 10;
/// How long the breaker waits before its first probe; it doubles up to [`BREAKER_WAIT_MAX`].
pub const BREAKER_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two probes: a service that returns is noticed within it.
pub const BREAKER_WAIT_MAX: Duration = Duration::from_secs(5);
/// Names of rules in one result at most; a result with more does not read.
pub const MATCHED_NAMES_MAX: usize = 1_000;
/// Length of a rule's, a service's or a source's name, in characters.
pub const NAME_CHARS_MAX: usize = 255;
/// Replay memory: at least this long, or twice the provider's window.
pub const REPLAY_MEMORY: Duration = Duration::from_secs(72 * 3600);
/// Length of a scanner's name, in characters (scanner-pipeline, section 2.1).
pub const SCANNER_NAME_CHARS_MAX: usize = 100;
/// Length of a scanner's URL, in characters (scanner-pipeline, section 2.1).
pub const SCANNER_URL_CHARS_MAX: usize = 255;
/// Length of a scanner's key, in characters (scanner-pipeline, section 2.1).
pub const SCANNER_KEY_CHARS_MAX: usize = 255;
