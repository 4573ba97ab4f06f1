//! The program as a process: the published starts, the entry script, what is built in.

mod built_in;
mod entry;
mod options;
mod start;
