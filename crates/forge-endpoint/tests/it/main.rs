//! The program as a process: the published rows over HTTP, and what they leave out.

mod accounts;
mod conduct;
mod crowd;
mod start;
mod vectors;
mod world;
