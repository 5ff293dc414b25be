//! What would go over the network for everybody to read.

use std::net::IpAddr;

use axum::http::Uri;

use super::{Config, HttpAddress};

impl Config {
    /// Says where tokens or passwords would. That is no reason not to start: what is between may be a network of one's own.
    pub(super) fn warn_of_clear(&self) {
        if let HttpAddress::At(address) = &self.http.address
            && !address.is_loopback()
        {
            tracing::warn!(
                %address,
                "HTTP is in clear, with metrics and tokens of operators, and other machines can reach it; put it behind \
                 something with TLS, or on 127.0.0.1"
            );
        }
        if let Some(url) = self.hook.url.as_deref().filter(|url| is_clear(url)) {
            tracing::warn!(
                url,
                "hook.url is in clear: passwords go to another machine for everybody between to read; begin it with https://"
            );
        }
    }
}

/// Whether what is sent there can be read on the way.
fn is_clear(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else {
        return false;
    };
    let host = url.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = bare == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    url.scheme_str() == Some("http") && !is_here
}

#[cfg(test)]
mod tests {
    use super::is_clear;

    #[test]
    fn only_what_leaves_the_machine_without_tls_is_in_clear() {
        for (url, expected) in [
            ("http://auth.example.org/mqtt", true),
            ("http://10.0.0.1:8080/", true),
            ("http://localhost.example.org/", true),
            ("https://auth.example.org/mqtt", false),
            ("http://localhost:8080/", false),
            ("http://127.0.0.1/", false),
            ("http://[::1]:80/", false),
        ] {
            assert_eq!(is_clear(url), expected, "{url}");
        }
    }
}
