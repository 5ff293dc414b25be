//! What is decided about a client, and why, while it runs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::Path;
use super::{Page, Problem, ask_all, ask_owner};
use crate::broker::admin::Admin;
use crate::broker::shard::{self, LINES_MAX, TRACES_MAX, TraceError};

/// A client whose decisions are told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Traced {
    client_id: String,
    /// It is in the configuration, and cannot be ended here.
    configured: bool,
    /// Decisions that are kept.
    lines: usize,
}

/// What was decided about a client.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Trace {
    client_id: String,
    /// The last 500 decisions, in their order.
    lines: Vec<Line>,
    /// Older ones that made room.
    dropped: u64,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Line {
    /// Milliseconds since 1970.
    at_ms: u64,
    /// The number of the connection, as in the log.
    conn: u64,
    /// In one sentence, with the statement of the standard behind it in brackets.
    text: String,
}

/// All clients whose decisions are told
#[utoipa::path(get, path = "/api/v1/traces", tag = "traces",
    responses((status = 200, body = Page<Traced>)))]
pub(super) async fn list(state: State<Admin>) -> Result<Json<Page<Traced>>, Problem> {
    let items = ask_all(state, |desk| {
        let traces = desk.traces().map(|trace| Traced {
            client_id: trace.client_id.to_string(),
            configured: trace.configured,
            lines: trace.lines.len(),
        });
        traces.collect::<Vec<_>>()
    });
    let items = items.await?.into_iter().flatten().collect();
    Ok(Json(Page { items, next: None }))
}

/// What was decided about a client
#[utoipa::path(get, path = "/api/v1/traces/{client_id}", tag = "traces",
    params(("client_id" = String, Path)),
    responses((status = 200, body = Trace), (status = 404, body = Problem)))]
pub(super) async fn show(
    state: State<Admin>,
    Path(client_id): Path,
) -> Result<Json<Trace>, Problem> {
    let whose = client_id.clone();
    let found = ask_owner(state, &whose, move |desk| desk.trace(&client_id).cloned()).await?;
    let trace = found.ok_or_else(|| unmade(TraceError::Unknown))?;
    Ok(Json(told(trace)))
}

/// Tell the decisions about a client
///
/// In the log and here. The client need not be connected.
#[utoipa::path(put, path = "/api/v1/traces/{client_id}", tag = "traces",
    params(("client_id" = String, Path)),
    responses((status = 204), (status = 409, body = Problem)))]
pub(super) async fn start(
    state: State<Admin>,
    Path(client_id): Path,
) -> Result<StatusCode, Problem> {
    let whose = client_id.clone();
    let others = ask_all(state.clone(), move |desk| {
        let traces = desk.traces().filter(|trace| !trace.configured);
        traces.filter(|trace| *trace.client_id != whose).count()
    });
    if others.await?.iter().sum::<usize>() >= TRACES_MAX {
        return Err(unmade(TraceError::TooMany));
    }
    let whose = client_id.clone();
    let started = ask_owner(state, &whose, move |desk| desk.start_trace(&client_id)).await?;
    started.map(|()| StatusCode::NO_CONTENT).map_err(unmade)
}

/// Tell them no more, and forget them
#[utoipa::path(delete, path = "/api/v1/traces/{client_id}", tag = "traces",
    params(("client_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn stop(
    state: State<Admin>,
    Path(client_id): Path,
) -> Result<StatusCode, Problem> {
    let whose = client_id.clone();
    let stopped = ask_owner(state, &whose, move |desk| desk.stop_trace(&client_id)).await?;
    stopped.map(|()| StatusCode::NO_CONTENT).map_err(unmade)
}

fn told(trace: shard::Trace) -> Trace {
    debug_assert!(trace.lines.len() <= LINES_MAX, "more are not kept");
    Trace {
        client_id: trace.client_id.into(),
        lines: trace
            .lines
            .into_iter()
            .map(|line| Line {
                at_ms: line.at_ms,
                conn: line.conn,
                text: line.text.into(),
            })
            .collect(),
        dropped: trace.dropped,
    }
}

fn unmade(error: TraceError) -> Problem {
    match error {
        TraceError::TooMany => Problem::new(
            StatusCode::CONFLICT,
            format!("{TRACES_MAX} clients are traced already; end one"),
        ),
        TraceError::Unknown => Problem::unknown("this client is not traced"),
        TraceError::Configured => Problem::new(
            StatusCode::CONFLICT,
            "the configuration says that it is traced: log.trace-client",
        ),
    }
}
