//! What no unit can show: the published vectors, strangers' bytes, tokens that go and come.

mod issued;
mod made;
mod properties;
mod refused;
mod vectors;
