//! Starting the program, and the published starts.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The published vectors.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../license/vectors/license-tokens.json")).expect("JSON")
}

/// The program in an empty environment.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_container-check"));
    program.env_clear();
    program
}

pub fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

/// Writes a key set of the vectors into a folder.
pub fn keys(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join("keys.json");
    std::fs::write(&path, vectors()["keysets"][name].to_string()).expect("written");
    path
}

/// The container's token and the license of the published start of this id.
pub fn published(id: &str) -> (String, String) {
    let vectors = vectors();
    let rows = vectors["startup"].as_array().expect("rows").iter();
    let row = rows.clone().find(|row| row["id"] == id).expect("a row");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&row["container_token"]), text(&row["env"]["SAKULI_LICENSE_KEY"]))
}

#[test]
fn every_published_start_ends_as_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let vectors = vectors();
    let rows = vectors["startup"].as_array().expect("rows");
    assert_eq!(rows.len(), 12);
    for row in rows {
        let keys = keys(folder.path(), row["keyset"].as_str().expect("a name"));
        let environment = row["env"].as_object().expect("variables").iter();
        let output = program()
            .envs(environment.map(|(name, value)| (name, value.as_str().expect("a text"))))
            .env("COUNTERSIGN_CONTAINER_TOKEN", row["container_token"].as_str().expect("a token"))
            .env("COUNTERSIGN_LICENSE_KEYSET", keys)
            .args(["--at", &row["now"].to_string()])
            .output()
            .expect("it runs");

        let exit = output.status.code().map(i64::from);
        assert_eq!(exit, row["expect_exit_proposal"].as_i64(), "{}: {}", row["id"], said(&output));
        assert_eq!(output.status.success(), row["expect_exit_zero"] == true);
        let lines = usize::from(!output.status.success());
        assert_eq!((said(&output).lines().count(), output.stdout.len()), (lines, 0), "{}", row["id"]);
    }
}
