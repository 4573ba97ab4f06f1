//! The URL: `/api/webhooks/incoming/{receiver}/{id}`.

/// The configuration's name of the id that a URL leaves out.
pub(super) const DEFAULT_ID: &str = "default";

const PREFIX: [&str; 3] = ["api", "webhooks", "incoming"];

/// What a URL names, as it is spelled there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The receiver.
    pub receiver: String,
    /// The id; `default` where the URL has none.
    pub id: String,
}

impl Route {
    /// The route of a URL with scheme and host, or of its path; `None` if it is another's. Capitals, escapes and a
    /// slash at the end make no difference.
    #[must_use]
    pub fn of(url: &str) -> Option<Route> {
        let path = url.split(['?', '#']).next()?;
        let path = match path.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => path,
        };
        let path = path.strip_prefix('/')?;
        let segments: Vec<String> =
            path.strip_suffix('/').unwrap_or(path).split('/').map(unescaped).collect::<Option<_>>()?;
        let [first @ .., last] = segments.as_slice() else { return None };
        let (prefix, receiver, id) = match first.len() {
            3 => (first, last, DEFAULT_ID),
            4 => (&first[..3], &first[3], last.as_str()),
            _ => return None,
        };
        let known = prefix.iter().zip(PREFIX).all(|(segment, name)| segment.eq_ignore_ascii_case(name));
        let named = known && !receiver.is_empty() && !id.is_empty();
        named.then(|| Route { receiver: receiver.clone(), id: id.to_owned() })
    }
}

/// A segment with its escapes undone; `None` if that is no text.
fn unescaped(segment: &str) -> Option<String> {
    String::from_utf8(crate::receive::form::unescaped(segment.as_bytes(), b'+').into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::Route;

    fn route(url: &str) -> Option<(String, String)> {
        Route::of(url).map(|Route { receiver, id }| (receiver, id))
    }

    #[test]
    fn receiver_and_id_are_read_as_they_are_spelled() {
        let named = |receiver: &str, id: &str| Some((receiver.to_owned(), id.to_owned()));

        assert_eq!(route("https://h/api/webhooks/incoming/GitHub"), named("GitHub", "default"));
        assert_eq!(route("https://h/API/WebHooks/Incoming/github/One/?a=/b"), named("github", "One"));
        assert_eq!(route("/api/webhooks/incoming/github/a%20+b"), named("github", "a +b"));
    }

    #[test]
    fn other_paths_are_no_route() {
        for url in [
            "https://h",
            "https://h/",
            "https://h/api/webhooks/incoming",
            "https://h/api/webhooks/incoming/",
            "https://h/api/webhooks/incoming//x",
            "https://h/api/webhooks/incoming/github//",
            "https://h/api/webhooks/incoming/github/a/b",
            "https://h/api/webhooks/outgoing/github",
            "https://h/api/webhooks/incoming/%ff",
        ] {
            assert_eq!(route(url), None, "{url}");
        }
    }
}
