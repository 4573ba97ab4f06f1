//! The vectors of the forge endpoints: each row is a call of `whck`, or a request to `forge-endpoint`.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use verify::conformance::Row;

use crate::clock::random;

/// Whether a file holds such vectors.
pub fn is_ours(file: &Value) -> bool {
    file["web_store"].is_object() && file["cli"].is_array()
}

/// Runs all rows; the bodies lie beside the file. A row about a program in somebody's home directory is left out: only
/// root could make one.
pub fn run(file: &Value, folder: &Path) -> Result<Vec<Row>, String> {
    let programs = (program("whck")?, program("forge-endpoint")?);
    let each = |kind: &str| file[kind].as_array().cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for row in each("cli") {
        rows.push(told(&row, "proposal_exit", called(&row, folder, &programs.0)));
    }
    for row in each("secrets_directory") {
        if !row["executable"].as_str().unwrap_or_default().starts_with("/home/") {
            rows.push(told(&row, "proposal_exit", located(&row, &programs.0)));
        }
    }
    for row in each("web") {
        rows.push(told(&row, "proposal_status", requested(file, &row, folder, &programs)));
    }
    Ok(rows)
}

/// A row that the convention leaves open passes, whatever came out.
fn told(row: &Value, proposal: &str, got: std::io::Result<String>) -> Row {
    let expected = row["expect"][proposal].to_string();
    let got = got.unwrap_or_else(|why| format!("not run: {why}"));
    let is_open = row["expect"]["seed"] == "any" && !got.starts_with("not run");
    let pass = is_open || expected == got;
    let expected = if is_open { format!("any, such as {expected}") } else { expected };
    Row { id: row["id"].as_str().unwrap_or_default().to_owned(), pass, expected, got }
}

/// One of our programs: beside this one, or installed.
fn program(name: &str) -> Result<PathBuf, String> {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = beside.into_iter().chain(installed).find(|program| program.is_file());
    found.ok_or_else(|| format!("expected {name} beside this program or in PATH, to run its rows with: build it first"))
}

fn called(row: &Value, folder: &Path, whck: &Path) -> std::io::Result<String> {
    let place = Place::new()?;
    place.store("secrets", &row["store"])?;
    for (name, content) in texts(&row["outside"]) {
        fs::write(place.0.join("secrets").join(name), content)?;
    }
    let mut command = Command::new(whck);
    command.env_clear().env("WHCK_DIR", place.0.join("secrets"));
    command.args(items(&row["args"])).args(items(&row["extra_args"]));
    ended(command, &body(row, folder)?)
}

fn located(row: &Value, whck: &Path) -> std::io::Result<String> {
    let place = Place::new()?;
    let at = |text: &str| match text.strip_prefix('@') {
        Some(name) => place.0.join(name).into_os_string(),
        None => OsString::from(text),
    };
    for (name, files) in row["stores"].as_object().into_iter().flatten() {
        place.store(name.trim_start_matches('@'), files)?;
    }
    let program = match row["executable"].as_str() {
        Some(path) => {
            let copy = PathBuf::from(at(path));
            fs::create_dir_all(copy.parent().unwrap_or(&place.0))?;
            fs::copy(whck, &copy)?;
            copy
        }
        None => whck.to_owned(),
    };
    let mut command = Command::new(program);
    command.env_clear().args(items(&row["args"]));
    command.envs(texts(&row["env"]).into_iter().map(|(name, value)| (name, at(value))));
    ended(command, b"")
}

fn requested(
    file: &Value,
    row: &Value,
    folder: &Path,
    (whck, endpoint): &(PathBuf, PathBuf),
) -> std::io::Result<String> {
    let place = Place::new()?;
    place.store("secrets", &file["web_store"])?;
    place.store("secrets", &row["store_extra"])?;
    let mut command = Command::new(endpoint);
    command.env_clear().env("WHCK", whck).env("WHCK_DIR", place.0.join("secrets")).arg("0");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let answer = child.stdout.take().map_or_else(
        || Err(nothing()),
        |out| {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line)?;
            let address = line.trim().strip_prefix("listening on http://").ok_or_else(nothing)?;
            status(address, row, &body(row, folder)?)
        },
    );
    end(&mut child);
    answer
}

fn status(address: &str, row: &Value, body: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let mut head = format!("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", text("method"), text("path"));
    for (name, value) in texts(&row["headers"]) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    answer.split(' ').nth(1).map(str::to_owned).ok_or_else(nothing)
}

fn nothing() -> std::io::Error {
    std::io::Error::other("it does not answer")
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The exit code. A program that does not read its body is no fault.
fn ended(mut command: Command, body: &[u8]) -> std::io::Result<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(body);
    }
    let code = child.wait()?.code();
    Ok(code.map_or_else(|| "a signal".to_owned(), |code| code.to_string()))
}

fn body(row: &Value, folder: &Path) -> std::io::Result<Vec<u8>> {
    match row["body_file"].as_str() {
        Some(name) => fs::read(folder.join(name)),
        None => Ok(row["body_text"].as_str().unwrap_or_default().into()),
    }
}

fn items(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn texts(value: &Value) -> Vec<(&str, &str)> {
    let members = value.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect()
}

/// A fresh folder, which goes away with the row.
struct Place(PathBuf);

impl Place {
    fn new() -> std::io::Result<Self> {
        let name = format!("countersign-forge-{}", verify::hex::encode(&random::<8>()));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn store(&self, name: &str, files: &Value) -> std::io::Result<()> {
        let directory = self.0.join(name);
        fs::create_dir_all(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
        for (name, content) in texts(files) {
            fs::write(directory.join(name), content)?;
            fs::set_permissions(directory.join(name), Permissions::from_mode(0o600))?;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
