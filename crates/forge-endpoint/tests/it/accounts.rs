//! The three set-ups of `docs/recipes/forge.md`, with real accounts, which are removed again.
//!
//! Each needs root. They are ignored unless they are asked for, so that nobody takes them for passed:
//! `cargo test -p forge-endpoint --test it -- --ignored`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::world::{GITEA, GITEA_CLAIM, GITLAB, SERVER, Server, whck};

const GITEA_URL: &str = "http://localhost:3000/example/example";
const GITEA_SECRET: &str = "IsWishesWereHorsesWedAllBeEatingSteak!";
const GITLAB_URL: &str = "http://example.com/mike/diaspora.git";
const GITLAB_SECRET: &str = "glwt-5f0c2b7a91d84e63";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// An account that is removed with the test that made it, and its home with it.
struct Account {
    name: String,
    user: u32,
    group: u32,
    home: PathBuf,
}

impl Account {
    /// A person, with a home in `/home`.
    fn person() -> Self {
        Self::new(&["--create-home", "--shell", "/bin/sh"])
    }

    /// What a web server runs as: no home, no shell.
    fn system() -> Self {
        Self::new(&["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"])
    }

    fn new(options: &[&str]) -> Self {
        assert!(is_root(), "this test makes accounts: run it as root");
        let name = format!("whck{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        run(Command::new("useradd").arg("--user-group").args(options).arg(&name));
        let id =
            |option: &str| -> u32 { said(Command::new("id").args([option, name.as_str()])).parse().expect("a number") };
        let home = PathBuf::from("/home").join(&name);
        Self { user: id("-u"), group: id("-g"), home, name }
    }

    /// Runs a command with the rights of this account and no others.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .uid(self.user)
            .gid(self.group)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/");
        command
    }

    /// A file of this account.
    fn write(&self, path: &Path, content: impl AsRef<[u8]>, mode: u32) {
        for folder in path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect::<Vec<_>>().iter().rev() {
            fs::create_dir(folder).expect("a folder");
            chown(folder, Some(self.user), Some(self.group)).expect("an owner");
            set_mode(folder, 0o755);
        }
        fs::write(path, content).expect("a file");
        chown(path, Some(self.user), Some(self.group)).expect("an owner");
        set_mode(path, mode);
    }

    /// A copy of the validator among this account's own programs.
    fn install(&self, mode: u32) -> PathBuf {
        let program = self.home.join(".local/bin/whck");
        self.write(&program.with_extension("new"), "", 0o600);
        run(Command::new("cp").arg(whck()).arg(program.with_extension("new")));
        fs::rename(program.with_extension("new"), &program).expect("renamed");
        chown(&program, Some(self.user), Some(self.group)).expect("an owner");
        set_mode(&program, mode);
        program
    }

    /// The secrets of two repositories, which nobody else can read.
    fn keep_secrets(&self) {
        let directory = self.home.join(".config/whck");
        for (url, secret) in [(GITEA_URL, GITEA_SECRET), (GITLAB_URL, GITLAB_SECRET)] {
            self.write(&directory.join(base16(url)), secret, 0o600);
        }
        set_mode(&directory, 0o700);
        // The way there is open, as it often is on shared machines: what protects the secrets are their own modes.
        set_mode(&self.home, 0o755);
    }

    fn secret(&self) -> PathBuf {
        self.home.join(".config/whck").join(base16(GITEA_URL))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = Command::new("userdel").args(["--force", &self.name]).stderr(Stdio::null()).status();
        let _ = Command::new("groupdel").arg(&self.name).stderr(Stdio::null()).status();
        if self.home.starts_with("/home/") {
            let _ = fs::remove_dir_all(&self.home);
        }
    }
}

/// A file that is removed with the test that made it.
struct Placed(PathBuf);

impl Drop for Placed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn is_root() -> bool {
    said(Command::new("id").arg("-u")) == "0"
}

fn said(command: &mut Command) -> String {
    String::from_utf8(command.output().expect("it runs").stdout).expect("text").trim().to_owned()
}

fn run(command: &mut Command) {
    let Output { status, stderr, .. } = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn base16(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The server where every account can run it.
fn public_server() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    set_mode(folder.path(), 0o755);
    let server = folder.path().join("forge-endpoint");
    run(Command::new("install").args(["-m", "755", SERVER]).arg(&server));
    (folder, server)
}

/// Genuine requests pass, forged ones do not.
fn serves(server: &Server) {
    assert_eq!(server.post(&[("X-Gitea-Signature", GITEA_CLAIM)], GITEA).status, 200);
    assert_eq!(server.post(&[("X-Gitlab-Token", GITLAB_SECRET)], GITLAB).status, 200);
    assert_eq!(server.post(&[("X-Gitea-Signature", &GITEA_CLAIM.replace('a', "b"))], GITEA).status, 403);
    assert_eq!(server.post(&[("X-Gitlab-Token", "wrong")], GITLAB).status, 403);
}

/// The web server's account cannot read the secret.
fn learns_nothing(web: &Account, owner: &Account) {
    let read = web.command("/bin/cat").arg(owner.secret()).output().expect("it runs");
    assert!(!read.status.success() && read.stdout.is_empty());
    assert!(fs::read_to_string(owner.secret()).is_ok_and(|secret| secret == GITEA_SECRET), "the secret is there");
}

#[test]
#[ignore = "needs root: makes accounts, and removes them again"]
fn the_web_server_runs_as_the_user() {
    let (alice, (_folder, server)) = (Account::person(), public_server());
    alice.keep_secrets();
    let program = alice.install(0o755);

    let mut command = alice.command(server);
    serves(&Server::start(command.env("HOME", &alice.home).env("WHCK", program).arg("0")));
}

#[test]
#[ignore = "needs root: makes accounts, and removes them again"]
fn the_web_server_runs_as_a_system_account_and_the_program_lends_its_owner_s_rights() {
    let (alice, web, (folder, server)) = (Account::person(), Account::system(), public_server());
    alice.keep_secrets();
    let program = alice.install(0o4711);
    fs::create_dir(folder.path().join("bin")).expect("a folder");
    symlink(&program, folder.path().join("bin/whck")).expect("a link");

    let mut command = web.command(server);
    serves(&Server::start(command.current_dir(folder.path()).arg("0")));
    learns_nothing(&web, &alice);
}

#[test]
#[ignore = "needs root: makes accounts, and removes them again"]
fn root_lets_the_web_server_s_account_run_the_program_as_the_user() {
    let (alice, web, (folder, server)) = (Account::person(), Account::system(), public_server());
    assert!(Path::new("/usr/bin/sudo").exists(), "this test tries sudo: install it");
    alice.keep_secrets();
    let program = alice.install(0o755);
    let rule = format!("{} ALL=({}) NOPASSWD: {}\n", web.name, alice.name, program.display());
    let rules = Placed(Path::new("/etc/sudoers.d").join(&web.name));
    fs::write(&rules.0, rule).expect("a rule");
    set_mode(&rules.0, 0o440);
    let wrapper = format!("#!/bin/sh\nexec sudo -n -u {} {} \"$@\"\n", alice.name, program.display());
    alice.write(&folder.path().join("bin/text"), wrapper, 0o755);
    run(Command::new("cp").arg(folder.path().join("bin/text")).arg(folder.path().join("bin/whck")));

    let mut command = web.command(server);
    serves(&Server::start(command.current_dir(folder.path()).arg("0")));
    learns_nothing(&web, &alice);
    let mut other = web.command("/usr/bin/sudo");
    assert!(
        !other
            .args(["-n", "-u", &alice.name, "/bin/cat"])
            .arg(alice.secret())
            .output()
            .expect("it runs")
            .status
            .success()
    );
}

#[test]
#[ignore = "needs root: makes accounts, and removes them again"]
fn rights_that_are_lent_are_turned_against_nobody() {
    let (alice, web) = (Account::person(), Account::system());
    alice.keep_secrets();
    let program = alice.install(0o4711);
    let theirs = tempfile::tempdir().expect("a folder");
    set_mode(theirs.path(), 0o755);
    web.write(&theirs.path().join("own/whck/repo"), "chosen", 0o600);
    let own = theirs.path().join("own");

    // Their own secrets, by any variable, are not looked at.
    for (name, value) in [("WHCK_DIR", own.join("whck")), ("XDG_CONFIG_HOME", own.clone()), ("HOME", own.clone())] {
        let code = web.command(&program).env(name, value).args(["token", "repo", "chosen"]).status().expect("it runs");
        assert_eq!(code.code(), Some(1), "{name}");
    }
    // Nor does a variable change what the program is or how it runs.
    let odd = [
        ("GLIBC_TUNABLES", "glibc.malloc.check=3"),
        ("LD_PRELOAD", "/nowhere.so"),
        ("LD_LIBRARY_PATH", "/tmp"),
        ("WHCK_MAX_BODY", "0"),
        ("MALLOC_TRACE", "/tmp/trace"),
        ("RUST_BACKTRACE", "1"),
        ("LANG", "x"),
    ];
    let identifier = base16(GITLAB_URL);
    let mut command = web.command(&program);
    let output = command.envs(odd).args(["token", &identifier, GITLAB_SECRET]).output().expect("it runs");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    // A wrong claim and an unknown repository are told in the same words, and why a secret is of no use in none.
    set_mode(&alice.secret(), 0o666);
    let told = |identifier: &str| {
        let output = web.command(&program).args(["token", identifier, "wrong"]).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    for identifier in [&identifier, &base16("unknown"), &base16(GITEA_URL)] {
        assert_eq!(told(identifier), (Some(1), "whck: not valid\n".to_owned()));
    }
}

#[test]
#[ignore = "needs root: makes accounts, and removes them again"]
fn while_it_reads_the_body_it_has_no_lent_rights_no_descriptors_and_leaves_no_dump() {
    let (alice, web) = (Account::person(), Account::system());
    alice.keep_secrets();
    let program = alice.install(0o4711);
    let mut command = web.command("/bin/sh");
    let script = format!("exec {} hmac-sha256 {} 00 7</etc/passwd 9</etc/group", program.display(), base16(GITEA_URL));
    let mut child = command.args(["-c", &script]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    let place = PathBuf::from(format!("/proc/{}", child.id()));

    // It waits for the body, once it has the rest behind it; the kernel says when it does.
    let reads_body = || fs::read_to_string(place.join("syscall")).is_ok_and(|call| call.starts_with("0 0x0 "));
    let begun = std::time::Instant::now();
    while !reads_body() {
        assert!(begun.elapsed().as_secs() < 30, "it does not come to read the body");
        std::thread::yield_now();
    }

    let status = fs::read_to_string(place.join("status")).expect("a status");
    let ids = |name: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.split_whitespace().map(|id| id.parse().expect("a number")).collect()
    };
    assert_eq!((ids("Uid:"), ids("Gid:")), (vec![web.user; 4], vec![web.group; 4]));
    let limits = fs::read_to_string(place.join("limits")).expect("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    assert_eq!(
        fs::metadata(place.join("fd")).map(|fd| std::os::unix::fs::MetadataExt::uid(&fd)).ok(),
        Some(0),
        "not dumpable"
    );
    let open = fs::read_dir(place.join("fd")).expect("descriptors").filter_map(Result::ok);
    let targets: Vec<_> = open.filter_map(|fd| fs::read_link(fd.path()).ok()).collect();
    assert!(targets.iter().all(|target| !target.starts_with("/etc")), "{targets:?}");
    assert_eq!(fs::read_link(place.join("cwd")).ok(), Some("/".into()));
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
#[ignore = "needs root: makes accounts, and removes them again"]
fn root_s_rights_are_lent_to_nobody() {
    let web = Account::system();
    let folder = tempfile::tempdir().expect("a folder");
    set_mode(folder.path(), 0o755);
    let program = folder.path().join("whck");
    run(Command::new("install").args(["-m", "4755"]).arg(whck()).arg(&program));

    let output = web.command(&program).args(["token", "repo", "x"]).output().expect("it runs");

    assert_eq!(output.status.code(), Some(70));
}
