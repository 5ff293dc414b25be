//! Who is kept out.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parameters::Query;
use super::{PAGE_MAX, Page, Paging, Problem, ask_all, ask_one, seconds_until};
use crate::broker::admin::Admin;
use crate::broker::bans;

/// The longest note.
const NOTE_MAX: usize = 1_000;

/// Whom a ban is about: one of the three.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whom {
    /// An IP address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
}

/// A ban to come.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewBan {
    /// An IP address. Give one of address, client_id and user_name.
    address: Option<String>,
    client_id: Option<String>,
    user_name: Option<String>,
    /// How long; without end unless said. A ban survives a restart of the broker where that has a store.
    for_s: Option<u64>,
    /// What to remember about it.
    note: String,
}

/// A ban.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ban {
    #[serde(flatten)]
    whom: Whom,
    /// Null for without end.
    ends_in_s: Option<u64>,
    /// `operator`, or `flapping` or `failures` where the broker itself keeps somebody out for a time.
    because: &'static str,
    note: String,
}

/// What a new ban did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Banned {
    /// Connections that were closed.
    closed: usize,
    /// Whether the ban goes on after a restart of the broker: that takes a store.
    survives_restart: bool,
}

impl Whom {
    fn parse(self) -> Result<bans::Whom, Problem> {
        match (self.address, self.client_id, self.user_name) {
            (Some(address), None, None) => address
                .parse::<IpAddr>()
                .map(|address| bans::Whom::Address(address.to_canonical()))
                .map_err(|_| Problem::bad("address: give an IP address, without a port")),
            (None, Some(id), None) => Ok(bans::Whom::ClientId(id.into())),
            (None, None, Some(name)) => Ok(bans::Whom::UserName(name.into())),
            (Some(_), _, _) | (_, Some(_), _) | (None, None, _) => {
                Err(Problem::bad("give one of address, client_id and user_name"))
            }
        }
    }
}

impl From<&bans::Whom> for Whom {
    fn from(whom: &bans::Whom) -> Self {
        let (mut address, mut client_id, mut user_name) = (None, None, None);
        match whom {
            bans::Whom::Address(ip) => address = Some(ip.to_string()),
            bans::Whom::ClientId(id) => client_id = Some(id.to_string()),
            bans::Whom::UserName(name) => user_name = Some(name.to_string()),
        }
        Self {
            address,
            client_id,
            user_name,
        }
    }
}

/// All bans
#[utoipa::path(get, path = "/api/v1/bans", params(Paging), tag = "bans",
    responses((status = 200, body = Page<Ban>), (status = 400, body = Problem)))]
pub(super) async fn list(
    state: State<Admin>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Ban>>, Problem> {
    let begin = match paging.after.as_deref().map(str::parse::<usize>) {
        None => 0,
        Some(Ok(begin)) => begin,
        Some(Err(_)) => return Err(Problem::bad("after: give the next of the page before")),
    };
    let page = ask_one(state, move |desk| {
        let now = desk.now();
        desk.bans(|bans| {
            Page::collect(
                bans.enumerate().skip(begin),
                paging.limit().min(PAGE_MAX),
                |(_, (whom, ban))| {
                    Some(Ban {
                        whom: (*whom).into(),
                        ends_in_s: seconds_until(now, ban.until),
                        because: ban.because.name(),
                        note: ban.note.clone(),
                    })
                },
                |(position, _)| (position + 1).to_string(),
            )
        })
    });
    Ok(Json(page.await?))
}

/// Keep somebody out
///
/// Whoever is in is thrown out. An older ban of the same is replaced.
#[utoipa::path(post, path = "/api/v1/bans", request_body = NewBan, tag = "bans",
    responses((status = 201, body = Banned), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn add(
    state: State<Admin>,
    body: Result<Json<NewBan>, JsonRejection>,
) -> Result<(StatusCode, Json<Banned>), Problem> {
    let Json(new) = body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    if new.note.len() > NOTE_MAX {
        return Err(Problem::bad(format!("note: {NOTE_MAX} bytes at most")));
    }
    let whom = Whom {
        address: new.address,
        client_id: new.client_id,
        user_name: new.user_name,
    };
    let whom = whom.parse()?;
    let banned = whom.clone();
    let banned = ask_one(state.clone(), move |desk| {
        let until = new.for_s.map(|s| desk.now() + Duration::from_secs(s));
        let ban = bans::Ban {
            until,
            because: bans::Because::Operator,
            note: new.note,
        };
        let survives_restart = desk.keeps_bans();
        desk.ban(banned, ban)?;
        Ok::<_, bans::TooMany>(survives_restart)
    });
    let Ok(survives_restart) = banned.await? else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            format!("there are {} bans already; lift some", bans::BANS_MAX),
        ));
    };
    let closed = ask_all(state, move |desk| desk.throw_out(&whom)).await?;
    let banned = Banned {
        closed: closed.iter().sum(),
        survives_restart,
    };
    Ok((StatusCode::CREATED, Json(banned)))
}

/// Lift a ban
#[utoipa::path(delete, path = "/api/v1/bans", params(Whom), tag = "bans",
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn lift(
    state: State<Admin>,
    Query(whom): Query<Whom>,
) -> Result<StatusCode, Problem> {
    let whom = whom.parse()?;
    if ask_one(state, move |desk| desk.lift(&whom)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::unknown("there is no such ban"))
    }
}
