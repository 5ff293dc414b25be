//! Sessions, connected or not, and their subscriptions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mqttlab_core::broker::{SessionView, SubscriptionView};
use mqttlab_core::packet::RetainHandling;
use mqttlab_core::time::Instant;
use mqttlab_core::topic;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parameters::{Path, Query};
use super::{LOOK_AT_MAX, Page, Paging, Problem, ask_all, ask_owner, seconds_until};
use crate::broker::admin::Admin;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    client_id: String,
    /// The User Name that it belongs to.
    user_name: Option<String>,
    connected: bool,
    /// How long it outlives its connection; null for without end.
    expiry_s: Option<u32>,
    /// When it ends; null while it is connected, and where it has no end.
    ends_in_s: Option<u64>,
    subscriptions: usize,
    /// Messages of QoS 1 and 2 on their way to the client.
    in_flight: usize,
    /// Messages that wait for it, and their bytes.
    queued: usize,
    queued_bytes: u64,
    /// QoS 2 messages from the client that wait for PUBREL.
    incoming: usize,
    will: Option<Will>,
}

/// The will of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Will {
    topic: String,
    bytes: usize,
    qos: u8,
    retain: bool,
    delay_s: u32,
    /// When it is published; null while the client is connected.
    due_in_s: Option<u64>,
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Subscription {
    client_id: String,
    /// With `$share/…` where it is shared.
    filter: String,
    /// The QoS that was granted.
    qos: u8,
    no_local: bool,
    retain_as_published: bool,
    /// 0: retained messages at every SUBSCRIBE; 1: only at a new one; 2: never.
    retain_handling: u8,
    identifier: Option<u32>,
}

/// Which subscriptions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those that a message to this topic would reach.
    topic: Option<String>,
}

fn session(view: &SessionView<'_>, now: Instant) -> Session {
    Session {
        client_id: view.client_id().into(),
        user_name: view.user_name().map(Into::into),
        connected: view.conn().is_some(),
        expiry_s: Some(view.expiry_s()).filter(|&seconds| seconds != u32::MAX),
        ends_in_s: seconds_until(now, view.ends_at()),
        subscriptions: view.subscriptions().count(),
        in_flight: view.in_flight().count(),
        queued: view.queue_len(),
        queued_bytes: view.queue_bytes(),
        incoming: view.incoming().count(),
        will: view.will().map(|will| Will {
            topic: will.topic.into(),
            bytes: will.payload.len(),
            qos: will.qos.number(),
            retain: will.retain,
            delay_s: will.delay_s,
            due_in_s: seconds_until(now, will.due_at),
        }),
    }
}

fn subscription(session: &SessionView<'_>, view: &SubscriptionView<'_>) -> Subscription {
    Subscription {
        client_id: session.client_id().into(),
        filter: view.filter.into(),
        qos: view.options.qos.number(),
        no_local: view.options.no_local,
        retain_as_published: view.options.retain_as_published,
        retain_handling: match view.options.retain_handling {
            RetainHandling::Send => 0,
            RetainHandling::SendIfNew => 1,
            RetainHandling::DoNotSend => 2,
        },
        identifier: view.identifier,
    }
}

/// All sessions, by Client Identifier
#[utoipa::path(get, path = "/api/v1/sessions", params(Paging), tag = "sessions",
    responses((status = 200, body = Page<Session>)))]
pub(super) async fn list(
    state: State<Admin>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Session>>, Problem> {
    let limit = paging.limit();
    let pages = ask_all(state, move |desk| {
        let now = desk.now();
        let take = |view: &SessionView<'_>| Some(session(view, now));
        let name = |view: &SessionView<'_>| view.client_id().to_owned();
        match &paging.after {
            Some(after) => Page::collect(desk.broker().sessions_after(after), limit, take, name),
            None => Page::collect(desk.broker().sessions(), limit, take, name),
        }
    });
    let page = Page::merge(pages.await?, limit, |session: &Session| &session.client_id);
    Ok(Json(page))
}

/// One session
#[utoipa::path(get, path = "/api/v1/sessions/{client_id}", tag = "sessions",
    params(("client_id" = String, Path)),
    responses((status = 200, body = Session), (status = 404, body = Problem)))]
pub(super) async fn show(
    state: State<Admin>,
    Path(client_id): Path,
) -> Result<Json<Session>, Problem> {
    let whose = client_id.clone();
    let found = ask_owner(state, &whose, move |desk| {
        let view = desk.broker().session(&client_id)?;
        Some(session(&view, desk.now()))
    });
    found.await?.map(Json).ok_or_else(no_session)
}

/// End a session
///
/// Its connection is closed, its will is published, and what waits for it is dropped.
#[utoipa::path(delete, path = "/api/v1/sessions/{client_id}", tag = "sessions",
    params(("client_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn end(state: State<Admin>, Path(client_id): Path) -> Result<StatusCode, Problem> {
    let whose = client_id.clone();
    if ask_owner(state, &whose, move |desk| desk.end_session(&client_id)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_session())
    }
}

/// The subscriptions of one session, by Topic Filter
#[utoipa::path(get, path = "/api/v1/sessions/{client_id}/subscriptions", tag = "sessions",
    params(("client_id" = String, Path), Paging),
    responses((status = 200, body = Page<Subscription>), (status = 404, body = Problem)))]
pub(super) async fn subscriptions(
    state: State<Admin>,
    Path(client_id): Path,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Subscription>>, Problem> {
    let whose = client_id.clone();
    let page = ask_owner(state, &whose, move |desk| {
        let session = desk.broker().session(&client_id)?;
        let after = paging.after.as_deref();
        let rest = session
            .subscriptions()
            .filter(|view| after.is_none_or(|after| view.filter > after));
        Some(Page::collect(
            rest,
            paging.limit(),
            |view| Some(subscription(&session, view)),
            |view| view.filter.to_owned(),
        ))
    });
    page.await?.map(Json).ok_or_else(no_session)
}

/// All subscriptions, by Client Identifier
///
/// Those of one session are never split: a page may be longer than its limit by those of one session.
#[utoipa::path(get, path = "/api/v1/subscriptions", tag = "sessions", params(Which, Paging),
    responses((status = 200, body = Page<Subscription>), (status = 400, body = Problem)))]
pub(super) async fn all_subscriptions(
    state: State<Admin>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Subscription>>, Problem> {
    if let Some(name) = &which.topic {
        topic::check_name(name).map_err(|error| Problem::bad(format!("topic: {error}")))?;
    }
    let limit = paging.limit();
    let pages = ask_all(state, move |desk| {
        let after = paging.after.as_deref();
        match after {
            Some(after) => gather(desk.broker().sessions_after(after), &which, limit),
            None => gather(desk.broker().sessions(), &which, limit),
        }
    });
    let page = Page::merge(pages.await?, limit, |it: &Subscription| &it.client_id);
    Ok(Json(page))
}

fn gather<'a>(
    sessions: impl Iterator<Item = SessionView<'a>>,
    which: &Which,
    limit: usize,
) -> Page<Subscription> {
    let mut items = Vec::new();
    let mut looked_at = 0;
    let mut sessions = sessions.peekable();
    while let Some(session) = sessions.next() {
        looked_at += 1;
        for view in session.subscriptions() {
            looked_at += 1;
            if reaches(&which.topic, view.filter) {
                items.push(subscription(&session, &view));
            }
        }
        let enough = items.len() >= limit || looked_at >= LOOK_AT_MAX;
        if enough && sessions.peek().is_some() {
            let next = Some(session.client_id().to_owned());
            return Page { items, next };
        }
    }
    Page { items, next: None }
}

fn reaches(topic: &Option<String>, filter: &str) -> bool {
    let Some(name) = topic else { return true };
    let filter = topic::split_share(filter).map_or(filter, |(_, filter)| filter);
    topic::matches(filter, name)
}

fn no_session() -> Problem {
    Problem::unknown("there is no session with this Client Identifier")
}
