//! What a service's URL may look like.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;

use crate::refused::Refused;

/// A URL that may be called: http or https, no user information, a host in its plain spelling.
///
/// Odd spellings of an address (`2130706433`, `0x7f.1`, `127.1`) are refused rather than understood: which machine
/// they mean differs from one program to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    uri: Uri,
    host: Host,
    port: u16,
}

/// A host as written in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Literal(IpAddr),
    Name,
}

impl Target {
    /// Reads `url`; addresses are not judged here but by a [`Policy`](crate::Policy).
    pub(crate) fn parse(url: &str) -> Result<Self, Refused> {
        let uri: Uri = url.parse().map_err(|_| Refused::NotAUrl)?;
        Self::from_uri(uri)
    }

    /// The same for a URL that is already taken apart.
    pub(crate) fn from_uri(uri: Uri) -> Result<Self, Refused> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(Refused::NotAUrl);
        };
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => {
                return Err(Refused::Scheme { found: scheme.to_owned() });
            }
        };
        if authority.as_str().contains('@') {
            return Err(Refused::UserInfo);
        }
        let host = parse_host(authority.host())?;
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None => default_port,
            Some(digits) => digits.parse().ok().filter(|port| *port > 0).ok_or(Refused::Port)?,
        };
        Ok(Self { uri, host, port })
    }

    /// The host as the URL spells it, brackets of IPv6 included.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// The port, the scheme's own if the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address to dial if the host is one.
    pub fn literal_address(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Literal(ip) => Some(SocketAddr::new(ip, self.port)),
            Host::Name => None,
        }
    }

    /// The URL.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn into_uri(self) -> Uri {
        self.uri
    }
}

fn parse_host(host: &str) -> Result<Host, Refused> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.parse::<Ipv6Addr>() {
            Ok(ip) => Ok(Host::Literal(IpAddr::V6(ip))),
            Err(_) => Err(Refused::Host { found: host.to_owned() }),
        };
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if ends_in_a_number(name) {
        return match host.parse::<Ipv4Addr>() {
            Ok(ip) => Ok(Host::Literal(IpAddr::V4(ip))),
            Err(_) => Err(Refused::OddAddress { found: host.to_owned() }),
        };
    }
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(Refused::Host { found: host.to_owned() });
    }
    Ok(Host::Name)
}

/// Whether some program would take the name for an IPv4 address (WHATWG URL, "ends in a number").
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_hex = last
        .strip_prefix("0x")
        .or_else(|| last.strip_prefix("0X"))
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hex || !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters, digits, hyphens and underscores; other scripts are written in their `xn--` form.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_urls_are_read() {
        let named = Target::parse("https://Scanner.example:8443/a?b=c").expect("a target");
        let v4 = Target::parse("http://127.0.0.1/").expect("a target");
        let v6 = Target::parse("https://[::1]/").expect("a target");

        assert_eq!((named.host(), named.port(), named.literal_address()), ("Scanner.example", 8443, None));
        assert_eq!(v4.literal_address(), Some("127.0.0.1:80".parse().expect("an address")));
        assert_eq!(v6.literal_address(), Some("[::1]:443".parse().expect("an address")));
        assert!(Target::parse("http://xn--bcher-kva.example./x").is_ok());
        assert!(Target::parse("http://my_scanner:20000").is_ok());
    }

    #[test]
    fn odd_spellings_of_an_address_are_refused() {
        for host in [
            "2130706433",
            "0x7f.1",
            "127.1",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "1.2.3.4.5",
            "0X7F.0.0.0x1",
            "a.0x",
            "256.0.0.1",
        ] {
            assert_eq!(Target::parse(&format!("http://{host}/")), Err(Refused::OddAddress { found: host.to_owned() }),);
        }
    }

    #[test]
    fn what_is_not_a_plain_http_url_is_refused() {
        assert_eq!(Target::parse("ftp://host/"), Err(Refused::Scheme { found: "ftp".to_owned() }));
        assert_eq!(Target::parse("http://user:word@host/"), Err(Refused::UserInfo));
        assert_eq!(Target::parse("http://host:0/"), Err(Refused::Port));
        assert_eq!(Target::parse("http://host:99999/"), Err(Refused::Port));
        assert_eq!(Target::parse("http://a..b/"), Err(Refused::Host { found: "a..b".to_owned() }));
        for url in [
            "",
            "/path",
            "host",
            "host:80",
            "http://",
            "http:///path",
            "http://bücher.example/",
            "http://a b/",
            "http://a\\@b/",
            "http://[::1%25eth0]/",
            "http://%31.example/",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
