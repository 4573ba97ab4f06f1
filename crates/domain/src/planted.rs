//! Bugs on purpose, to see that the simulation finds them. Compiled in for tests only, and off until a test plants one.

/// A bug that a test can plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// An answer overwrites a call back that came first.
    BindingIgnored,
    /// A restart leaves what was in flight in flight.
    StartForgetsLeases,
    /// A repeated delivery is recorded again.
    ReplayForgotten,
    /// A judgement is written although the subject has changed.
    RevisionIgnored,
    /// An unreadable answer counts as processed.
    UnreadablePasses,
    /// A deadline passes unnoticed.
    DeadlineUnnoticed,
    /// A hold is decided and not written.
    HoldForgotten,
    /// A failed attempt is the last one.
    RetryDropped,
    /// An event is recorded as if the catalogue had not changed.
    CatalogueIgnored,
    /// A paused service is called.
    PauseIgnored,
    /// A program that was interrupted runs again.
    ProgramRepeated,
}

impl Bug {
    /// Every bug.
    pub const ALL: &'static [Bug] = &[
        Bug::BindingIgnored,
        Bug::StartForgetsLeases,
        Bug::ReplayForgotten,
        Bug::RevisionIgnored,
        Bug::UnreadablePasses,
        Bug::DeadlineUnnoticed,
        Bug::HoldForgotten,
        Bug::RetryDropped,
        Bug::CatalogueIgnored,
        Bug::PauseIgnored,
        Bug::ProgramRepeated,
    ];
}

#[cfg(feature = "planted")]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug for this thread, or none.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.with(|planted| planted.set(bug));
}

/// Whether this bug is planted. Without the feature: never.
#[inline]
#[must_use]
pub fn is(bug: Bug) -> bool {
    #[cfg(feature = "planted")]
    {
        PLANTED.with(|planted| planted.get() == Some(bug))
    }
    #[cfg(not(feature = "planted"))]
    {
        let _ = bug;
        false
    }
}
