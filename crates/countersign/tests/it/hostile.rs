//! Uploads that mean harm, through the signed API on a real port: each is refused or harmless.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use verify::account::{RequestKey, SignedText};

use crate::world::{World, call, read_head};

const BOUNDARY: &str = "a-boundary";
const EVIDENCE: &str = "/api/operations/red/evidence";
const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

/// A server with the operation `red`, and a program that signs what it sends there.
struct Client {
    world: World,
    access_key: String,
    secret: RequestKey,
}

/// An answer whose body may be anything.
struct Answer {
    status: u16,
    headers: std::collections::BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    /// The text of a refusal, which is all that it says.
    #[track_caller]
    fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.headers["content-type"], "application/json");
        let said = self.json();
        let members = said.as_object().expect("an object");
        assert_eq!(members.len(), 1, "{said}");
        members["error"].as_str().expect("a text").to_owned()
    }
}

impl Client {
    fn new() -> Self {
        let world = World::serving("");
        let account = json!({"name": "wide", "role": "service", "all_operations": "write"});
        assert_eq!(world.api("POST", "/api/v1/accounts", Some(&account)).status, 201);
        let key = world.api("POST", "/api/v1/accounts/wide/keys", Some(&json!({}))).json();
        let text = |name: &str| key[name].as_str().expect("a credential").to_owned();
        let secret = RequestKey::read(&text("secret_key")).expect("a secret");
        let client = Self { world, access_key: text("access_key"), secret };
        let operation = json!({"slug": "red", "name": "Red"}).to_string();
        let made = client.send("POST", "/api/operations", "application/json", operation.as_bytes());
        assert_eq!(made.status, 201);
        client
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let to = self.world.listen();
        let date = call(to, "GET", "/livez", &[], b"").expect("an answer").headers["date"].clone();
        let body_digest = &verify::mac::token_digest(body);
        let signed = SignedText { method, target: path, date: &date, body_digest };
        let authorization = signed.authorization(&self.access_key, &self.secret);
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ndate: {date}\r\n\
             authorization: {authorization}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(to).expect("a connection");
        stream.write_all(&[head.as_bytes(), body].concat()).expect("written");
        let mut reader = BufReader::new(stream);
        let (first, headers) = read_head(&mut reader).expect("an answer");
        let mut body = Vec::new();
        reader.read_to_end(&mut body).expect("read");
        Answer { status: first.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status"), headers, body }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", b"")
    }

    /// Sends a form for a new evidence.
    fn form(&self, form: &[u8]) -> Answer {
        self.send("POST", EVIDENCE, &format!("multipart/form-data; boundary={BOUNDARY}"), form)
    }

    /// Sends a file of this type.
    fn file(&self, content_type: &str, name: &[u8], bytes: &[u8]) -> Answer {
        self.form(&file(content_type, name, bytes))
    }

    /// The path of an evidence that was taken.
    #[track_caller]
    fn taken(&self, made: &Answer) -> String {
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        format!("{EVIDENCE}/{}", made.json()["uuid"].as_str().expect("an id"))
    }

    /// The file of an evidence, which no browser shows or runs.
    #[track_caller]
    fn media(&self, evidence: &str) -> Answer {
        let media = self.get(&format!("{evidence}/media"));
        assert_eq!(media.status, 200);
        assert_eq!(media.headers["content-type"], "application/octet-stream");
        assert_eq!(media.headers["x-content-type-options"], "nosniff");
        assert!(media.headers["content-disposition"].starts_with("attachment"), "{:?}", media.headers);
        media
    }
}

fn text(name: &str, text: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

fn file(content_type: &str, name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut form = (text("notes", "") + &text("contentType", content_type)).into_bytes();
    form.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"").bytes());
    form.extend_from_slice(name);
    form.extend_from_slice(b"\"\r\nContent-Type: image/png\r\n\r\n");
    form.extend_from_slice(bytes);
    form.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    form
}

/// A PNG of zeros: many pixels in few bytes.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let zeros = vec![0; width as usize * height as usize];
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&zeros)).expect("a PNG");
    file
}

#[test]
fn an_image_that_would_fill_the_memory_has_no_preview_and_can_still_be_had() {
    let client = Client::new();
    let mut huge = png(1, 1);
    huge[16..24].copy_from_slice(&[50_000_u32.to_be_bytes(), 50_000_u32.to_be_bytes()].concat());
    for (bomb, size) in [(png(10_000, 6_000), "10000 x 6000"), (huge, "50000 x 50000")] {
        let evidence = client.taken(&client.file("image", b"bomb.png", &bomb));

        let why = client.get(&format!("{evidence}/preview")).refused(400);

        assert!(why.contains(&format!("found {size}")), "{why}");
        assert!(client.media(&evidence).body == bomb);
    }
}

#[test]
fn what_is_no_whole_image_is_refused_with_the_reason() {
    let client = Client::new();
    let png = png(30, 30);
    for (bytes, reason) in [
        (&png[..png.len() / 2], "ends early"),
        (b"GIF89a\x01\0\x01\0\0\0\0;", "GIF"),
        (b"%PDF-1.7 not a picture", "image"),
        (b"", "an empty file"),
        (SVG.as_bytes(), "SVG"),
    ] {
        let why = client.file("image", b"a.png", bytes).refused(400);
        assert!(why.starts_with("The file does not fit its type: ") && why.contains(reason), "{why}");
    }
    assert_eq!(client.get(EVIDENCE).json(), json!([]), "nothing was kept");
}

#[test]
fn a_script_is_given_back_as_bytes_to_keep_and_never_as_a_page() {
    let client = Client::new();
    let evidence = client.taken(&client.file("event", b"a.svg", SVG.as_bytes()));

    assert_eq!(client.media(&evidence).body, SVG.as_bytes());
    let preview = client.get(&format!("{evidence}/preview"));
    assert_eq!((preview.status, preview.headers["content-type"].as_str()), (200, "application/octet-stream"));
    assert_eq!(preview.headers["x-content-type-options"], "nosniff");
}

#[test]
fn a_files_name_is_only_a_name() {
    let client = Client::new();
    for (sent, kept) in [
        ("../../etc/passwd", "passwd"),
        (r"..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/cron.d/x", "x"),
        ("..", "file"),
        ("gnp.\u{202e}exe", "gnp.exe"),
        ("\u{2066}a\u{2069}\u{200f}.png", "a.png"),
    ] {
        let evidence = client.taken(&client.file("event", sent.as_bytes(), b"x"));
        let disposition = client.media(&evidence).headers["content-disposition"].clone();
        assert!(disposition.contains(&format!("\"{kept}\"")), "{sent:?}: {disposition}");
    }
    for sent in [&b"a\0b.png"[..], b"a\r\nX-Evil: 1\r\n.png", b"a\nb.png", b"\xff\xfe.png"] {
        let answer = client.file("event", sent, b"x");
        if answer.status == 201 {
            let media = client.media(&client.taken(&answer));
            assert!(!media.headers.contains_key("x-evil"), "{:?}", media.headers);
            assert!(!media.headers["content-disposition"].contains(['\0', '\r', '\n']));
        } else {
            answer.refused(400);
        }
    }
}

#[test]
fn json_that_opens_ten_million_lists_is_refused() {
    let client = Client::new();
    let deep = vec![b'['; 10 * 1024 * 1024];
    for content_type in ["http-request-cycle", "codeblock", "terminal-recording"] {
        let why = client.file(content_type, b"a.har", &deep).refused(400);
        assert!(why.starts_with("The file does not fit its type: "), "{why}");
    }
    assert_eq!(client.world.api("GET", "/api/v1/accounts", None).status, 200, "it serves on");
}

#[test]
fn forms_without_an_end_or_a_measure_are_refused() {
    let client = Client::new();
    let no_end = text("notes", "x");
    let many = text("a", "b").repeat(10_000) + &format!("--{BOUNDARY}--\r\n");
    let long_name = text(&"a".repeat(1024 * 1024), "b") + &format!("--{BOUNDARY}--\r\n");
    let long_head = format!("--{BOUNDARY}\r\nX-Long: {}", "a".repeat(8 * 1024 * 1024));
    let long_text = text("notes", &"a".repeat(2 * 1024 * 1024)) + &format!("--{BOUNDARY}--\r\n");
    let no_part = "a".repeat(8 * 1024 * 1024);
    for (form, reason) in [
        (no_end.as_str(), "The form cannot be read: "),
        (&many, "The form has more than 64 parts"),
        (&long_name, "than 255 characters"),
        (&long_head, "no part begins within 1048576 bytes"),
        (&long_text, "A text of the form has more than 1048576 bytes"),
        (&no_part, "no part begins within 1048576 bytes"),
        ("", "The form cannot be read: "),
    ] {
        let why = client.form(form.as_bytes()).refused(400);
        assert!(why.contains(reason), "{why}");
    }
    let why = client.send("POST", EVIDENCE, "multipart/form-data", text("notes", "").as_bytes()).refused(400);
    assert!(why.contains("boundary"), "{why}");
    assert_eq!(client.get(EVIDENCE).json(), json!([]), "nothing was kept");
}
