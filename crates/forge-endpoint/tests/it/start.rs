//! Starting and ending.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use crate::world::{SERVER, SMALL, Server, World};

const CLAIM: &[(&str, &str)] = &[("X-Gitea-Signature", "c")];

fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    assert!(stdout.is_empty());
    (status.code(), String::from_utf8(stderr).expect("text"))
}

#[test]
fn without_a_port_or_with_none_it_does_not_start() {
    let world = World::new();
    for arguments in [&[][..], &["port"], &["65536"], &["0", "1"], &["--unknown"]] {
        let (code, said) = ended(world.command().env("WHCK", "/bin/true").args(arguments));

        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(said.starts_with("forge-endpoint: ") && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn without_a_validator_it_does_not_start() {
    let world = World::new();
    assert_eq!(ended(world.command().env("PATH", "/nowhere").arg("0")).0, Some(5));
    assert_eq!(ended(world.command().env("WHCK", world.path("whck")).arg("0")).0, Some(5));
    world.write("bin/whck", "no program");
    assert_eq!(ended(world.command().arg("0")).0, Some(5), "what lies at ./bin/whck is binding");
}

#[test]
fn a_port_that_is_taken_is_told() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());

    let (code, said) = ended(world.command().env("WHCK", "/bin/true").arg(server.address().port().to_string()));

    assert_eq!(code, Some(1));
    assert!(said.contains("cannot be listened on"), "{said}");
}

#[test]
fn the_variable_names_the_port_before_the_argument_does() {
    let world = World::new();
    let server = Server::start(world.command().env("WHCK", "/bin/true").env("FORGEHOOKPORT", "0").arg("1"));

    assert_eq!(server.post(CLAIM, SMALL).status, 200);
}

#[test]
fn the_validator_is_whck_then_bin_whck_then_that_of_path() {
    let world = World::new();
    let named = world.script("named", "echo named >> $W/asked");
    world.script("bin/whck", "echo here >> $W/asked");
    world.script("path/whck", "echo path >> $W/asked; exit 1");
    let path = format!("{}:/usr/bin:/bin", world.path("path").display());
    let ask = |command: &mut Command| Server::start(command.env("PATH", &path).arg("0")).post(CLAIM, SMALL).status;
    let last = || world.read("asked").lines().last().expect("a line").to_owned();

    assert_eq!((ask(world.command().env("WHCK", &named)), last().as_str()), (200, "named"));
    assert_eq!((ask(&mut world.command()), last().as_str()), (200, "here"));
    fs::remove_file(world.path("bin/whck")).expect("removed");
    assert_eq!((ask(&mut world.command()), last().as_str()), (403, "path"));
}

#[test]
fn only_localhost_is_listened_on() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    let port = server.address().port();

    assert!(server.address().ip().is_loopback());
    for (table, own) in [("/proc/net/tcp", "0100007F"), ("/proc/net/tcp6", "00000000000000000000000001000000")] {
        let text = fs::read_to_string(table).unwrap_or_default();
        let local =
            text.lines().filter_map(|line| line.split_whitespace().nth(1)).filter_map(|each| each.split_once(':'));
        let here: Vec<_> = local.filter(|(_, each)| *each == format!("{port:04X}")).map(|(ip, _)| ip).collect();
        assert!(here.iter().all(|ip| *ip == own), "{table}: {here:?}");
    }
    if let Ok(stream) = TcpStream::connect(("::1", port)) {
        drop(stream);
    }
}

#[test]
fn a_signal_ends_it_well() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    assert_eq!(server.post(CLAIM, SMALL).status, 200);

    assert_eq!(server.end(), Some(0));
}

#[test]
fn help_and_version_are_told() {
    for option in ["--help", "--version"] {
        let output = Command::new(SERVER).arg(option).output().expect("it runs");

        assert!(output.status.success() && !output.stdout.is_empty(), "{option}");
    }
}

#[test]
fn a_link_to_the_validator_is_a_validator() {
    let world = World::new();
    fs::create_dir(world.path("bin")).expect("a folder");
    symlink("/bin/true", world.path("bin/whck")).expect("a link");

    assert_eq!(Server::start(world.command().arg("0")).post(CLAIM, SMALL).status, 200);
}
