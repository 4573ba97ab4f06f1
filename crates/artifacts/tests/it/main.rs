//! The tests of `artifacts`.
