//! Who calls, as far as can be known: the connection's other end, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::request::Parts;

/// The other end of the connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The address, if it is known.
    pub address: Option<IpAddr>,
    /// Whether the request came over https. The gateway itself speaks plain HTTP, so that a proxy must say so.
    pub is_https: bool,
}

impl Caller {
    /// Who sent this request. Only the word of a proxy that is trusted counts; anybody can write its headers.
    pub fn of(head: &Parts, trusted: &[IpAddr]) -> Self {
        let peer = head.extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let is_trusted = |address: &IpAddr| trusted.iter().any(|proxy| proxy.to_canonical() == *address);
        if !peer.as_ref().is_some_and(is_trusted) {
            return Self { address: peer, is_https: false };
        }
        let schemes: Vec<&str> = listed(&head.headers, "x-forwarded-proto").collect();
        let is_https = !schemes.is_empty() && schemes.iter().all(|scheme| scheme.eq_ignore_ascii_case("https"));
        // Each proxy adds whom it was called by: the last that is no proxy of ours is the caller.
        let told = listed(&head.headers, "x-forwarded-for").map(|text| text.parse::<IpAddr>().ok());
        let told: Vec<_> = told.collect();
        let caller = told.into_iter().rev().map(|address| address.map(|address| address.to_canonical()));
        let caller = caller.take_while(Option::is_some).flatten().find(|address| !is_trusted(address));
        Self { address: caller.or(peer), is_https }
    }
}

/// The values of a list that may go over several headers.
fn listed<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).into_iter();
    values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, headers: &[(&str, &str)]) -> Caller {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut head, ()) = request.body(()).expect("a request").into_parts();
        head.extensions.insert(Peer(SocketAddr::new(peer.parse().expect("an address"), 5000)));
        let trusted = ["10.0.0.1", "10.0.0.2"].map(|proxy| proxy.parse().expect("an address"));
        Caller::of(&head, &trusted)
    }

    fn known(address: &str, is_https: bool) -> Caller {
        Caller { address: address.parse().ok(), is_https }
    }

    #[test]
    fn a_stranger_s_word_about_itself_does_not_count() {
        let headers = [("x-forwarded-proto", "https"), ("x-forwarded-for", "9.9.9.9")];
        assert_eq!(caller("8.8.8.8", &headers), known("8.8.8.8", false));
    }

    #[test]
    fn a_trusted_proxy_says_who_called_it_and_how() {
        let headers = [("x-forwarded-proto", "https"), ("x-forwarded-for", "9.9.9.9")];
        assert_eq!(caller("10.0.0.1", &headers), known("9.9.9.9", true));
        assert_eq!(caller("::ffff:10.0.0.1", &headers), known("9.9.9.9", true));
        assert_eq!(caller("10.0.0.1", &[("x-forwarded-proto", "http")]), known("10.0.0.1", false));
        assert_eq!(caller("10.0.0.1", &[]), known("10.0.0.1", false));
    }

    #[test]
    fn what_the_caller_put_in_front_is_not_believed() {
        let spoofed = [("x-forwarded-for", "1.1.1.1, 9.9.9.9, 10.0.0.2"), ("x-forwarded-proto", "https, http")];
        assert_eq!(caller("10.0.0.1", &spoofed), known("9.9.9.9", false));
        assert_eq!(caller("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, unknown")]), known("10.0.0.1", false));
    }
}
