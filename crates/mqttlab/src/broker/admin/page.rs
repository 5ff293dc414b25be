//! The Lab's page, out of the program itself.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A file of the page.
pub(super) struct File {
    bytes: Cow<'static, [u8]>,
    content_type: String,
    /// Changes with the content; in quotes.
    tag: String,
}

#[cfg(feature = "lab")]
fn find(name: &str) -> Option<File> {
    #[derive(rust_embed::RustEmbed)]
    #[folder = "../../dist"]
    struct Dist;

    let file = Dist::get(name)?;
    let hash = file.metadata.sha256_hash();
    let start = u64::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes"));
    Some(File {
        content_type: with_charset(file.metadata.mimetype()),
        tag: format!("\"{start:016x}\""),
        bytes: file.data,
    })
}

/// Text is UTF-8 here.
#[cfg(feature = "lab")]
fn with_charset(mime: &str) -> String {
    if mime.starts_with("text/") {
        format!("{mime}; charset=utf-8")
    } else {
        mime.into()
    }
}

#[cfg(not(feature = "lab"))]
fn find(name: &str) -> Option<File> {
    (name == "index.html").then(|| File {
        bytes: Cow::Borrowed(WITHOUT_LAB.as_bytes()),
        content_type: "text/html; charset=utf-8".into(),
        tag: concat!("\"without-lab-", env!("CARGO_PKG_VERSION"), "\"").into(),
    })
}

#[cfg(not(feature = "lab"))]
const WITHOUT_LAB: &str = "\
<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>MQTT Lab</title>
<h1>The broker runs</h1>
<p>This program was built without the Lab. To build the page and put it in:</p>
<pre>cargo xtask run</pre>
<p>Health: <a href=\"livez\">livez</a>, <a href=\"readyz\">readyz</a>.
Version: <a href=\"api/v1/version\">api/v1/version</a>.</p>
</html>
";

const NOT_FOUND: &str = "\
<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Not found: MQTT Lab</title>
<h1>There is nothing here</h1>
<p><a href=\"/\">To the Lab</a></p>
</html>
";

/// Answers every request that no other route takes. Files come from a list inside the program, so that no path, however
/// odd, can lead anywhere else.
pub(super) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))],
        )
            .into_response();
    }
    let name = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    match find(name) {
        Some(file) => answer(name, file, &headers),
        None => (
            StatusCode::NOT_FOUND,
            [HTML, NO_SNIFF],
            Body::from(NOT_FOUND),
        )
            .into_response(),
    }
}

fn answer(name: &str, file: File, headers: &HeaderMap) -> Response {
    let caching = if has_hash(name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers.get(header::IF_NONE_MATCH);
    let fresh = known.is_some_and(|known| {
        let known = known.to_str().unwrap_or_default();
        known.split(',').any(|tag| tag.trim() == file.tag)
    });
    let validators = [
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, file.tag),
    ];
    if fresh {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (
        validators,
        [(header::CONTENT_TYPE, file.content_type)],
        [NO_SNIFF],
        Body::from(file.bytes),
    )
        .into_response()
}

/// Whether the name carries a hash of the content, as the page's build gives to scripts, styles and modules.
fn has_hash(name: &str) -> bool {
    let mut parts = name.split(['-', '.', '_', '/']);
    parts.any(|part| part.len() >= 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

const HTML: (HeaderName, HeaderValue) = (
    header::CONTENT_TYPE,
    HeaderValue::from_static("text/html; charset=utf-8"),
);
const NO_SNIFF: (HeaderName, HeaderValue) = (
    header::X_CONTENT_TYPE_OPTIONS,
    HeaderValue::from_static("nosniff"),
);

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

    use super::{has_hash, serve};

    async fn status(method: Method, path: &str) -> StatusCode {
        let uri = path.parse().expect("a path");
        serve(method, uri, HeaderMap::new()).await.status()
    }

    #[tokio::test]
    async fn the_first_page_is_there_and_nothing_outside_it() {
        assert_eq!(status(Method::GET, "/").await, StatusCode::OK);
        assert_eq!(status(Method::HEAD, "/").await, StatusCode::OK);
        for path in [
            "/nothing",
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "//etc/passwd",
        ] {
            assert_eq!(
                status(Method::GET, path).await,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
        let refused = status(Method::POST, "/").await;
        assert_eq!(refused, StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn a_page_that_the_browser_has_is_not_sent_again() {
        let uri: axum::http::Uri = "/".parse().expect("a path");
        let first = serve(Method::GET, uri.clone(), HeaderMap::new()).await;
        let tag: HeaderValue = first.headers()[header::ETAG].clone();
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, tag);
        let second = serve(Method::GET, uri, headers).await;
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        assert!(has_hash("mqttlab-web-0123456789abcdef_bg.wasm"));
        assert!(has_hash("lab-0123456789abcdef.css"));
        assert!(!has_hash("index.html"));
        assert!(!has_hash("manifest.webmanifest"));
    }
}
