//! What no unit can show: the published vectors, the registry, and strangers' bytes.

mod account;
mod aspnet;
mod endpoint;
mod explain;
mod fuzz;
mod properties;
mod registry;
mod rsa;
mod sender;
mod signatures;
mod vectors;
