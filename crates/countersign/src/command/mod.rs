//! One file per command.

mod judge;
mod page;
mod secret;

pub mod account;
pub mod audit;
pub mod backup;
pub mod batch;
pub mod completion;
pub mod config;
pub mod conformance;
pub mod event;
pub mod explain;
pub mod forge;
pub mod gate;
pub mod hold;
pub mod import;
pub mod license;
pub mod openapi;
pub mod preview_file;
pub mod quarantine;
pub mod restore;
pub mod restriction;
pub mod rule;
pub mod run;
pub mod serve;
pub mod service;
pub mod sign;
pub mod source;
pub mod subject;
pub mod up;
pub mod variable;
pub mod verdict;
pub mod verify;
