//! The demonstration: a folder of its own, a sample scanner, one genuine and one forged push, and what came of them.

mod folder;
mod scanner;
mod story;

pub use folder::Folder;
pub use scanner::Scanner;
pub use story::Story;
