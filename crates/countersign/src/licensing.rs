//! The installation's license, from its files: read at the start, once a minute, and when something ends.
//!
//! What the files say now holds, with two exceptions: keys that cannot be read do not replace those that could, and a
//! revocation list never gives way to an older one. The latter, and the highest time ever seen, outlast a restart in a
//! file of the data directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Timestamp;
use domain::licensing::Licensing;
use license::{KeySet, RevocationList, Revocations, Settings, Validator};
use serde::{Deserialize, Serialize};
use server::Server;
use tokio_util::sync::CancellationToken;

use crate::config::{LicenseForm, RevocationsForm};
use crate::data_dir::write_private;
use crate::exit::{Exit, Failure};

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_secs(60);

/// The highest time seen is written when it has grown by so much.
const SEEN_STEP_S: u64 = 3600;

/// Reads what an environment's variable says.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The files, and what was read from them last.
pub struct LicenseFiles {
    form: LicenseForm,
    token: Token,
    key_file: Option<PathBuf>,
    revocation_file: Option<PathBuf>,
    state_file: PathBuf,
    keys: KeySet,
    list: Option<RevocationList>,
    state: State,
    /// What was wrong at the last reading, so that it is logged once.
    faults: Vec<String>,
}

/// Where the installation's license stands.
enum Token {
    Nowhere,
    Here(String),
    File(PathBuf),
}

/// What outlasts a restart.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// The highest time ever seen, in seconds since 1970.
    latest_seen: u64,
    /// The newest revocation list that was believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    revocations: Option<String>,
}

impl LicenseFiles {
    /// The files that the configuration names, or else the environment.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub fn open(form: &LicenseForm, state_file: PathBuf, variables: Variables<'_>) -> Result<Self, Failure> {
        let named =
            |path: &Option<PathBuf>, variable: &str| path.clone().or_else(|| variables(variable).map(Into::into));
        let key_file = named(&form.key_file, "COUNTERSIGN_LICENSE_KEYSET");
        let keys = read_keys(key_file.as_deref());
        let keys =
            keys.map_err(|why| Failure::new(Exit::Config, why).mend("name the right file under [license] key_file"))?;
        let mut faults = Vec::new();
        let state = State::read(&state_file).unwrap_or_else(|why| {
            faults.push(why);
            State::default()
        });
        let revocation_file = named(&form.revocation_file, "COUNTERSIGN_LICENSE_REVOCATIONS");
        let kept = state.revocations.as_deref().filter(|_| revocation_file.is_some());
        let list = kept.and_then(|text| RevocationList::read_again(text, &keys, &form.names()).ok());
        faults.iter().for_each(|why| tracing::warn!("{why}"));
        let token = Token::named(form, variables);
        Ok(Self { form: form.clone(), token, key_file, revocation_file, state_file, keys, list, state, faults })
    }

    /// Reads them. What cannot be read is logged once.
    pub fn read(&mut self, now: Timestamp) -> Licensing {
        let mut faults = Vec::new();
        match read_keys(self.key_file.as_deref()) {
            Ok(keys) => self.keys = keys,
            Err(why) => faults.push(format!("{why}; the keys of before stay in force")),
        }
        let license = self.token.read().unwrap_or_else(|why| {
            faults.push(why);
            String::new()
        });
        let newer = self.newer_list().unwrap_or_else(|why| {
            faults.push(why);
            None
        });
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        if newer.is_some() || seconds >= self.state.latest_seen + SEEN_STEP_S {
            self.state.latest_seen = self.state.latest_seen.max(seconds);
            if let Some((list, text)) = newer {
                (self.list, self.state.revocations) = (Some(list), Some(text));
            }
            faults.extend(self.state.write(&self.state_file).err());
        }
        faults.iter().filter(|why| !self.faults.contains(why)).for_each(|why| tracing::warn!("{why}"));
        self.faults = faults;
        Licensing { validator: self.validator(), license, require_token: self.form.require_token.clone() }
    }

    fn validator(&self) -> Validator {
        let settings = Settings {
            names: self.form.names(),
            leeway: self.form.leeway,
            expected_customer: self.form.customer.clone(),
            require_token: false,
            refuse_clock_before_issue: self.form.refuse_clock_before_issue,
            latest_seen: Some(Duration::from_secs(self.state.latest_seen)),
        };
        let list = self.list.clone();
        let revocations = match self.form.revocations {
            RevocationsForm::Off => Revocations::Off,
            RevocationsForm::Optional => Revocations::Optional(list),
            RevocationsForm::Required => Revocations::Required(list),
        };
        Validator::new(self.keys.clone()).with_settings(settings).with_revocations(revocations)
    }

    /// The list in its file, if it is newer than the one in force.
    fn newer_list(&self) -> Result<Option<(RevocationList, String)>, String> {
        let Some(path) = &self.revocation_file else { return Ok(None) };
        let seen = self.list.as_ref().map(RevocationList::number);
        let told = |why: &dyn std::fmt::Display| format!("the revocation list {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|why| told(&why))?;
        let list = RevocationList::read(text.trim(), &self.keys, &self.form.names(), seen);
        let list = list.map_err(|why| told(&format_args!("{why}; the last good one stays in force")))?;
        Ok((seen != Some(list.number())).then(|| (list, text.trim().to_owned())))
    }
}

impl Token {
    fn named(form: &LicenseForm, variables: Variables<'_>) -> Self {
        let file = || variables("COUNTERSIGN_LICENSE_FILE").map(PathBuf::from);
        match (&form.token_file, variables("COUNTERSIGN_LICENSE_KEY")) {
            (Some(path), _) => Token::File(path.clone()),
            (None, Some(token)) => Token::Here(token),
            (None, None) => match (file(), variables("SAKULI_LICENSE_KEY")) {
                (Some(path), _) => Token::File(path),
                (None, Some(token)) => Token::Here(token),
                (None, None) => Token::Nowhere,
            },
        }
    }

    fn read(&self) -> Result<String, String> {
        match self {
            Token::Nowhere => Ok(String::new()),
            Token::Here(token) => Ok(token.trim().to_owned()),
            Token::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(text.trim().to_owned()),
                Err(why) => Err(format!("the license {} cannot be read: {why}", path.display())),
            },
        }
    }
}

impl State {
    fn read(path: &Path) -> Result<Self, String> {
        match std::fs::read(path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|why| format!("{} does not read: {why}", path.display()))
            }
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(why) => Err(format!("{} cannot be read: {why}", path.display())),
        }
    }

    fn write(&self, path: &Path) -> Result<(), String> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        write_private(path, &bytes).map_err(|why| format!("{} cannot be written: {why}", path.display()))
    }
}

/// The keys of a file, or those that were built in.
fn read_keys(path: Option<&Path>) -> Result<KeySet, String> {
    let Some(path) = path else { return KeySet::built_in().map_err(|why| format!("the license keys built in: {why}")) };
    let told = |why: &dyn std::fmt::Display| format!("the license keys {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|why| told(&why))?;
    KeySet::read(&text, None).map_err(|why| told(&why))
}

/// Looks again and again until `shutdown`.
pub async fn keep(mut files: LicenseFiles, server: Server, now: impl Fn() -> Timestamp, shutdown: CancellationToken) {
    loop {
        let changes = look(&mut files, &server, now()).await;
        let until_then = changes.map_or(PAUSE, |at| at.since(now()).min(PAUSE));
        tokio::select! {
            () = shutdown.cancelled() => return,
            // Never without a pause, whatever the clocks say.
            () = tokio::time::sleep(until_then.max(Duration::from_secs(1))) => {}
        }
    }
}

/// Reads the files and turns what must turn; when something changes next by itself.
pub async fn look(files: &mut LicenseFiles, server: &Server, now: Timestamp) -> Option<Timestamp> {
    server.set_licensing(files.read(now));
    server.keep_to_license().await.unwrap_or_else(|why| {
        tracing::error!(why = %why.detail, "services cannot be kept to the license; trying again in a minute");
        None
    })
}

#[cfg(test)]
mod tests {
    use domain::catalogue::Service;
    use domain::licensing::Standing;
    use license::{Algorithm, Categories, Draft, Entry, Kind, Names, PrivateKey, Revoked};
    use server::resources::{self, ServiceSpec};
    use store::seal::SealKey;
    use tempfile::TempDir;

    use super::*;

    const NOW: i64 = 1_767_225_600;
    const DAY: i64 = 86_400;

    fn key(id: &str) -> PrivateKey {
        PrivateKey::generate(Algorithm::EdDsa, id, &[7; 32]).expect("a key")
    }

    fn since_1970(seconds: i64) -> Duration {
        Duration::from_secs(seconds.unsigned_abs())
    }

    fn token(kind: Kind, audience: &str) -> String {
        let draft = Draft {
            kind,
            audience: audience.to_owned(),
            categories: Categories::M,
            not_before: Some(Duration::ZERO),
            expires: Some(since_1970(NOW + 30 * DAY)),
            lease: None,
            id: kind.to_string(),
            issued_at: since_1970(NOW),
            long: true,
            algorithm_by_new_name: false,
        };
        draft.issue(&key("test"), &Names::default()).expect("a token")
    }

    /// A list with this number that revokes these tokens.
    fn list(number: u64, revoked: &[&str]) -> String {
        let entries = revoked.iter().map(|id| Entry { what: Revoked::Token((*id).to_owned()), at: None, reason: None });
        let mut text = RevocationList::trusted(entries.collect::<Vec<_>>());
        let signed = |list: &RevocationList| list.sign_next(&key("test"), &Names::default(), since_1970(NOW), None);
        let sign = |list: &RevocationList| signed(list).expect("a short list");
        let keys = KeySet::read(&key("test").public_jwk().expect("a public half"), None).expect("a set");
        for _ in 1..number {
            text = RevocationList::read(&sign(&text), &keys, &Names::default(), None).expect("a list");
        }
        sign(&text)
    }

    /// A folder with keys and a license.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder, "keys.json", &key("test").public_jwk().expect("a public half"));
        write(&folder, "license.jwt", &token(Kind::User, "customer"));
        folder
    }

    fn write(folder: &TempDir, name: &str, text: &str) {
        std::fs::write(folder.path().join(name), format!("{text}\n")).expect("written");
    }

    fn open(folder: &TempDir) -> LicenseFiles {
        let path = |name: &str| Some(folder.path().join(name));
        let form = LicenseForm {
            token_file: path("license.jwt"),
            key_file: path("keys.json"),
            revocation_file: path("revocations.jwt"),
            ..LicenseForm::default()
        };
        LicenseFiles::open(&form, folder.path().join("state"), &|_| None).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Why a service whose token fits may not run; empty where it may.
    fn refused(files: &mut LicenseFiles, seconds: i64) -> String {
        let now = Timestamp::from_seconds(seconds);
        match files.read(now).standing(&service(), now) {
            Standing::Refused(refusal) => refusal.text,
            Standing::Free | Standing::Licensed { .. } => String::new(),
        }
    }

    fn service() -> Service {
        let spec = format!(
            "name = \"scan\"\nurl = \"https://scan.example/\"\nplugin_token = {:?}",
            token(Kind::Plugin, "scan")
        );
        let spec: ServiceSpec = toml::from_str(&spec).expect("a service");
        let (seal, random) = (SealKey::new([3; 32]), crate::clock::SystemRandom);
        let owner = domain::catalogue::Owner::File;
        let made = resources::service(&spec, domain::ServiceKey(1), 1, owner, &[], &seal, &random);
        made.unwrap_or_else(|why| panic!("{why}")).service
    }

    #[test]
    fn a_clock_that_was_set_back_is_noticed_after_a_restart_too() {
        let folder = folder();
        assert_eq!(refused(&mut open(&folder), NOW + 20 * DAY), "");

        assert_eq!(refused(&mut open(&folder), NOW + 19 * DAY), "", "a day is forgiven");
        let why = refused(&mut open(&folder), NOW + 18 * DAY);
        assert_eq!(why, "the clock was at 2026-01-21T00:00:00Z before; set it right");
        std::fs::remove_file(folder.path().join("state")).expect("removed");
        assert_eq!(refused(&mut open(&folder), NOW + 18 * DAY), "");
    }

    #[test]
    fn a_revocation_list_gives_way_to_a_newer_one_alone() {
        let folder = folder();
        let mut files = open(&folder);
        assert_eq!(refused(&mut files, NOW), "", "there is no list, and none is needed");

        write(&folder, "revocations.jwt", &list(2, &["user"]));
        assert_eq!(refused(&mut files, NOW), "the license was revoked");
        for text in [list(1, &[]), "nonsense".to_owned()] {
            write(&folder, "revocations.jwt", &text);
            assert_eq!(refused(&mut files, NOW), "the license was revoked");
            assert_eq!(refused(&mut open(&folder), NOW), "the license was revoked", "after a restart too");
        }
        write(&folder, "revocations.jwt", &list(3, &[]));
        assert_eq!(refused(&mut files, NOW), "");
    }

    #[test]
    fn what_the_files_say_now_holds_but_for_keys_that_do_not_read() {
        let folder = folder();
        let mut files = open(&folder);

        write(&folder, "keys.json", "nonsense");
        assert_eq!(refused(&mut files, NOW), "");
        assert!(files.faults.iter().any(|why| why.contains("keys.json")), "{:?}", files.faults);
        std::fs::remove_file(folder.path().join("license.jwt")).expect("removed");
        assert!(refused(&mut files, NOW).contains("there is no license"));
        write(&folder, "license.jwt", &token(Kind::User, "customer"));
        assert_eq!(refused(&mut files, NOW), "");
    }

    #[test]
    fn the_environment_says_what_the_configuration_does_not() {
        let all = ["COUNTERSIGN_LICENSE_KEY", "COUNTERSIGN_LICENSE_FILE", "SAKULI_LICENSE_KEY"];
        for first in 0..all.len() {
            let variables = |name: &str| all[first..].contains(&name).then(|| format!(" {name} "));
            let token = Token::named(&LicenseForm::default(), &variables);
            match token {
                Token::File(path) => assert_eq!(path, Path::new(" COUNTERSIGN_LICENSE_FILE ")),
                Token::Here(_) => assert_eq!(token.read().as_deref(), Ok(all[first])),
                Token::Nowhere => panic!("{first}"),
            }
        }
        assert!(matches!(Token::named(&LicenseForm::default(), &|_| None), Token::Nowhere));
    }
}
