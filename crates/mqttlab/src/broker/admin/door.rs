//! Who comes in over HTTP: so many at once, who say in time what they want, and stay so long.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::Failure;

/// Connections at once. Whoever comes then waits, so that file descriptors are left for clients of the broker.
const CONNECTIONS_MAX: usize = 256;
/// How long it may take until a request is said, also on a connection that had one before.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection lasts at most, for one that takes its time over a body or an answer.
const CONNECTION_LASTS: Duration = Duration::from_secs(300);
/// How long to wait when a connection cannot be taken in: mostly there are no file descriptors.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker(pub(super) SocketAddr);

/// Serves until `stop` is sent or dropped, and then until all who were asking have their answers.
pub(super) async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    mut stop: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    let listeners = listeners.into_iter();
    let listeners = listeners.map(tokio::net::TcpListener::from_std);
    let listeners: Vec<_> = listeners
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::running(format!("HTTP failed: {error}")))?;
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let leaving = GracefulShutdown::new();
    loop {
        tokio::select! {
            (stream, peer, place) = next(&listeners, &places) => {
                let router = router.clone().layer(Extension(Asker(peer)));
                tokio::spawn(attend(stream, place, router, &leaving));
            }
            // Sent or dropped mean the same.
            _ = &mut stop => break,
        }
    }
    leaving.shutdown().await;
    Ok(())
}

/// The next connection for which there is a place.
async fn next(
    listeners: &[tokio::net::TcpListener],
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.expect("nobody closes the semaphore");
    loop {
        match poll_fn(|context| accept(listeners, context)).await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                tracing::warn!(%error, "HTTP cannot take in a connection");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

/// A connection at one of them.
fn accept(
    listeners: &[tokio::net::TcpListener],
    context: &mut Context<'_>,
) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
    let mut accepted = listeners.iter().map(|it| it.poll_accept(context));
    accepted.find(Poll::is_ready).unwrap_or(Poll::Pending)
}

/// Answers on one connection.
fn attend(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    router: Router,
    leaving: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let connection = leaving.watch(connection);
    async move {
        // Who hangs up, says nonsense or takes too long costs nobody else anything.
        let _ = tokio::time::timeout(CONNECTION_LASTS, connection).await;
        drop(place);
    }
}
