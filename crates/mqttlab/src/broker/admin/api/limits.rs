//! How much there may be of everything, and how much there is.

use axum::Json;
use axum::extract::State;
use mqttlab_core::broker::{Config, Usage};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ask_one, in_time};
use crate::broker::admin::Admin;

/// All limits, under the names that they have in the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Limits {
    /// Those that hold for the whole broker, with what is used of them.
    global: Vec<Limit>,
    /// Those that hold for each client or session.
    each: Vec<Each>,
}

/// A limit for the whole broker.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Limit {
    name: &'static str,
    limit: u64,
    used: u64,
}

/// A limit for each client or session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Each {
    name: &'static str,
    limit: u64,
}

/// Limits, and what is used of them
#[utoipa::path(get, path = "/api/v1/limits", tag = "limits",
    responses((status = 200, body = Limits)))]
pub(super) async fn show(state: State<Admin>) -> Result<Json<Limits>, Problem> {
    let config = ask_one(state.clone(), |desk| desk.config()).await?;
    let report = in_time(state.loops.report()).await?;
    Ok(Json(limits(&config, &report.usage)))
}

fn limits(config: &Config, usage: &Usage) -> Limits {
    let global = [
        (
            "connections-max",
            config.connections_max.into(),
            usage.connections as u64,
        ),
        (
            "sessions-max",
            config.sessions_max.into(),
            usage.sessions as u64,
        ),
        (
            "session-bytes-max",
            config.session_bytes_max,
            usage.session_bytes + usage.subscription_bytes,
        ),
        (
            "message-bytes-max",
            config.message_bytes_max,
            usage.message_bytes,
        ),
        (
            "retained-messages-max",
            config.retained_messages_max.into(),
            usage.retained as u64,
        ),
        (
            "retained-bytes-max",
            config.retained_bytes_max,
            usage.retained_bytes,
        ),
    ];
    let each = [
        ("packet-size-max", config.packet_size_max.into()),
        ("client-id-length-max", config.client_id_length_max.into()),
        ("subscriptions-max", config.subscriptions_max.into()),
        ("topic-length-max", config.topic_length_max.into()),
        ("topic-levels-max", config.topic_levels_max.into()),
        ("user-properties-max", config.user_properties_max.into()),
        ("in-flight-max", config.in_flight_max.into()),
        ("receive-maximum", config.receive_maximum.into()),
        ("queue-messages-max", config.queue_messages_max.into()),
        ("queue-bytes-max", config.queue_bytes_max),
        ("out-bytes-max", config.out_bytes_max),
        ("session-expiry-max-s", config.session_expiry_max_s.into()),
        ("connect-timeout-ms", config.connect_timeout_ms.into()),
    ];
    Limits {
        global: global
            .into_iter()
            .map(|(name, limit, used)| Limit { name, limit, used })
            .collect(),
        each: each
            .into_iter()
            .map(|(name, limit)| Each { name, limit })
            .collect(),
    }
}
