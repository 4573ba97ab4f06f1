//! The program as a process: the published rows, and what they leave out.

mod process;
mod tree;
mod vectors;
mod world;
