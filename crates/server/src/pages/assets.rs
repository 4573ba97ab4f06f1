//! What pages load: the stylesheet, the scripts and the typeface, each under a name made from its content, so that
//! browsers may keep it for ever.

use std::io::Write;
use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::api::Segments;
use crate::problem::Problem;

/// The typeface's name in the stylesheet.
const TYPEFACE: &str = "public-sans.woff2";

/// Something that a page loads.
struct Asset {
    /// What the pages call it.
    name: &'static str,
    /// Where it is served, below `/assets/`.
    address: String,
    kind: &'static str,
    bytes: Vec<u8>,
    /// The same, gzipped, where that is smaller.
    gzipped: Option<Vec<u8>>,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &[u8]) -> Self {
        let digest = verify::hex::encode(&Sha256::digest(bytes)[..8]);
        let (stem, extension) = name.split_once('.').unwrap_or((name, "bin"));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let written = gzip.write_all(bytes).and_then(|()| gzip.finish());
        Self {
            name,
            address: format!("{stem}-{digest}.{extension}"),
            kind,
            bytes: bytes.to_vec(),
            gzipped: written.ok().filter(|gzipped| gzipped.len() < bytes.len() * 9 / 10),
        }
    }
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    let typeface = Asset::new(TYPEFACE, "font/woff2", include_bytes!("../../assets/public-sans.woff2"));
    let css = include_str!("../../assets/app.css").replace(TYPEFACE, &typeface.address);
    vec![
        Asset::new("app.css", "text/css; charset=utf-8", css.as_bytes()),
        Asset::new("app.js", SCRIPT, include_bytes!("../../assets/app.js")),
        Asset::new("htmx.js", SCRIPT, include_bytes!("../../assets/htmx.min.js")),
        Asset::new("player.js", SCRIPT, include_bytes!("../../assets/player.js")),
        Asset::new("terminal.css", "text/css; charset=utf-8", super::terminal::css().as_bytes()),
        Asset::new("sse.js", SCRIPT, include_bytes!("../../assets/hx-sse.min.js")),
        typeface,
    ]
});

/// Where a page finds an asset, by the name that pages call it: `app.css`.
#[must_use]
pub fn path(name: &str) -> String {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    format!("/assets/{}", found.map_or(name, |asset| asset.address.as_str()))
}

pub(crate) async fn show(Segments(address): Segments<String>, asked: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.address == address) else {
        return Problem::no_such("asset", &address).into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::VARY, "accept-encoding"),
    ];
    match asset.gzipped.as_deref().filter(|_| takes_gzip(&asked)) {
        None => (headers, asset.bytes.as_slice()).into_response(),
        Some(gzipped) => {
            let mut response = (headers, gzipped).into_response();
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
    }
}

/// Whether the browser reads gzip; every browser that says anything says it by this word.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(',').filter_map(|each| each.split(';').next()).any(|coding| coding.trim() == "gzip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_content_and_the_stylesheet_names_the_typeface_so() {
        let css = ASSETS.iter().find(|asset| asset.name == "app.css").expect("a stylesheet");
        let text = String::from_utf8_lossy(&css.bytes);
        let typeface = path(TYPEFACE);
        assert!(text.contains(typeface.trim_start_matches("/assets/")) && !text.contains(TYPEFACE), "{typeface}");
        assert!(path("app.css").starts_with("/assets/app-") && path("app.css").ends_with(".css"));
    }

    #[test]
    fn gzip_is_sent_to_whoever_asks_for_it() {
        let asks = |value| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        assert!(takes_gzip(&asks("br, gzip;q=0.8")) && !takes_gzip(&asks("br")) && !takes_gzip(&HeaderMap::new()));
    }
}
