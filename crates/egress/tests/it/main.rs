//! The tests of `egress`.
