//! The HTTP side: the Lab's page, health checks, metrics, the version, and the admin interface.

mod api;
mod door;
mod metrics;
mod page;
mod tokens;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::sync::{mpsc, oneshot};
use tower_http::compression::CompressionLayer;

use super::serve::Renewals;
use super::shard::{Remotes, Report};
use crate::Failure;

pub(crate) use tokens::{Keys, Tokens};

/// How long the event loop may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Somebody who wants the files read again, and hears what came of it.
pub(super) type Reload = oneshot::Sender<Result<(), String>>;

/// What requests are answered from.
#[derive(Clone)]
pub(super) struct Admin {
    pub(super) loops: Remotes,
    /// Who may use the admin interface.
    pub(super) keys: Keys,
    pub(super) reload: mpsc::Sender<Reload>,
    pub(super) renewals: Arc<Renewals>,
}

/// Serves until `stop` is sent or dropped.
pub(super) async fn serve(
    listeners: Vec<TcpListener>,
    admin: Admin,
    stop: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    door::serve(listeners, router(admin), stop).await
}

fn router(admin: Admin) -> Router {
    // The page's module is a third as large packed. What the API says is short, and may be in reply to what others wrote.
    let page = Router::new()
        .fallback(page::serve)
        .layer(CompressionLayer::new());
    Router::new()
        .route("/livez", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(measure))
        .route("/api/v1/version", get(version))
        .route("/api/v1/openapi.json", get(api::document))
        .nest("/api/v1", api::router(&admin))
        .fallback_service(page)
        .with_state(admin)
}

/// The process runs.
async fn alive() -> impl IntoResponse {
    ([NO_STORE], "ok\n")
}

/// The event loop answers, and what it promises it can keep. Its listeners were open before the first request could come.
async fn ready(State(admin): State<Admin>) -> Response {
    match report(&admin.loops).await {
        Some(Report {
            failure: Some(why), ..
        }) => {
            let text = format!("the store has failed, only QoS 0 is served: {why}\n");
            (StatusCode::SERVICE_UNAVAILABLE, [NO_STORE], text).into_response()
        }
        Some(_) => ([NO_STORE], "ok\n").into_response(),
        None => busy(),
    }
}

async fn measure(State(admin): State<Admin>) -> Response {
    match report(&admin.loops).await {
        Some(report) => {
            let content_type = HeaderValue::from_static(metrics::CONTENT_TYPE);
            let headers = [NO_STORE, (header::CONTENT_TYPE, content_type)];
            (headers, metrics::text(&report, &admin.renewals)).into_response()
        }
        None => busy(),
    }
}

/// How the event loop is doing; `None` where it does not answer in time.
async fn report(loops: &Remotes) -> Option<Report> {
    let answer = tokio::time::timeout(ANSWER_WITHIN, loops.report());
    answer.await.ok().flatten()
}

fn busy() -> Response {
    let text = "the event loop does not answer in time\n";
    (StatusCode::SERVICE_UNAVAILABLE, [NO_STORE], text).into_response()
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
