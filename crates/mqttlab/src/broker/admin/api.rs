//! The admin interface: JSON under `/api/v1`, for those who have a token.
#![expect(
    unused_qualifications,
    reason = "written by the macro that describes the operations"
)]

mod bans;
mod clients;
mod gate;
mod limits;
mod parameters;
mod reload;
mod retained;
mod sessions;
mod traces;

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router, middleware};
use gate::Bearer;
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{ANSWER_WITHIN, Admin, NO_STORE};
use crate::broker::shard::Desk;

/// The largest body of a request.
const BODY_MAX: usize = 16 << 10;
/// Entries in one page, unless less is asked for.
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1_000;
/// Entries that are looked at for one page; clients wait meanwhile.
const LOOK_AT_MAX: usize = 10_000;

/// What can be asked for, and how.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "MQTT Lab broker: admin interface",
        description = "Lists are pages: where `next` is not null there is more, to be had with `after` set to it. A page \
            may be short or empty and still have a `next`: only so many entries are looked at for one request."
    ),
    paths(
        clients::list, clients::show, clients::kick,
        sessions::list, sessions::show, sessions::end, sessions::subscriptions, sessions::all_subscriptions,
        retained::list, retained::clear,
        bans::list, bans::add, bans::lift,
        traces::list, traces::show, traces::start, traces::stop,
        limits::show, reload::reload,
    ),
    modifiers(&Bearer),
    security(("token" = [])),
)]
struct Document;

/// All of it, with the gate in front.
pub(super) fn router(admin: &Admin) -> Router<Admin> {
    Router::new()
        .route("/clients", get(clients::list))
        .route(
            "/clients/{client_id}",
            get(clients::show).delete(clients::kick),
        )
        .route("/sessions", get(sessions::list))
        .route(
            "/sessions/{client_id}",
            get(sessions::show).delete(sessions::end),
        )
        .route(
            "/sessions/{client_id}/subscriptions",
            get(sessions::subscriptions),
        )
        .route("/subscriptions", get(sessions::all_subscriptions))
        .route("/retained", get(retained::list).delete(retained::clear))
        .route("/bans", get(bans::list).post(bans::add).delete(bans::lift))
        .route("/traces", get(traces::list))
        .route(
            "/traces/{client_id}",
            get(traces::show)
                .put(traces::start)
                .merge(delete(traces::stop)),
        )
        .route("/limits", get(limits::show))
        .route("/reload", post(reload::reload))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(admin.clone(), gate::guard))
}

/// The document that describes it; no secret, and so open to everybody.
pub(super) async fn document() -> impl IntoResponse {
    ([NO_STORE], Json(Document::openapi()))
}

async fn nothing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing under this path")
}

async fn not_so() -> Problem {
    let code = StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(code, "this path does not take that method")
}

/// Why a request was not fulfilled.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    #[serde(skip)]
    #[schema(ignore)]
    code: StatusCode,
    /// In words.
    error: String,
}

impl Problem {
    pub(super) fn new(code: StatusCode, error: impl Into<String>) -> Self {
        let error = error.into();
        Self { code, error }
    }

    fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    fn unknown(error: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.code, [NO_STORE], Json(self)).into_response()
    }
}

/// Has the event loop answer that owns the session of this client.
async fn ask_owner<A: Send + 'static>(
    State(admin): State<Admin>,
    client_id: &str,
    question: impl FnOnce(&mut Desk<'_>) -> A + Send + 'static,
) -> Result<A, Problem> {
    in_time(admin.loops.ask_owner(client_id, question)).await
}

/// Has one of them answer, about what all of them know.
async fn ask_one<A: Send + 'static>(
    State(admin): State<Admin>,
    question: impl FnOnce(&mut Desk<'_>) -> A + Send + 'static,
) -> Result<A, Problem> {
    in_time(admin.loops.ask_one(question)).await
}

/// Has all of them answer.
async fn ask_all<A: Send + 'static>(
    State(admin): State<Admin>,
    question: impl Fn(&mut Desk<'_>) -> A + Send + Sync + 'static,
) -> Result<Vec<A>, Problem> {
    in_time(admin.loops.ask_all(question)).await
}

async fn in_time<A>(answer: impl Future<Output = Option<A>>) -> Result<A, Problem> {
    let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await;
    answer.ok().flatten().ok_or_else(|| {
        let code = StatusCode::SERVICE_UNAVAILABLE;
        Problem::new(code, "the event loop does not answer in time")
    })
}

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// The `next` of the page before.
    after: Option<String>,
    /// Entries at most; 100 unless said, never more than 1000.
    #[serde(deserialize_with = "parameters::number")]
    limit: Option<usize>,
}

impl Paging {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
struct Page<T> {
    items: Vec<T>,
    /// Where the next page begins; null where this is the last.
    next: Option<String>,
}

impl<T> Page<T> {
    /// Goes through entries in order until the page is full or enough were looked at. `take` says what of an entry goes
    /// on the page, `name` where to go on after it.
    fn collect<E>(
        entries: impl Iterator<Item = E>,
        limit: usize,
        mut take: impl FnMut(&E) -> Option<T>,
        name: impl Fn(&E) -> String,
    ) -> Self {
        let mut items = Vec::new();
        let mut entries = entries.peekable();
        for looked_at in 1.. {
            let Some(entry) = entries.next() else { break };
            items.extend(take(&entry));
            let enough = items.len() >= limit || looked_at >= LOOK_AT_MAX;
            if enough && entries.peek().is_some() {
                let next = Some(name(&entry));
                return Self { items, next };
            }
        }
        Self { items, next: None }
    }

    /// Makes one page of those of several event loops, each in the order of `name`. Entries with the same name stay
    /// together, so that a page may become longer.
    fn merge(pages: Vec<Self>, limit: usize, name: impl Fn(&T) -> &str) -> Self {
        let mut pages = pages.into_iter();
        let Some(mut all) = pages.next() else {
            let (items, next) = (Vec::new(), None);
            return Self { items, next };
        };
        for page in pages {
            all.items.extend(page.items);
            // Nobody knows what comes behind the end of any page.
            all.next = match (all.next, page.next) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        let Self {
            mut items,
            mut next,
        } = all;
        items.sort_by(|one, other| name(one).cmp(name(other)));
        if let Some(end) = &next {
            items.truncate(items.partition_point(|item| name(item) <= end.as_str()));
        }
        if let Some(last) = limit.checked_sub(1).and_then(|at| items.get(at)) {
            let last = name(last).to_owned();
            let length = items.partition_point(|item| name(item) <= last.as_str());
            if length < items.len() {
                items.truncate(length);
                next = Some(last);
            }
        }
        Self { items, next }
    }
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

/// How long it is until then.
fn seconds_until(now: Instant, then: Option<Instant>) -> Option<u64> {
    then.map(|then| seconds(then.since(now)))
}

#[cfg(test)]
mod tests;
