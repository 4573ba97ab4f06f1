//! What strangers' bytes reach in this crate before anything is proven, as functions of bytes: see [`verify::fuzz`].

use std::net::{Ipv4Addr, SocketAddr};
use std::str;

use domain::link::LinkKey;
use domain::{EventKey, Salt, SubjectKey, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use verify::fuzz::Target;

use crate::api::host;
use crate::pages::chrome;
use crate::people::session;
use crate::read_unverified_certificate;
use crate::receive::{Peer, Sender};

/// Every target.
pub const ALL: &[Target] = &[
    Target {
        name: "head",
        run: head,
        seeds: &[
            b"host: localhost:8641\ncookie: countersign_session=00ff; countersign_notice=a%20b\norigin: http://localhost:8641",
            b"host: [::1]:80\nx-forwarded-for: 10.0.0.1, 2001:db8::1\nx-forwarded-proto: https,https\nsec-fetch-site: none",
            b"cookie: a=b\ncookie: ;;=;countersign_notice=%zz%e2%82",
        ],
    },
    Target {
        name: "token",
        run: token,
        seeds: &[
            b"evt_01m8frq5eme00ae3f76e41ckc6",
            b"019a8f88b5d4700052371b3a704133e6",
            b"0100000000000000010000000000000001000000000000000100000000000000ff00112233445566778899aabbccddeeff",
            b"1d2h3m4s5ms",
        ],
    },
    Target {
        name: "certificate",
        run: certificate,
        seeds: &[
            b"-----BEGIN CERTIFICATE-----\nMIIBATCBqKADAgECAgEBMAoGCCqGSM49BAMCMAAwHhcNMjYwMTAxMDAwMDAwWhcN\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN X-----",
        ],
    },
];

/// A head's lines: who calls and by which name, which session and which notice a browser brings, and from which site.
pub fn head(bytes: &[u8]) {
    const PROXY: Ipv4Addr = Ipv4Addr::LOCALHOST;
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii())) else { continue };
        headers.append(name, value);
    }
    let (mut head, ()) = Request::new(()).into_parts();
    head.headers = headers.clone();
    assert!(!Sender::of(&head, &[PROXY.into()]).is_https, "who calls is not known");
    head.extensions.insert(Peer(SocketAddr::from((PROXY, 1))));
    assert!(Sender::of(&head, &[PROXY.into()]).address.is_some(), "the proxy itself is always known");

    let _ = (session::token(&headers), chrome::notice(&headers), session::check_origin(&headers));
    if let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) {
        let is_own = ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| host.to_ascii_lowercase().starts_with(own));
        assert!(is_own || !host::is_allowed(host, &[]), "another name is not served: {host}");
    }
}

/// A link's token, or an id in a path.
pub fn token(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    assert!(LinkKey::new(&[7; 32]).read(text, Timestamp(0)).is_none(), "nothing here knows the key");
    let salt = Salt(7);
    if let Ok(key) = salt.parse::<EventKey>(text) {
        assert_eq!(salt.parse(&salt.show(key)), Ok(key), "an id is shown as it is read");
    }
    let _ = (salt.parse_uuid::<SubjectKey>(text), salt.parse_expectation(text), domain::time::parse_span(text));
}

/// What a sender's host answers with: a certificate, before anybody vouches for it.
pub fn certificate(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = read_unverified_certificate(text);
}
