//! The benchmarks: each figure beside its goal and beside a bare server of the same run.
//!
//! Everything stays on loopback and is bounded in count and time. [`load`] sends and [`sink`] receives, each on a
//! thread of its own, speaking the little HTTP of [`wire`]; [`event`] is what they send, [`crowd`] sends next to nothing; [`product`] runs the release
//! binary, [`bare`] the server to compare with, [`outgoing`] the outgoing client; [`measure`] holds the measurements;
//! [`schemes`] checks requests without a server, and [`licenses`] license tokens; [`report`] shows what came of them.

pub mod args;
pub mod bare;
pub mod cpu;
pub mod crowd;
pub mod event;
pub mod histogram;
pub mod licenses;
pub mod load;
pub mod measure;
pub mod outgoing;
pub mod product;
pub mod report;
pub mod schemes;
pub mod sink;
pub mod wire;
