//! Clients that are connected.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mqttlab_core::broker::SessionView;
use mqttlab_core::reason::ReasonCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{Path, Query};
use super::{Page, Paging, Problem, ask_all, ask_owner, seconds};
use crate::broker::admin::Admin;
use crate::broker::shard::Desk;

/// A client that is connected.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Client {
    client_id: String,
    /// The User Name that it has proven.
    user_name: Option<String>,
    /// Version of MQTT.
    version: String,
    /// Its address and port.
    address: String,
    /// The listener that it came to, counted from 0 in the order of the configuration.
    listener: u16,
    /// The number of the connection, as in the log.
    conn: u64,
    /// How long the connection has been open.
    connected_s: u64,
    /// How long nothing has come from it.
    silent_s: u64,
    /// 0 for off.
    keep_alive_s: u16,
    /// Messages of QoS 1 and 2 on their way to it, and how many may be.
    in_flight: usize,
    in_flight_max: u16,
    /// Messages that wait for it, and their bytes.
    queued: usize,
    queued_bytes: u64,
    /// Bytes that were sent to it and that it has not taken yet.
    unwritten_bytes: u64,
    subscriptions: usize,
    /// Whether decisions about it are told.
    traced: bool,
}

/// A session that has a connection, with it.
fn client(desk: &mut Desk<'_>, client_id: &str) -> Option<Client> {
    let session = desk.broker().session(client_id)?;
    let conn = session.conn()?;
    let view = desk.broker().connection(conn)?;
    let mut client = Client {
        client_id: client_id.into(),
        user_name: session.user_name().map(Into::into),
        version: view.version.map_or_else(String::new, |v| v.to_string()),
        address: String::new(),
        listener: 0,
        conn: 0,
        connected_s: 0,
        silent_s: seconds(desk.now().since(view.last_packet_at)),
        keep_alive_s: view.keep_alive,
        in_flight: session.in_flight().count(),
        in_flight_max: view.window,
        queued: session.queue_len(),
        queued_bytes: session.queue_bytes(),
        unwritten_bytes: view.unflushed,
        subscriptions: session.subscriptions().count(),
        traced: desk.trace(client_id).is_some(),
    };
    let line = desk.line(conn)?;
    client.address = line.peer.to_string();
    client.listener = line.listener;
    client.conn = line.number;
    client.connected_s = seconds(desk.now().since(line.since));
    Some(client)
}

/// Clients that are connected, by Client Identifier
#[utoipa::path(get, path = "/api/v1/clients", params(Paging), tag = "clients",
    responses((status = 200, body = Page<Client>)))]
pub(super) async fn list(
    state: State<Admin>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Client>>, Problem> {
    let limit = paging.limit();
    let pages = ask_all(state, move |desk| {
        let is_connected = |session: &SessionView<'_>| {
            let id = session.client_id();
            session.conn().map(|_| id.to_owned())
        };
        let name = |session: &SessionView<'_>| session.client_id().to_owned();
        let broker = desk.broker();
        let names = match &paging.after {
            Some(after) => Page::collect(broker.sessions_after(after), limit, is_connected, name),
            None => Page::collect(broker.sessions(), limit, is_connected, name),
        };
        let Page { items, next } = names;
        let items = items.iter().filter_map(|id| client(desk, id)).collect();
        Page { items, next }
    });
    let page = Page::merge(pages.await?, limit, |client: &Client| &client.client_id);
    Ok(Json(page))
}

/// One client that is connected
#[utoipa::path(get, path = "/api/v1/clients/{client_id}", tag = "clients",
    params(("client_id" = String, Path)),
    responses((status = 200, body = Client), (status = 404, body = Problem)))]
pub(super) async fn show(
    state: State<Admin>,
    Path(client_id): Path,
) -> Result<Json<Client>, Problem> {
    let whose = client_id.clone();
    let found = ask_owner(state, &whose, move |desk| client(desk, &client_id)).await?;
    found.map(Json).ok_or_else(not_connected)
}

/// Close the connection of a client
///
/// Its session stays, its will is published, and it may come again: to keep it out, ban it.
#[utoipa::path(delete, path = "/api/v1/clients/{client_id}", tag = "clients",
    params(("client_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn kick(
    state: State<Admin>,
    Path(client_id): Path,
) -> Result<StatusCode, Problem> {
    let whose = client_id.clone();
    let kicked = ask_owner(state, &whose, move |desk| {
        desk.kick(&client_id, ReasonCode::AdministrativeAction)
    });
    if kicked.await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_connected())
    }
}

fn not_connected() -> Problem {
    Problem::unknown("no client with this Client Identifier is connected")
}
