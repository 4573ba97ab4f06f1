//! What real senders sign with their own libraries is believed, and nothing that was changed on the way.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

use crate::npm::installed;
use crate::world::{World, call};

const TOKEN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
const TEXT: &str = "a secret that is text";

/// Where Twilio believes that it sends to.
const URL: &str = "https://hooks.example.test/in?a=b";

/// What a sender sends.
#[derive(Deserialize)]
struct Sent {
    provider: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What each library signs now.
fn sent() -> Vec<Sent> {
    let folder = installed("npm-senders", "send.js");
    let senders = json!({ "token": TOKEN, "text": TEXT, "url": URL });
    let output = Command::new("node")
        .arg("send.js")
        .current_dir(folder.path())
        .env("SENDERS", senders.to_string())
        .output()
        .expect("node is there: this test needs Node 20 and npm");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("what was sent")).collect()
}

#[test]
fn what_senders_own_libraries_sign_is_believed_until_a_byte_changes() {
    let secrets = [("github", TEXT), ("standard-webhooks", TOKEN), ("svix", TOKEN), ("stripe", TEXT), ("twilio", TEXT)];
    let sources: String = secrets
        .iter()
        .map(|(provider, secret)| {
            format!("[[source]]\nid = \"real\"\nprovider = \"{provider}\"\nsecrets = [\"{secret}\"]\n")
                + &if *provider == "twilio" { format!("public_url = \"{URL}\"\n") } else { String::new() }
        })
        .collect();
    let world = World::serving(&sources);
    let sent = sent();
    assert_eq!(sent.iter().map(|sent| &*sent.provider).collect::<Vec<_>>(), secrets.map(|(provider, _)| provider));

    for Sent { provider, headers, body } in sent {
        let path = format!("/api/webhooks/incoming/{provider}/real");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let status =
            |body: &str| call(world.listen(), "POST", &path, &headers, body.as_bytes()).expect("an answer").status;
        let altered = body.replacen('a', "b", 1);

        assert_ne!(altered, body);
        assert_eq!(status(&altered), 401, "{provider}, altered");
        assert!(matches!(status(&body), 200 | 204), "{provider}: {}", world.log());
        assert_eq!(status(&altered), 401, "{provider}, altered afterwards");
    }
}
