//! TLS around a socket, and the certificates for it.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use x509_parser::time::ASN1Time;

use super::Stream;
use crate::Failure;
use crate::broker::expiry::SOON_S;
use crate::broker::secret::warn_if_open;

/// Bytes that TLS holds until the socket takes them.
const HELD_MAX: usize = 64 << 10;

/// A socket inside TLS.
pub(crate) struct Tls {
    stream: StreamOwned<ServerConnection, Stream>,
}

impl Tls {
    pub(super) fn new(stream: Stream, config: &Arc<ServerConfig>) -> io::Result<Self> {
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        connection.set_buffer_limit(Some(HELD_MAX));
        Ok(Self {
            stream: StreamOwned::new(connection, stream),
        })
    }

    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream.sock
    }

    /// The certificate that the client has shown, in DER.
    pub(super) fn certificate(&self) -> Option<&[u8]> {
        let chain = self.stream.conn.peer_certificates()?;
        chain.first().map(|certificate| &certificate[..])
    }

    pub(super) fn wants_write(&self) -> bool {
        self.stream.conn.wants_write()
    }

    /// Says that nothing more comes, so that the peer need not fear that something was cut off.
    pub(super) fn finish(&mut self) {
        self.stream.conn.send_close_notify();
        // To a peer that takes no more there is no way to say it.
        let _ = self.flush();
    }
}

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            // Many peers close the socket and leave TLS out. MQTT has its own DISCONNECT, so nothing hangs on it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nothing is taken while something from before waits: what counts as written is then as good as written.
        if self.wants_write() {
            self.flush()?;
        }
        if self.stream.conn.is_handshaking() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = self.stream.conn.writer().write(bytes)?;
        match self.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.stream.conn.wants_write() {
            self.stream.conn.write_tls(&mut self.stream.sock)?;
        }
        Ok(())
    }
}

/// The files that a TLS listener needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificates {
    /// PEM: the server's certificate and those that lead from it to a root.
    pub(crate) certificate: PathBuf,
    /// PEM: the private key to it.
    pub(crate) key: PathBuf,
    /// PEM: the roots whose clients are let in. Without it clients need no certificate.
    pub(crate) client_ca: Option<PathBuf>,
    /// PEM: lists of client certificates that were revoked.
    pub(crate) client_crl: Option<PathBuf>,
}

impl Certificates {
    /// Reads the files. Says until when the server's certificate is good, in seconds since 1970.
    ///
    /// # Errors
    /// When one cannot be read or does not fit: which, and why.
    pub(crate) fn load(&self) -> Result<(Arc<ServerConfig>, Option<i64>), Failure> {
        let chain = certificates(&self.certificate)?;
        let expires_s = chain
            .first()
            .and_then(|first| look_at_time(&self.certificate, first));
        warn_if_open(&self.key);
        let key = private_key(&self.key)?;
        let builder = ServerConfig::builder();
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots
                        .add(certificate)
                        .map_err(|error| complain(path, "no root certificate", &error))?;
                }
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                    .with_crls(self.revoked()?)
                    .build()
                    .map_err(|error| complain(path, "no use as roots", &error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let config = builder
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => complain(
                    &self.certificate,
                    "does not fit its key",
                    &self.key.display(),
                ),
                other => complain(&self.certificate, "cannot be used", &other),
            })?;
        Ok((Arc::new(config), expires_s))
    }

    fn revoked(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, Failure> {
        let Some(path) = &self.client_crl else {
            return Ok(Vec::new());
        };
        let lists = CertificateRevocationListDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| complain(path, "no revocation lists", &error))?;
        if lists.is_empty() {
            return Err(complain(path, "no revocation lists", &"the file has none"));
        }
        lists.iter().for_each(|list| warn_of_age(path, list));
        Ok(lists)
    }
}

/// Says where clients that look at the time will not connect, or soon not any more. That is no reason not to start: many
/// devices have no clock. Gives the end, in seconds since 1970.
fn look_at_time(path: &Path, certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let validity = certificate.validity();
    let (path, now) = (path.display(), ASN1Time::now());
    if now > validity.not_after {
        tracing::warn!(certificate = %path, since = %validity.not_after, "the certificate has expired");
    } else if now < validity.not_before {
        tracing::warn!(certificate = %path, before = %validity.not_before, "the certificate is not good yet");
    } else if now.timestamp() + SOON_S > validity.not_after.timestamp() {
        tracing::warn!(certificate = %path, at = %validity.not_after, "the certificate expires soon");
    }
    Some(validity.not_after.timestamp())
}

/// Says where a newer list should be there. What the old one says goes on to hold.
fn warn_of_age(path: &Path, list: &CertificateRevocationListDer<'_>) {
    let Ok((_, list)) = x509_parser::parse_x509_crl(list) else {
        return;
    };
    if let Some(next) = list.next_update().filter(|next| *next < ASN1Time::now()) {
        tracing::warn!(list = %path.display(), since = %next, "a newer list of revoked certificates is due");
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    let read = fs::read(path).map_err(|error| complain(path, "no private key", &error))?;
    // PKCS #8, and the form before it.
    if [&b"ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| read.windows(mark.len()).any(|part| part == *mark))
    {
        let hint = "nobody is there to type its password; write it without one: openssl pkey -in OLD -out NEW";
        return Err(complain(path, "the private key is encrypted", &hint));
    }
    PrivateKeyDer::from_pem_slice(&read).map_err(|error| complain(path, "no private key", &error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let all = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| complain(path, "no certificates", &error))?;
    if all.is_empty() {
        return Err(complain(path, "no certificates", &"the file has none"));
    }
    Ok(all)
}

fn complain(path: &Path, what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {what} ({error})", path.display()))
}
