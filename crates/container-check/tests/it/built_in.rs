//! What is built in: two builds with different secrets, static, without their secrets to be seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use license::{Categories, Draft, Kind, Names, PrivateKey};

const FIRST: &str = "tK9#vw-first-qJ2!zUe-for-mX7%rGd-tests-aH4&yNc-alone-pB8*sLf-0oW5+iEk";
const SECOND: &str = "eD3;uRj-other-nV6:kTo-for-bC1,xIm-tests-zQ0?gSw-alone-lF9~hYa-5rP2=jKv";

/// Builds the program for release with `bin/container-check`, in a target directory of its own. What it is made of is
/// not optimised, so that this takes no minutes; the code that handles the secret is.
fn build(secret: &str) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new(root.join("bin/container-check"))
        .args(["--config", "profile.release.package.\"*\".opt-level=0", "--config", "profile.release.lto=false"])
        .env("PAROLE_VALUE", secret)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("built-in"))
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .expect("it runs")
}

/// The program with this secret, under a name of its own.
fn built(secret: &str, name: &str, folder: &Path) -> PathBuf {
    let output = build(secret);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!String::from_utf8_lossy(&output.stderr).contains(secret), "a build must not print the secret");
    let path = String::from_utf8(output.stdout).expect("UTF-8");
    let copy = folder.join(name);
    // Not a copy: it would be open for writing while another test starts a process.
    fs::hard_link(path.trim(), &copy).expect("linked");
    fs::remove_file(path.trim()).expect("removed, so that the next build makes a new file");
    copy
}

/// The exit code of a check with tokens that are signed with this secret.
fn checked(program: &Path, secret: &str) -> Option<i32> {
    let key = format!(r#"{{"kty":"oct","k":"{}"}}"#, verify::base64::encode_url(secret.as_bytes()));
    let key = PrivateKey::read(&key).expect("a key");
    let now = std::time::Duration::from_secs(1_760_000_000);
    let token = |kind, audience: &str| {
        let draft = Draft {
            kind,
            audience: audience.to_owned(),
            categories: Categories::S,
            not_before: None,
            expires: Some(now + std::time::Duration::from_secs(60)),
            lease: None,
            id: "1".to_owned(),
            issued_at: now,
            long: false,
            algorithm_by_new_name: false,
        };
        draft.issue(&key, &Names::default()).expect("a token")
    };
    let output = Command::new(program)
        .env_clear()
        .env("COUNTERSIGN_LICENSE_KEY", token(Kind::User, "customer-1"))
        .env("COUNTERSIGN_CONTAINER_TOKEN", token(Kind::Container, "image"))
        .args(["--image", "image", "--at", "1760000000"])
        .output();
    output.expect("it runs").status.code()
}

/// Whether it needs no loader of shared libraries: no program header says `PT_INTERP` (ELF, 64 bits).
fn is_static(elf: &[u8]) -> bool {
    let number = |at: usize, bytes: usize| {
        elf[at..at + bytes].iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    assert_eq!(&elf[..5], b"\x7fELF\x02");
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).all(|nth| number(table + nth * size, 4) != 3)
}

fn occurs(text: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn a_secret_that_is_built_in_is_one_build_s_alone_and_not_to_be_seen() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let programs = [
        (FIRST, SECOND, built(FIRST, "first", folder.path())),
        (SECOND, FIRST, built(SECOND, "second", folder.path())),
    ];
    for (own, other, program) in programs {
        assert_eq!(checked(&program, own), Some(0));
        assert_eq!(checked(&program, other), Some(12));

        let bytes = fs::read(&program).expect("read");
        for part in own.as_bytes().chunks_exact(8) {
            assert!(!occurs(part, &bytes), "part of the secret is in the program");
        }
        let reversed: Vec<u8> = own.bytes().rev().collect();
        assert!(!occurs(&reversed[..16], &bytes) && occurs(b"COUNTERSIGN_LICENSE_KEYSET", &bytes));
        assert!(is_static(&bytes));
    }

    let short = build("too short");
    assert!(!short.status.success());
    let said = String::from_utf8_lossy(&short.stderr).into_owned();
    assert!(said.contains("has 9 bytes, but must have 32") && !said.contains("too short"), "{said}");
}
