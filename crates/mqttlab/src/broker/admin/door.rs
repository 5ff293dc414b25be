//! Who comes in over HTTP: so many at once, who say in time what they want, and stay so long.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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

/// Serves until `stop` is sent or dropped, and then until all who were asking have their answers.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    mut stop: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|error| Failure::running(format!("HTTP failed: {error}")))?;
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let leaving = GracefulShutdown::new();
    loop {
        tokio::select! {
            (stream, place) = next(&listener, &places) => {
                tokio::spawn(attend(stream, place, router.clone(), &leaving));
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
    listener: &tokio::net::TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "HTTP cannot take in a connection");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
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
