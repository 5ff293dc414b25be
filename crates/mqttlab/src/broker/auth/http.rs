//! Asking other servers over HTTP, with a limit on everything: time, size, redirects.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::Failure;

/// A server to ask.
pub(super) struct Server {
    agent: Agent,
    url: String,
    /// What shows it who asks.
    token: Option<String>,
    /// The largest answer, in bytes.
    answer_max: u64,
}

/// Where a server is and how to ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) url: &'a str,
    /// PEM: the roots that it is known by, in place of those of the public.
    pub(super) ca: Option<&'a PathBuf>,
    /// The file with the token that shows it who asks.
    pub(super) token_file: Option<&'a PathBuf>,
    /// For the whole of a request with its answer.
    pub(super) timeout: Duration,
    pub(super) answer_max: u64,
}

impl Server {
    /// # Errors
    /// When the address is none, or a file cannot be read or makes no sense.
    pub(super) fn new(place: &Place<'_>) -> Result<Self, Failure> {
        let url = place.url;
        let parsed: Option<Uri> = url.parse().ok();
        let is_http = parsed.is_some_and(|uri| {
            uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        if !is_http {
            return Err(Failure::usage(format!(
                "{url}: give a whole address, such as https://auth.example.org/mqtt"
            )));
        }
        let roots = match place.ca {
            Some(path) => roots(path)?,
            None => RootCerts::WebPki,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(place.timeout))
            .http_status_as_error(false)
            // Whoever sends us elsewhere is not whom we meant to ask.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("mqttlab/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            url: url.to_owned(),
            token: place.token_file.map(|path| token(path)).transpose()?,
            answer_max: place.answer_max,
        })
    }

    /// The status and the body of the answer.
    ///
    /// # Errors
    /// In words: no connection, no answer in time, one that is too large.
    pub(super) fn get(&self) -> Result<(u16, Vec<u8>), String> {
        let request = self
            .agent
            .get(&self.url)
            .header("Accept", "application/json");
        let answer = match &self.token {
            Some(token) => request.header("Authorization", token).call(),
            None => request.call(),
        };
        self.read(answer)
    }

    /// The same, with JSON to look at.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub(super) fn post(&self, json: &[u8]) -> Result<(u16, Vec<u8>), String> {
        let request = self.agent.post(&self.url);
        let request = request.header("Content-Type", "application/json");
        let answer = match &self.token {
            Some(token) => request.header("Authorization", token).send(json),
            None => request.send(json),
        };
        self.read(answer)
    }

    fn read(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(u16, Vec<u8>), String> {
        let mut answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(self.answer_max);
        let bytes = body.read_to_vec().map_err(|error| error.to_string())?;
        Ok((status, bytes))
    }
}

fn roots(path: &Path) -> Result<RootCerts, Failure> {
    let complain = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let pem = fs::read(path).map_err(|error| complain(error.to_string()))?;
    let mut roots = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(root) = item.map_err(|error| complain(error.to_string()))? {
            roots.push(root);
        }
    }
    if roots.is_empty() {
        return Err(complain("there is no certificate in it".into()));
    }
    Ok(roots.into())
}

/// The first line of the file, as it goes into a header.
fn token(path: &Path) -> Result<String, Failure> {
    let complain = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| complain(error.to_string()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain {
        return Err(complain("its first line is no token".into()));
    }
    Ok(format!("Bearer {token}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Place, Server};

    #[test]
    fn only_whole_addresses_are_taken() {
        let server = |url| {
            let place = Place {
                url,
                ca: None,
                token_file: None,
                timeout: Duration::from_secs(1),
                answer_max: 1,
            };
            Server::new(&place).is_ok()
        };
        assert!(server("http://127.0.0.1:1/x") && server("https://localhost"));
        for wrong in ["", "localhost", "/path", "ftp://localhost", "http://"] {
            assert!(!server(wrong), "{wrong}");
        }
    }
}
