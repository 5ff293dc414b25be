//! The client's end of TLS.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::Failure;

/// Whom to trust, and who the client is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// PEM file with roots, or with the server's own certificate; `None` for those of the public.
    pub(crate) ca: Option<PathBuf>,
    /// PEM files with the client's certificate and the key to it.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// The option that names `ca`.
    pub(crate) option: &'static str,
}

impl Trust {
    pub(super) fn is_empty(&self) -> bool {
        self.ca.is_none() && self.identity.is_none()
    }
}

/// How to begin, and what the server is called.
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// # Errors
    /// When a file has not what it should have, or `host` is no name.
    pub(super) fn new(host: &str, trust: &Trust) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        match &trust.ca {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                for certificate in certificates(file, trust.option)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| complain(trust.option, file, &error))?;
                }
            }
        }
        let config = ClientConfig::builder().with_root_certificates(roots);
        let config = match &trust.identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate, "--cert")?;
                let key_file = PrivateKeyDer::from_pem_file(key);
                let secret = key_file.map_err(|error| complain("--key", key, &error))?;
                config
                    .with_client_auth_cert(chain, secret)
                    .map_err(|error| complain("--cert", certificate, &error))?
            }
        };
        let name = ServerName::try_from(host.to_owned());
        Ok(Self {
            config: Arc::new(config),
            name: name.map_err(|error| Failure::usage(format!("{host}: {error}")))?,
        })
    }

    pub(super) fn connection(&self) -> io::Result<ClientConnection> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(io::Error::other)
    }
}

fn certificates(file: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| complain(option, file, &error))?;
    if certificates.is_empty() {
        return Err(complain(option, file, &"there is no certificate in it"));
    }
    Ok(certificates)
}

fn complain(option: &str, file: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{option} {}: {why}", file.display()))
}
