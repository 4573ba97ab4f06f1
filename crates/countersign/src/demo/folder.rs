//! The demonstration's folder: its configuration, its secrets, its data.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::clock::random;
use crate::data_dir::{DataDir, write_private};
use crate::exit::{Exit, Failure};

/// Where it is.
const PATH: &str = "countersign-demo";

/// Where its data is, inside it.
const DATA: &str = "data";

/// The first line of its configuration, by which it is known to be ours.
const MARK: &str = "# Made by `countersign up --demo`.";

/// The folder, with a secret shared with the sender and a key shared with the scanner.
pub struct Folder {
    path: PathBuf,
    /// Shared with the sender of webhooks.
    pub github_secret: Zeroizing<String>,
    /// Shared with the scanner.
    pub scanner_key: Zeroizing<String>,
}

impl Folder {
    /// Makes the folder, or begins anew in the one that an earlier demonstration left.
    ///
    /// # Errors
    /// When it holds anything else.
    pub fn prepare() -> Result<Self, Failure> {
        let path = PathBuf::from(PATH);
        if !is_ours(&path)? {
            let what = format!("the folder ./{PATH} holds other data");
            return Err(Failure::new(Exit::Conflict, what).mend("run this elsewhere, or move the folder away"));
        }
        fs::create_dir_all(&path).map_err(|why| cannot(&path, &why))?;
        let data = path.join(DATA);
        if data.is_dir() {
            // One that still runs keeps everything; of one that has ended, a clearance or a rule would change the story.
            let _ours = DataDir::take(&data)?;
            fs::remove_dir_all(&data).map_err(|why| cannot(&data, &why))?;
        }
        let secret = |name: &str| -> Result<Zeroizing<String>, Failure> {
            let secret = Zeroizing::new(verify::hex::encode(&*Zeroizing::new(random::<32>())));
            let file = path.join(name);
            write_private(&file, secret.as_bytes()).map_err(|why| cannot(&file, &why))?;
            Ok(secret)
        };
        Ok(Self { github_secret: secret("github-secret")?, scanner_key: secret("scanner-key")?, path })
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.path.join("countersign.toml")
    }

    /// Writes the configuration: where the gateway listens, and where the scanner does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, public: SocketAddr, admin: SocketAddr, scanner: SocketAddr) -> Result<(), Failure> {
        let text = format!(
            r#"{MARK}
# While it runs: countersign --config {PATH}/countersign.toml event list

data_dir = "{DATA}"

[server]
listen = "{public}"
admin_listen = "{admin}"

[[source]]
id = "demo"
provider = "github"
secrets = [{{ file = "github-secret" }}]

[[service]]
name = "malware-scan"
profile = "scanner"
url = "http://{scanner}/"
secret = {{ file = "scanner-key" }}
events = ["github.push"]
allow_networks = ["{scanner_ip}/32:{scanner_port}"]

[[rule]]
name = "MALICIOUS"
service = "malware-scan"
action = {{ hold = "24h" }}
"#,
            scanner_ip = scanner.ip(),
            scanner_port = scanner.port(),
        );
        let file = self.config();
        write_private(&file, text.as_bytes()).map_err(|why| cannot(&file, &why))
    }
}

/// Whether the folder is not there, empty, or left by an earlier demonstration.
fn is_ours(path: &Path) -> Result<bool, Failure> {
    let mut entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(true),
        Err(why) if why.kind() == ErrorKind::NotADirectory => return Ok(false),
        Err(why) => return Err(cannot(path, &why)),
    };
    if entries.next().is_none() {
        return Ok(true);
    }
    Ok(fs::read_to_string(path.join("countersign.toml")).is_ok_and(|text| text.starts_with(MARK)))
}

fn cannot(path: &Path, why: &std::io::Error) -> Failure {
    Failure::new(Exit::Config, format!("{} cannot be used: {why}", path.display()))
}
