//! Leaves Node's functions to be found when the library is loaded.

fn main() {
    napi_build::setup();
}
