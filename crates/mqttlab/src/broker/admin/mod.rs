//! The HTTP side: the Lab's page, health checks and the version.

mod page;

use std::net::TcpListener;

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use tokio::sync::oneshot;

use crate::Failure;

/// Serves until `stop` is sent or dropped.
pub(super) async fn serve(
    listener: TcpListener,
    stop: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    let failure = |error| Failure::running(format!("HTTP failed: {error}"));
    let listener = tokio::net::TcpListener::from_std(listener).map_err(failure)?;
    axum::serve(listener, router())
        .with_graceful_shutdown(async {
            // Sent or dropped mean the same.
            let _ = stop.await;
        })
        .await
        .map_err(failure)
}

fn router() -> Router {
    Router::new()
        .route("/livez", get(alive))
        .route("/readyz", get(alive))
        .route("/api/v1/version", get(version))
        .fallback(page::serve)
}

/// The listeners are open before the first request can come, and close with the last.
async fn alive() -> impl IntoResponse {
    ([NO_STORE], "ok\n")
}

/// What this program is.
#[derive(serde::Serialize)]
struct About {
    name: &'static str,
    version: &'static str,
    /// Versions of MQTT that it speaks.
    mqtt: [&'static str; 3],
    /// Whether the Lab's page is in it.
    lab: bool,
}

async fn version() -> impl IntoResponse {
    let about = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        mqtt: ["3.1", "3.1.1", "5.0"],
        lab: cfg!(feature = "lab"),
    };
    ([NO_STORE], Json(about))
}

const NO_STORE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
