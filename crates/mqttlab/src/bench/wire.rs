//! What carries the bytes of a client: a socket, or TLS in it.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Failure;

/// Whom to trust, and what the server is called.
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// The server at `to` shows a certificate that this file vouches for.
    ///
    /// # Errors
    /// When the file has no certificates, or `to` is no name.
    pub(super) fn new(file: &Path, to: &str) -> Result<Self, Failure> {
        let complain = |why: String| Failure::usage(format!("--tls-ca {}: {why}", file.display()));
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| complain(error.to_string()))?;
        for certificate in certificates {
            let added = roots.add(certificate);
            added.map_err(|error| complain(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(complain("there is no certificate in it".into()));
        }
        let host = to.rsplit_once(':').map_or(to, |(host, _)| host);
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            name: name.map_err(|error| complain(error.to_string()))?,
        })
    }
}

/// A stream of bytes.
pub(super) enum Wire<S: Read + Write> {
    Plain(S),
    Tls(Box<StreamOwned<ClientConnection, S>>),
}

impl<S: Read + Write> Wire<S> {
    pub(super) fn new(stream: S, tls: Option<&Tls>) -> io::Result<Self> {
        let Some(Tls { config, name }) = tls else {
            return Ok(Self::Plain(stream));
        };
        let connection = ClientConnection::new(Arc::clone(config), name.clone());
        let connection = connection.map_err(io::Error::other)?;
        let stream = StreamOwned::new(connection, stream);
        Ok(Self::Tls(Box::new(stream)))
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    pub(super) fn socket(&self) -> &S {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    pub(super) fn socket_mut(&mut self) -> &mut S {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    /// The same over another kind of socket.
    pub(super) fn map<T: Read + Write>(self, make: impl FnOnce(S) -> T) -> Wire<T> {
        match self {
            Self::Plain(socket) => Wire::Plain(make(socket)),
            Self::Tls(stream) => {
                let StreamOwned { conn, sock } = *stream;
                Wire::Tls(Box::new(StreamOwned::new(conn, make(sock))))
            }
        }
    }

    /// Whether TLS has something that the socket has not taken.
    pub(super) fn wants_write(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.conn.wants_write(),
        }
    }
}

impl<S: Read + Write> Read for Wire<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl<S: Read + Write> Write for Wire<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
