//! The server in process: a store in memory, real routers, and real listeners where the wire itself is tested.

mod api;
mod aspnet;
mod batches;
mod certificates;
mod holds;
mod limits;
mod links;
mod listen;
mod own_hosts;
mod pages;
mod problems;
mod providers;
mod quarantine;
mod receive;
mod rehearsal;
mod resources;
mod retention;
mod rotation;
mod scanner;
mod scanner_texts;
mod waiting;
mod worker;
mod worker_accounts;
mod worker_signed;
mod workers;
mod world;
