//! The exact bytes of a request: as text, in hex, and as a command that sends them again.

use std::fmt::Write as _;

/// So many bytes are shown; more are for the download.
pub const SHOWN_BYTES_MAX: usize = 64 * 1024;
/// So many are shown in hex.
const HEX_BYTES_MAX: usize = 4 * 1024;
/// What stands in the place of a credential in what is kept.
const REDACTED: &str = "[redacted]";
/// Headers that whoever sends makes anew.
const MADE_ANEW: [&str; 6] =
    ["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent"];

/// Bytes in hex, sixteen to a line, with their place before and their characters behind.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (nth, line) in bytes[..bytes.len().min(HEX_BYTES_MAX)].chunks(16).enumerate() {
        let mut digits = String::new();
        for byte in line {
            let _ = write!(digits, "{byte:02x} ");
        }
        let letters: String =
            line.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' }).collect();
        let _ = writeln!(text, "{:08x}  {digits:48} {letters}", nth * 16);
    }
    if bytes.len() > HEX_BYTES_MAX {
        let _ = writeln!(text, "... {} bytes more", bytes.len() - HEX_BYTES_MAX);
    }
    text
}

/// Header names and values as they were kept.
pub fn headers(kept: &str) -> Vec<(String, String)> {
    serde_json::from_str(kept).unwrap_or_default()
}

/// A command that sends the same request again; what proves it is for whoever knows the secret to fill in.
pub fn curl(url: &str, headers: &[(String, String)], file: &str) -> String {
    let mut command = format!("curl {}", quoted(url));
    for (name, value) in headers.iter().filter(|(name, _)| !MADE_ANEW.contains(&name.as_str())) {
        let value = if value.contains(REDACTED) { "PUT-THE-SENDERS-OWN-HERE" } else { value.as_str() };
        let _ = write!(command, " \\\n  --header {}", quoted(&format!("{name}: {value}")));
    }
    let _ = write!(command, " \\\n  --data-binary {}", quoted(&format!("@{file}")));
    command
}

/// A word of a shell's command that means exactly this text.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
    format!("'{}'", plain.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_shows_places_digits_and_letters() {
        let shown = hex(b"{\"a\":\"\xc3\xbc\"}\n0123456789");
        assert_eq!(
            shown,
            "00000000  7b 22 61 22 3a 22 c3 bc 22 7d 0a 30 31 32 33 34  {\"a\":\"..\"}.01234\n\
             00000010  35 36 37 38 39                                   56789\n"
        );
        assert!(hex(&[0; 5_000]).ends_with("... 904 bytes more\n"));
    }

    #[test]
    fn a_command_is_quoted_and_holds_no_credential() {
        let kept = r#"[["x-github-event","it's $(x) `y`"],["x-hub-signature-256","[redacted]"],["host","h"]]"#;
        let command = curl("http://g/api/webhooks/incoming/github/a", &headers(kept), "rcp_1.bin");
        assert_eq!(
            command,
            "curl 'http://g/api/webhooks/incoming/github/a' \\\n  \
             --header 'x-github-event: it'\\''s $(x) `y`' \\\n  \
             --header 'x-hub-signature-256: PUT-THE-SENDERS-OWN-HERE' \\\n  --data-binary '@rcp_1.bin'"
        );
        assert!(headers("not json").is_empty() && !quoted("a\n'b").contains('\n'));
    }
}
