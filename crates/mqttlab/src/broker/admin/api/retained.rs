//! Retained messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mqttlab_core::broker::MessageView;
use mqttlab_core::time::Instant;
use mqttlab_core::topic;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parameters::Query;
use super::{Page, Paging, Problem, ask_all, ask_one, seconds_until};
use crate::broker::admin::Admin;
use crate::broker::shard::Desk;

/// Characters of a payload that are shown.
const PREVIEW_MAX: usize = 200;
/// Bytes of one that is no text.
const BYTES_SHOWN_MAX: usize = 150;
/// Messages that are cleared before clients have their turn again.
const CLEAR_AT_ONCE: usize = 100;

/// A retained message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Retained {
    topic: String,
    qos: u8,
    /// Bytes of its payload.
    bytes: usize,
    /// The beginning of its payload, 200 characters at most; null where it is not UTF-8.
    text: Option<String>,
    /// Where it is not: the beginning of its payload in base64, of 150 bytes at most.
    base64: Option<String>,
    /// Client Identifier of the publisher; empty for the broker itself.
    publisher: String,
    /// Its User Name; null where it had none, or where that is not known.
    user_name: Option<String>,
    expires_in_s: Option<u64>,
}

/// What was cleared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cleared {
    /// Messages.
    cleared: usize,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Topic Filter.
    filter: Option<String>,
}

impl Which {
    fn check(&self) -> Result<(), Problem> {
        let Some(filter) = &self.filter else {
            return Ok(());
        };
        let well_formed = topic::check_filter(filter);
        well_formed.map_err(|error| Problem::bad(format!("filter: {error}")))
    }

    fn matches(&self, view: &MessageView<'_>) -> bool {
        let filter = self.filter.as_ref();
        filter.is_none_or(|filter| topic::matches(filter, view.topic))
    }
}

fn retained(view: &MessageView<'_>, now: Instant) -> Retained {
    let text = str::from_utf8(view.payload).ok();
    Retained {
        topic: view.topic.into(),
        qos: view.qos.number(),
        bytes: view.payload.len(),
        base64: text.is_none().then(|| {
            let length = view.payload.len().min(BYTES_SHOWN_MAX);
            STANDARD.encode(&view.payload[..length])
        }),
        text: text.map(|text| text.chars().take(PREVIEW_MAX).collect()),
        publisher: view.publisher.into(),
        user_name: view.user_name.map(Into::into),
        expires_in_s: seconds_until(now, view.expires_at),
    }
}

fn collect<T>(
    desk: &Desk<'_>,
    paging: &Paging,
    take: impl FnMut(&MessageView<'_>) -> Option<T>,
) -> Page<T> {
    let (broker, limit) = (desk.broker(), paging.limit());
    let name = |view: &MessageView<'_>| view.topic.to_owned();
    match &paging.after {
        Some(after) => Page::collect(broker.retained_after(after), limit, take, name),
        None => Page::collect(broker.retained(), limit, take, name),
    }
}

/// Retained messages, by topic
#[utoipa::path(get, path = "/api/v1/retained", params(Which, Paging), tag = "retained",
    responses((status = 200, body = Page<Retained>), (status = 400, body = Problem)))]
pub(super) async fn list(
    state: State<Admin>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Retained>>, Problem> {
    which.check()?;
    let page = ask_one(state, move |desk| {
        let now = desk.now();
        collect(desk, &paging, |view| {
            which.matches(view).then(|| retained(view, now))
        })
    });
    Ok(Json(page.await?))
}

/// Clear retained messages
///
/// All that the filter matches. It is as if an empty retained message came for each of them: whoever subscribes hears it.
/// Clients go on meanwhile. Where it fails on the way, those before are cleared.
#[utoipa::path(delete, path = "/api/v1/retained", params(Which), tag = "retained",
    responses((status = 200, body = Cleared), (status = 400, body = Problem)))]
pub(super) async fn clear(
    state: State<Admin>,
    Query(which): Query<Which>,
) -> Result<Json<Cleared>, Problem> {
    if which.filter.is_none() {
        return Err(Problem::bad("filter: say which; # is for all but $SYS"));
    }
    which.check()?;
    let which = Arc::new(which);
    let (mut cleared, mut after) = (0, None);
    loop {
        let (which, begin) = (Arc::clone(&which), after);
        let slice = ask_one(state.clone(), move |desk| clear_some(desk, &which, begin));
        let (count, next) = slice.await?;
        cleared += count;
        after = next;
        if after.is_none() {
            return Ok(Json(Cleared { cleared }));
        }
        // What the first loop tells the others must not pile up before one that is slow.
        ask_all(state.clone(), |_| ()).await?;
    }
}

/// Clears so many that clients hardly wait. Says how many, and where to go on.
fn clear_some(
    desk: &mut Desk<'_>,
    which: &Which,
    after: Option<String>,
) -> (usize, Option<String>) {
    let limit = Some(CLEAR_AT_ONCE);
    let Page { items, next } = collect(desk, &Paging { after, limit }, |view| {
        which.matches(view).then(|| view.topic.to_owned())
    });
    for topic in &items {
        desk.clear_retained(topic);
    }
    (items.len(), next)
}
