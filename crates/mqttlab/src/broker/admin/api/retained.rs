//! Retained messages.

use axum::Json;
use axum::extract::{Query, State};
use mqttlab_core::broker::MessageView;
use mqttlab_core::time::Instant;
use mqttlab_core::topic;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Page, Paging, Problem, ask_one, seconds_until};
use crate::broker::admin::Admin;
use crate::broker::shard::Desk;

/// Characters of a payload that are shown.
const PREVIEW_MAX: usize = 200;

/// A retained message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Retained {
    topic: String,
    qos: u8,
    /// Bytes of its payload.
    bytes: usize,
    /// The beginning of its payload, 200 characters at most; null where it is not UTF-8.
    text: Option<String>,
    /// Client Identifier of the publisher; empty for the broker itself.
    publisher: String,
    /// Its User Name; null where it had none, or where that is not known.
    user_name: Option<String>,
    expires_in_s: Option<u64>,
}

/// What was cleared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cleared {
    cleared: usize,
    /// Where to go on with the next request; null where all are cleared.
    next: Option<String>,
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
/// It is as if an empty retained message came for each of them: whoever subscribes hears it. One request clears as many
/// as a page has entries; go on with `after` set to `next` until that is null.
#[utoipa::path(delete, path = "/api/v1/retained", params(Which, Paging), tag = "retained",
    responses((status = 200, body = Cleared), (status = 400, body = Problem)))]
pub(super) async fn clear(
    state: State<Admin>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Cleared>, Problem> {
    if which.filter.is_none() {
        return Err(Problem::bad("filter: say which; # is for all but $SYS"));
    }
    which.check()?;
    let cleared = ask_one(state, move |desk| {
        let Page { items, next } = collect(desk, &paging, |view| {
            which.matches(view).then(|| view.topic.to_owned())
        });
        for topic in &items {
            desk.clear_retained(topic);
        }
        let cleared = items.len();
        Cleared { cleared, next }
    });
    Ok(Json(cleared.await?))
}
