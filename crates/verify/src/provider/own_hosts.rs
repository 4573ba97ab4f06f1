//! Which hosts are a sender's own: the only ones that are called because a request says so.

use std::fmt;

/// The hosts of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnHosts {
    /// Every host whose name ends in this, which begins with a full stop.
    Below(&'static str),
    /// The hosts whose name is this, one label for a region, and one of these ends.
    InRegion {
        /// What stands in front of the region, with its full stop.
        before: &'static str,
        /// What stands after it, each with its full stop.
        after: &'static [&'static str],
    },
}

impl OwnHosts {
    /// Whether this is an address on one of them: https, the usual port, nobody's name or password, no odd spelling.
    #[must_use]
    pub fn holds(self, url: &str) -> bool {
        let Some(rest) = url.strip_prefix("https://") else { return false };
        let Some((host, path)) = rest.find('/').map(|at| rest.split_at(at)) else { return false };
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#');
        path.bytes().all(plain) && host.split('.').all(is_label) && self.is_one(host)
    }

    fn is_one(self, host: &str) -> bool {
        match self {
            OwnHosts::Below(end) => host.ends_with(end),
            OwnHosts::InRegion { before, after } => host
                .strip_prefix(before)
                .is_some_and(|rest| after.iter().any(|end| rest.strip_suffix(end).is_some_and(is_label))),
        }
    }
}

impl fmt::Display for OwnHosts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnHosts::Below(end) => write!(out, "a host that ends in {end}"),
            OwnHosts::InRegion { before, after } => {
                let names: Vec<_> = after.iter().map(|end| format!("{before}REGION{end}")).collect();
                write!(out, "a host such as {}", names.join(" or "))
            }
        }
    }
}

/// One part of a host's name, in lower case.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::OwnHosts;

    const BELOW: OwnHosts = OwnHosts::Below(".paypal.com");
    const IN_REGION: OwnHosts = OwnHosts::InRegion { before: "sns.", after: &[".amazonaws.com", ".amazonaws.com.cn"] };

    #[test]
    fn a_sender_s_own_hosts_are_known() {
        for url in ["https://api.paypal.com/v1/certs/1", "https://api.sandbox.paypal.com/"] {
            assert!(BELOW.holds(url), "{url}");
        }
        for url in ["https://sns.eu-west-1.amazonaws.com/x.pem?a=b", "https://sns.cn-north-1.amazonaws.com.cn/x"] {
            assert!(IN_REGION.holds(url), "{url}");
        }
    }

    #[test]
    fn every_other_host_and_spelling_is_not() {
        for url in [
            "http://api.paypal.com/a",
            "HTTPS://api.paypal.com/a",
            "https://paypal.com/a",
            "https://evilpaypal.com/a",
            "https://.paypal.com/a",
            "https://api.paypal.com.evil.test/a",
            "https://api.paypal.com:8443/a",
            "https://api.paypal.com@evil.test/a",
            "https://evil.test\\.paypal.com/a",
            "https://evil.test/.paypal.com/",
            "https://evil.test?.paypal.com/",
            "https://evil.test#.paypal.com/",
            "https://evil.test%2f.paypal.com/",
            "https://api.paypal.com",
            "https://api.paypal.com/a b",
            "https://api.paypal.com/a\r\nhost: x",
            "https://api.paypal.com./a",
            "https://API.paypal.com/a",
            "",
        ] {
            assert!(!BELOW.holds(url), "{url}");
        }
        for url in [
            "https://sns-eu-west-1.s3.amazonaws.com/x.pem",
            "https://sns.amazonaws.com/x.pem",
            "https://sns.a.b.amazonaws.com/x.pem",
            "https://sns.evil.test/.amazonaws.com/x.pem",
            "https://evil.sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.test/x.pem",
        ] {
            assert!(!IN_REGION.holds(url), "{url}");
        }
    }
}
